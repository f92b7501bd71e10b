import { DATA_BITS } from "../line/index.ts";
import { INCOMPLETE, NOISE_BYTE, noiseUntil, type Taken } from "../protocol.ts";

const STX = 0x02;
const CR = 0x0d;
const BLANK = 0x20;
const QUESTION_MARK = 0x3f;
/** TE2: STX, question mark, status byte, CR. */
const STATUS_BYTES = 4;
/** TE2: STX, up to seven characters of weight, `N`, CR. */
export const LONGEST_FRAME_BYTES = 10;

/** Takes one reply off `bytes` from `from` on (TE2). Never throws. */
export function takeFrame(bytes: Uint8Array, from = 0): Taken {
  if (bytes.length === from) return INCOMPLETE;
  if (masked(bytes, from) !== STX) return noiseUntil(bytes, from, STX);
  // A status byte may be any byte, NUL too, so only its place tells where it ends.
  if (masked(bytes, from + 1) === QUESTION_MARK) return takeStatus(bytes, from);
  const limit = from + LONGEST_FRAME_BYTES;
  for (let at = from + 1; at < limit; at++) {
    if (at >= bytes.length) return INCOMPLETE;
    const byte = masked(bytes, at);
    if (byte === CR) return { kind: "frame", size: at + 1 - from };
    if (byte < BLANK) return NOISE_BYTE;
  }
  return NOISE_BYTE;
}

function takeStatus(bytes: Uint8Array, from: number): Taken {
  if (bytes.length < from + STATUS_BYTES) return INCOMPLETE;
  return masked(bytes, from + STATUS_BYTES - 1) === CR ? { kind: "frame", size: STATUS_BYTES } : NOISE_BYTE;
}

const masked = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) & DATA_BITS;

/** What stands between STX and CR of one complete frame, without parity bits; null when it is not one frame. */
export function bodyOf(frame: Uint8Array): string | null {
  const taken = takeFrame(frame);
  if (taken.kind !== "frame" || taken.size !== frame.length) return null;
  return String.fromCharCode(...frame.subarray(1, -1).map((byte) => byte & DATA_BITS));
}
