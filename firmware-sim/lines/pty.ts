import { mkdirSync, renameSync, symlinkSync, unlinkSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { ReadStream } from "node:tty";
import { open } from "zigpty";
import type { Line, LineEvents } from "./line.ts";
import { refuseForeign } from "./foreign.ts";

/** A pseudo-terminal: `link` points at the side that a host opens like a serial port (F7). */
export function openPty(link: string, events: LineEvents): Line {
  refuseForeign(link, (found) => found.isSymbolicLink());
  let pair: Pair | null = plugPair(events);
  let lastName = pair.name;
  let taken: Pair | null = null;
  placeLink(link, pair.name);
  const unplug = () => {
    pair?.close();
    if (pair !== null) removeLink(link);
    pair = null;
  };
  return {
    write: (bytes) => pair?.write(bytes) ?? false,
    linked: () => pair !== null,
    unplug,
    plug: async (elsewhere) => {
      if (pair !== null) return;
      pair = plugPair(events);
      const before = taken;
      taken = null;
      if (elsewhere && pair.name === lastName) {
        // F7: somebody else got the old name meanwhile, as ttyUSB0 is taken when the adapter comes back.
        taken = pair;
        pair = plugPair(events);
      }
      before?.close();
      lastName = pair.name;
      placeLink(link, pair.name);
    },
    close: async () => {
      taken?.close();
      unplug();
    },
  };
}

/** `name`: the device file that a host opens. */
type Pair = { readonly name: string; readonly write: (bytes: Uint8Array) => boolean; readonly close: () => void };

function plugPair(events: LineEvents): Pair {
  const { master, slave, pty } = open();
  // The slave stays open here: the pair survives every host that closes it or is killed. Raw, or it would echo to us.
  const keeper = new ReadStream(slave);
  keeper.setRawMode(true);
  const reader = new ReadStream(master);
  reader.on("data", (bytes: Uint8Array) => events.received(bytes));
  // EIO when the pair is closed under a read: the line is gone, which `close` has already said.
  reader.on("error", () => {});
  return {
    name: pty,
    write: (bytes) => writeAll(master, bytes),
    close: () => {
      reader.destroy();
      keeper.destroy();
    },
  };
}

/** A host that does not read fills the line: a real UART would lose the bytes too. */
function writeAll(fd: number, bytes: Uint8Array): boolean {
  try {
    return writeSync(fd, bytes) === bytes.length;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EAGAIN" || code === "EIO") return false;
    throw error;
  }
}

/** Replaced in one step, so that a host never finds half a link. */
function placeLink(link: string, target: string): void {
  mkdirSync(dirname(link), { recursive: true });
  const fresh = `${link}.new`;
  removeLink(fresh);
  symlinkSync(target, fresh);
  renameSync(fresh, link);
}

function removeLink(link: string): void {
  try {
    unlinkSync(link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
