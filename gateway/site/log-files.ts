import { copyFileSync, readFileSync, statSync, truncateSync } from "node:fs";

/** M9: what a process says in weeks must not fill the disk. With the older part a log has at most about twice this. */
const LOG_BYTES = 10e6;

/**
 * M9: when the log at `path` has more than `limitBytes`, what it holds becomes `path`.1 and it begins anew. Its writer goes on
 * undisturbed because it appends; a line written in the very moment between copy and cut is lost.
 */
export function capLog(path: string, limitBytes = LOG_BYTES): void {
  if (sizeOf(path) <= limitBytes) return;
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
}

export function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** With which sentence a process ended that began to write at `from`: the command's own last words (L2), else its last line. */
export function lastWords(path: string, from: number): string {
  const bytes = readFileSync(path);
  // The log may have been cut since.
  const text = bytes
    .subarray(from <= bytes.length ? from : 0)
    .toString()
    .trimEnd();
  const lines = text.slice(-64_000).split("\n");
  return (lines.findLast((line) => line.startsWith(WORDS)) ?? lines.at(-1) ?? "").replace(WORDS, "");
}

const WORDS = "tallystick: ";
