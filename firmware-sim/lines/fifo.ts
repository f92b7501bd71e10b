import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdirSync, openSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import type { Line } from "./line.ts";
import { refuseForeign } from "./foreign.ts";

/** A FIFO in the place of a `/dev/hidrawN`: what the device writes is there to be read, and nobody can write to the device. */
export function openFifo(path: string): Line {
  refuseForeign(path, (found) => found.isFIFO());
  let file: number | null = plugged(path);
  const unplug = (): void => {
    if (file === null) return;
    closeSync(file);
    file = null;
    removed(path);
  };
  return {
    write: (bytes) => {
      if (file === null) return false;
      try {
        return writeSync(file, bytes) === bytes.length;
      } catch (error) {
        // Nobody reads: it is full, as the kernel's queue of a HID device would be.
        if ((error as NodeJS.ErrnoException).code === "EAGAIN") return false;
        throw error;
      }
    },
    linked: () => file !== null,
    unplug,
    plug: async () => {
      file ??= plugged(path);
    },
    close: async () => unplug(),
  };
}

/** Open for both directions, so that neither end waits for the other. */
function plugged(path: string): number {
  mkdirSync(dirname(path), { recursive: true });
  removed(path);
  execFileSync("mkfifo", [path]);
  return openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
}

function removed(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
