import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { freeBasePort } from "../gateway/site/index.ts";
import { metricsOf } from "./metrics-of.ts";

const COMMAND = fileURLToPath(new URL("../gateway/cli/tallystick.ts", import.meta.url));
const GATEWAYS = 4;

/**
 * `npm run bench -- startup`: `firstAnchoredMs` from the command `tallystick demo` in an empty directory to the line that tells of the first
 * anchored measurement; `gatewayReadyMs` from `tallystick run` on an existing directory to ready; `rssMb` of each gateway.
 */
export async function run(_args: readonly string[]): Promise<Record<string, unknown>> {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-"));
  try {
    const basePort = await freeBasePort(GATEWAYS, "simulated");
    const demo = await demoFigures(join(dir, "site"), basePort);
    return { ...demo, gatewayReadyMs: await gatewayReadyMs(join(dir, "alone"), basePort) };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function demoFigures(
  dir: string,
  basePort: number,
): Promise<{ firstAnchoredMs: number; rssMb: readonly number[] }> {
  const startedAt = performance.now();
  const demo = spawn(process.execPath, [COMMAND, "demo", "--dir", dir, "--port", String(basePort)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    await lineWith(demo, "first anchored measurement");
    const firstAnchoredMs = Math.round(performance.now() - startedAt);
    const apis = Array.from({ length: GATEWAYS }, (_, index) => `http://127.0.0.1:${basePort + index + 1}`);
    const metrics = await Promise.all(apis.map(metricsOf));
    return { firstAnchoredMs, rssMb: metrics.map(({ rssBytes }) => Math.round(rssBytes / 1e6)) };
  } finally {
    await stopped(demo);
  }
}

async function gatewayReadyMs(dir: string, port: number): Promise<number> {
  const init = spawn(process.execPath, [COMMAND, "init", "--dir", dir, "--gateway", "gw-1", "--port", String(port)], {
    stdio: "ignore",
  });
  await once(init, "exit");
  const startedAt = performance.now();
  const gateway = spawn(process.execPath, [COMMAND, "run", "--dir", dir], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    await lineWith(gateway, "is ready");
    return Math.round(performance.now() - startedAt);
  } finally {
    await stopped(gateway);
  }
}

/** Rejects when the process ends without having said it. */
async function lineWith(child: ChildProcess, text: string): Promise<void> {
  if (child.stdout === null) throw new Error("the process has no output to read");
  for await (const line of createInterface({ input: child.stdout })) {
    if (!line.includes(text)) continue;
    child.stdout.resume();
    return;
  }
  throw new Error(`the process ended without saying "${text}"`);
}

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  await exit;
}
