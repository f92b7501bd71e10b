import { DATA_BITS } from "../line/index.ts";
import { INCOMPLETE, NOISE_BYTE, noiseUntil, type Taken } from "../protocol.ts";

const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
/** SM2: a field name of three characters, a colon and at most 25 of text are the longest reply. */
const LONGEST_LINE = 32;

export const LONGEST_FRAME_BYTES = LONGEST_LINE + 2;

/** Takes one reply off `bytes` from `from` on (SM2): LF, printable characters, CR. Never throws. */
export function takeFrame(bytes: Uint8Array, from = 0): Taken {
  if (bytes.length === from) return INCOMPLETE;
  if (masked(bytes, from) !== LF) return noiseUntil(bytes, from, LF);
  const limit = from + LONGEST_FRAME_BYTES;
  for (let at = from + 1; at < limit; at++) {
    if (at >= bytes.length) return INCOMPLETE;
    const byte = masked(bytes, at);
    if (byte === CR) return { kind: "frame", size: at + 1 - from };
    if (byte < BLANK) return NOISE_BYTE;
  }
  return NOISE_BYTE;
}

const masked = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) & DATA_BITS;

/** What stands between LF and CR of one complete frame, without parity bits; null when it is not one frame. */
export function lineOf(frame: Uint8Array): string | null {
  const taken = takeFrame(frame);
  if (taken.kind !== "frame" || taken.size !== frame.length) return null;
  return String.fromCharCode(...frame.subarray(1, -1).map((byte) => byte & DATA_BITS));
}
