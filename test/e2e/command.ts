import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../../gateway/cli/tallystick.ts", import.meta.url));

const SAID_MS = 30_000;

export type Outcome = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Runs `tallystick ARGUMENTS` to its end. */
export async function tallystick(args: readonly string[], cwd?: string): Promise<Outcome> {
  const child = spawn(process.execPath, [COMMAND, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    ...(cwd === undefined ? {} : { cwd }),
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

export type Started = {
  readonly child: ChildProcess;
  readonly lines: readonly string[];
  /** Resolves with the first line, past or future, that holds `text`; rejects when none comes in 30 s or the process ends. */
  readonly said: (text: string) => Promise<string>;
  readonly signal: (signal: NodeJS.Signals) => Promise<number | null>;
};

/** Starts `tallystick ARGUMENTS` and listens to it. */
export function startTallystick(args: readonly string[]): Started {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const lines: string[] = [];
  const waiting = new Set<(late?: boolean) => void>();
  const reader = createInterface({ input: child.stdout });
  const wake = (): void => {
    for (const look of waiting) look();
  };
  let ended = false;
  reader.on("line", (line) => {
    lines.push(line);
    wake();
  });
  child.once("close", () => {
    ended = true;
    wake();
  });
  return {
    child,
    lines,
    said: (text) =>
      new Promise((resolve, reject) => {
        const look = (late = false): void => {
          const line = lines.find((candidate) => candidate.includes(text));
          if (line === undefined && !ended && !late) return;
          waiting.delete(look);
          clearTimeout(impatience);
          if (line === undefined) reject(new Error(`it did not say "${text}", but: ${lines.join(" | ")}`));
          else resolve(line);
        };
        const impatience = setTimeout(look, SAID_MS, true);
        waiting.add(look);
        look();
      }),
    signal: async (signal) => {
      const exit = once(child, "exit") as Promise<[number | null]>;
      child.kill(signal);
      const [code] = await exit;
      return code;
    },
  };
}
