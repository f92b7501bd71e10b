/** The Node runtimes on this machine, and what a set of seeds gives under each of them. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

export type Runtime = { readonly path: string; readonly version: string };

/** Whose seeds must give the same. Older ones run no TypeScript. */
export const MAJORS = [22, 24, 26] as const;
const OLDEST_22 = 18;

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const run = promisify(execFile);

/** This one, what PATH has as node, node22, node24 and node26, and what TALLYSTICK_NODES names; one for each major version. */
export async function runtimesHere(extra: readonly string[] = []): Promise<readonly Runtime[]> {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const names = ["node", ...MAJORS.map((major) => `node${major}`)];
  const named = (process.env["TALLYSTICK_NODES"] ?? "").split(delimiter).filter((path) => path !== "");
  const onPath = folders.flatMap((folder) => names.map((name) => join(folder, name))).filter(existsSync);
  const found = new Map<number, Runtime>();
  for (const path of [process.execPath, ...extra, ...named, ...onPath]) {
    const version = await versionOf(path);
    const [major = 0, minor = 0] = (version ?? "").replace("v", "").split(".").map(Number);
    if (version === null || found.has(major) || (major === 22 && minor < OLDEST_22)) continue;
    if (MAJORS.some((one) => one === major)) found.set(major, { path, version });
  }
  return [...found.values()].sort((a, b) => Number.parseInt(a.version.slice(1)) - Number.parseInt(b.version.slice(1)));
}

async function versionOf(path: string): Promise<string | null> {
  try {
    return (await run(path, ["--version"])).stdout.trim();
  } catch {
    return null;
  }
}

/** Major versions that are not among them. */
export function missingFrom(runtimes: readonly Runtime[]): readonly number[] {
  return MAJORS.filter((major) => !runtimes.some(({ version }) => version.startsWith(`v${major}.`)));
}

/** The hash of everything that happened in these runs. */
export async function hashUnder({ path }: Runtime, args: readonly string[]): Promise<string> {
  const { stdout } = await run(path, [MAIN, "--jobs", "1", ...args], {
    env: { ...process.env, NODE_NO_WARNINGS: "1" },
    maxBuffer: 1 << 26,
  });
  const { traceHash } = JSON.parse(stdout.trim().split("\n").at(-1) ?? "{}") as { traceHash: string };
  return traceHash;
}
