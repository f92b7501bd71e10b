import { DATA_BITS } from "../line/index.ts";
import { INCOMPLETE, NOISE_BYTE, noiseUntil, type Taken } from "../protocol.ts";

const LF = 0x0a;
const CR = 0x0d;
const ETX = 0x03;
const BLANK = 0x20;
/** NC2: weight line and status line, or status line alone. */
const MOST_LINES = 2;
/** NC2: the longest reply is far below: LF, 16 of pounds and ounces, CR, LF, `S`, 4 status bytes, CR, ETX. */
export const LONGEST_FRAME_BYTES = 40;

/** Takes one reply off `bytes` from `from` on (NC2): one or two times LF, printable characters, CR; then ETX. Never throws. */
export function takeFrame(bytes: Uint8Array, from = 0): Taken {
  if (bytes.length === from) return INCOMPLETE;
  if (masked(bytes, from) !== LF) return noiseUntil(bytes, from, LF);
  const limit = from + LONGEST_FRAME_BYTES;
  let lines = 0;
  let at = from;
  while (lines < MOST_LINES) {
    const end = endOfLine(bytes, at, limit);
    if (end === WAITS) return INCOMPLETE;
    if (end === BROKEN) return NOISE_BYTE;
    lines += 1;
    at = end + 1;
    if (at === bytes.length) return at < limit ? INCOMPLETE : NOISE_BYTE;
    if (masked(bytes, at) === ETX) return { kind: "frame", size: at + 1 - from };
  }
  return NOISE_BYTE;
}

const WAITS = -1;
const BROKEN = -2;

/** Index of the CR that ends the line whose LF stands at `start`, in a frame that ends before `limit`. */
function endOfLine(bytes: Uint8Array, start: number, limit: number): number {
  if (masked(bytes, start) !== LF) return BROKEN;
  for (let at = start + 1; at < limit - 1; at++) {
    if (at >= bytes.length) return WAITS;
    const byte = masked(bytes, at);
    if (byte === CR) return at;
    if (byte < BLANK) return BROKEN;
  }
  return BROKEN;
}

const masked = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) & DATA_BITS;

/** The one or two lines of one complete frame, without parity bits; null when it is not one frame. */
export function linesOf(frame: Uint8Array): readonly string[] | null {
  const taken = takeFrame(frame);
  if (taken.kind !== "frame" || taken.size !== frame.length) return null;
  const text = String.fromCharCode(...frame.map((byte) => byte & DATA_BITS));
  return text.slice(1, -2).split("\r\n");
}
