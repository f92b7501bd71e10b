/** Lets the simulator loose on one mutant until a seed notices it. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { MUTANT, type Mutant } from "./mutant.ts";

export type Catch = {
  readonly mutant: Mutant;
  /** How many seeds were needed; null = it survived them all. */
  readonly seeds: number | null;
  /** What was violated, or why nothing could be found out. */
  readonly violation: string;
};

const HOOK = new URL("./hook.ts", import.meta.url).href;
const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));

export async function hunt(mutant: Mutant, mostSeeds: number, timeoutMs: number): Promise<Catch> {
  const args = ["--seeds", `1..${mostSeeds}`, "--until-violation", "--jobs", "1"];
  args.push("--gateways", String(mutant.gateways ?? 4), ...(mutant.attack ? ["--attack", mutant.attack] : []));
  const child = spawn(process.execPath, ["--import", HOOK, MAIN, ...args], {
    env: { ...process.env, [MUTANT]: mutant.name },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const timer = setTimeout(() => child.kill("SIGKILL"), timeoutMs);
  let [out, err] = ["", ""];
  child.stdout.on("data", (data: Buffer) => void (out += data.toString()));
  child.stderr.on("data", (data: Buffer) => void (err += data.toString()));
  await new Promise((resolve) => child.on("close", resolve));
  clearTimeout(timer);
  const last = out.trim().split("\n").at(-1) ?? "";
  if (!last.startsWith("{")) {
    const tail = err.trim().split("\n").slice(-3).join(" ");
    return { mutant, seeds: null, violation: `the simulator did not end: ${tail}` };
  }
  const { failedSeeds, firstViolation } = JSON.parse(last) as { failedSeeds: number[]; firstViolation: string | null };
  const [seed] = failedSeeds;
  const violation = firstViolation?.split("\n")[0] ?? "nothing";
  // A mutant that does not run breaks no rule, and that it was noticed says nothing.
  if (/\b(?:Reference|Syntax)Error\b/.test(violation)) return { mutant, seeds: null, violation };
  return { mutant, seeds: seed ?? null, violation };
}
