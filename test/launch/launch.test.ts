import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test, { type ExecutionContext } from "ava";
import { GATEWAY_ENVIRONMENT, GATEWAY_FLAGS } from "../../gateway/launch/index.ts";
import { freeBasePort } from "../../gateway/site/index.ts";

const COMMAND = fileURLToPath(new URL("../../gateway/cli/tallystick.ts", import.meta.url));

/** Tells at its end with what a process ran and whether Node's compiler of types was loaded in it. */
const PROBE = `
import { writeFileSync } from "node:fs";
process.on("exit", () => writeFileSync(process.env.SEEN, JSON.stringify({
  pid: process.pid,
  flags: process.execArgv,
  environment: process.env,
  compilers: process.moduleLoadList.filter((name) => name.includes("amaro")),
})));
`;

type Seen = {
  readonly pid: number;
  readonly flags: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly compilers: readonly string[];
};

/** Starts one gateway as an operator does, stops it when it is ready, and gives what the probe saw. */
async function operate(t: ExecutionContext): Promise<{ readonly pid: number | undefined; readonly seen: Seen }> {
  const dir = await mkdtemp(join(tmpdir(), "launch-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const [home, probe, seen] = [join(dir, "gw-1"), join(dir, "probe.mjs"), join(dir, "seen.json")];
  await writeFile(probe, PROBE);
  const port = String(await freeBasePort(1, "simulated"));
  const init = spawn(process.execPath, [COMMAND, "init", "--dir", home, "--gateway", "gw-1", "--port", port]);
  await once(init, "exit");
  const gateway = spawn(process.execPath, ["--import", probe, COMMAND, "run", "--dir", home], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, SEEN: seen },
  });
  const exit = once(gateway, "exit");
  for await (const line of createInterface({ input: gateway.stdout })) if (line.includes("is ready")) break;
  gateway.kill("SIGTERM");
  t.deepEqual(await exit, [0, null]);
  return { pid: gateway.pid, seen: JSON.parse(await readFile(seen, "utf8")) as Seen };
}

test("U1, U2, U3: a gateway started by hand has the flags and variables of a gateway, its process id, and no compiler of types", async (t) => {
  const { pid, seen } = await operate(t);
  t.true(seen.pid === pid);
  t.true(GATEWAY_FLAGS.every((flag) => seen.flags.includes(flag)));
  t.like(seen.environment, GATEWAY_ENVIRONMENT);
  t.deepEqual(seen.compilers, []);
});
