import { DATA_BITS } from "../line/index.ts";
import type { Taken } from "../protocol.ts";

const LF = 0x0a;
const CR = 0x0d;
const ETX = 0x03;
const BLANK = 0x20;
/** NC2: weight line and status line, or status line alone. */
const MOST_LINES = 2;
/** NC2: the longest reply is far below: LF, 16 of pounds and ounces, CR, LF, `S`, 4 status bytes, CR, ETX. */
export const LONGEST_FRAME_BYTES = 40;

/** Takes one reply off the front of `bytes` (NC2): one or two times LF, printable characters, CR; then ETX. Never throws. */
export function takeFrame(bytes: Uint8Array): Taken {
  if (bytes.length === 0) return { kind: "incomplete" };
  if (masked(bytes, 0) !== LF) return { kind: "noise", size: noiseBefore(bytes) };
  let lines = 0;
  let at = 0;
  while (lines < MOST_LINES) {
    const end = endOfLine(bytes, at);
    if (end === "incomplete") return { kind: "incomplete" };
    if (end === "broken") return NOISE_BYTE;
    lines += 1;
    at = end + 1;
    if (at === bytes.length) return at < LONGEST_FRAME_BYTES ? { kind: "incomplete" } : NOISE_BYTE;
    if (masked(bytes, at) === ETX) return { kind: "frame", frame: bytes.subarray(0, at + 1), size: at + 1 };
  }
  return NOISE_BYTE;
}

/** Index of the CR that ends the line whose LF stands at `start`. */
function endOfLine(bytes: Uint8Array, start: number): number | "incomplete" | "broken" {
  if (masked(bytes, start) !== LF) return "broken";
  for (let at = start + 1; at < LONGEST_FRAME_BYTES - 1; at++) {
    if (at >= bytes.length) return "incomplete";
    if (masked(bytes, at) === CR) return at;
    if (masked(bytes, at) < BLANK) return "broken";
  }
  return "broken";
}

const NOISE_BYTE: Taken = { kind: "noise", size: 1 };
const masked = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) & DATA_BITS;

function noiseBefore(bytes: Uint8Array): number {
  const start = bytes.findIndex((byte) => (byte & DATA_BITS) === LF);
  return start === -1 ? bytes.length : start;
}

/** The one or two lines of one complete frame, without parity bits; null when it is not one frame. */
export function linesOf(frame: Uint8Array): readonly string[] | null {
  const taken = takeFrame(frame);
  if (taken.kind !== "frame" || taken.size !== frame.length) return null;
  const text = String.fromCharCode(...frame.map((byte) => byte & DATA_BITS));
  return text.slice(1, -2).split("\r\n");
}
