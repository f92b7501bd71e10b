import type { Taken } from "../protocol.ts";

const CR = 0x0d;
const LF = 0x0a;
const GS = 0x1d;
const DEL = 0x7f;

const LONGEST = 256;
/** SC1: an LF in front, the text, the line end. */
export const SCANNER_FRAME_BYTES = LONGEST + 2;

/** SC1: takes one line off the front of `bytes`. Never throws, any split gives the same. */
export function takeFrame(bytes: Uint8Array): Taken {
  const lead = bytes[0] === LF ? 1 : 0;
  const end = endOf(bytes, lead);
  if (end === -1) return bytes.length > lead + LONGEST ? { kind: "noise", size: 1 } : { kind: "incomplete" };
  const isLineEnd = bytes[end] === CR || bytes[end] === LF;
  if (!isLineEnd) return { kind: "noise", size: end + 1 };
  // An empty line: its end may be the LF in front of the next one.
  if (end === lead) return { kind: "noise", size: Math.max(1, end) };
  return { kind: "frame", size: end + 1 };
}

/** Position of the control byte that ends the text; -1 = not there yet. */
function endOf(bytes: Uint8Array, lead: number): number {
  const limit = Math.min(bytes.length, lead + LONGEST + 1);
  for (let at = lead; at < limit; at++) {
    const byte = bytes[at] ?? 0;
    if ((byte < 0x20 && byte !== GS) || byte === DEL) return at;
  }
  return -1;
}

/** The text of one whole frame, one character a byte; null when it is not one line. */
export function textOf(frame: Uint8Array): string | null {
  const taken = takeFrame(frame);
  if (taken.kind !== "frame" || taken.size !== frame.length) return null;
  return Buffer.from(frame.subarray(frame[0] === LF ? 1 : 0, -1)).toString("latin1");
}
