import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CODE_CACHE, GATEWAY_ENVIRONMENT, GATEWAY_FLAGS } from "./process.ts";

const PACKAGE = fileURLToPath(new URL("../../", import.meta.url));
/** Where a gateway's own code is. */
const FOLDERS = ["gateway", "ledger", "devices"];
const NOTE = join(CODE_CACHE, "warm");
/** Tells a process to fill the cache and end. */
const WARM_UP = "TALLYSTICK_WARM_UP";
const PATIENCE_MS = 60_000;

/** In the process that `warmUp` starts. */
export const isWarmingUp = (): boolean => process.env[WARM_UP] !== undefined;

/** U3: fills the compile cache in a process of its own, unless it is full. Never rejects: without it only memory is lost. */
export async function warmUp(script: string): Promise<void> {
  if (!writable() || noted() === codeState()) return;
  const child = spawn(process.execPath, [...GATEWAY_FLAGS, script, "run"], {
    env: { ...process.env, ...GATEWAY_ENVIRONMENT, [WARM_UP]: "1" },
    stdio: "ignore",
    timeout: PATIENCE_MS,
  });
  await once(child, "exit").catch(() => undefined);
}

/** In the warming process, after everything was loaded. */
export function noteWarm(): void {
  writeFileSync(NOTE, codeState());
}

/** Changes when a file of a gateway's code, Node or the flags change. */
export function codeState(): string {
  const hash = createHash("sha256").update([process.version, process.arch, ...GATEWAY_FLAGS].join(" "));
  for (const folder of FOLDERS) {
    for (const file of readdirSync(join(PACKAGE, folder), { recursive: true, encoding: "utf8" }).toSorted()) {
      if (!file.endsWith(".ts")) continue;
      const { size, mtimeMs } = statSync(join(PACKAGE, folder, file));
      hash.update(`${folder}/${file} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest("hex");
}

function noted(): string | null {
  try {
    return readFileSync(NOTE, "utf8");
  } catch {
    return null;
  }
}

function writable(): boolean {
  try {
    mkdirSync(CODE_CACHE, { recursive: true });
    accessSync(CODE_CACHE, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
