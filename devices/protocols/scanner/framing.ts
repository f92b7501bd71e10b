import { INCOMPLETE, NOISE_BYTE, type TakeFrame } from "../protocol.ts";

const CR = 0x0d;
const LF = 0x0a;
const GS = 0x1d;
const DEL = 0x7f;

const LONGEST = 256;
/** SC1: an LF in front, the text, the line end. */
export const SCANNER_FRAME_BYTES = LONGEST + 2;

/** SC1: one line. Any split of a stream gives the same. */
export const takeFrame: TakeFrame = (bytes, from = 0) => {
  const start = bytes[from] === LF ? from + 1 : from;
  const end = endOf(bytes, start);
  if (end === -1) return bytes.length > start + LONGEST ? NOISE_BYTE : INCOMPLETE;
  const isLineEnd = bytes[end] === CR || bytes[end] === LF;
  if (!isLineEnd) return { kind: "noise", size: end + 1 - from };
  // An empty line: its end may be the LF in front of the next one.
  if (end === start) return NOISE_BYTE;
  return { kind: "frame", size: end + 1 - from };
};

/** Position of the control byte that ends the text; -1 = not there yet. */
function endOf(bytes: Uint8Array, start: number): number {
  const limit = Math.min(bytes.length, start + LONGEST + 1);
  for (let at = start; at < limit; at++) {
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
