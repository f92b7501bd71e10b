import { DATA_BITS } from "../line/index.ts";
import type { Taken } from "../protocol.ts";

const LF = 0x0a;
const CR = 0x0d;
const BLANK = 0x20;
/** SM2: a field name of three characters, a colon and at most 25 of text are the longest reply. */
const LONGEST_LINE = 32;

export const LONGEST_FRAME_BYTES = LONGEST_LINE + 2;

/** Takes one reply off the front of `bytes` (SM2): LF, printable characters, CR. Never throws. */
export function takeFrame(bytes: Uint8Array): Taken {
  if (bytes.length === 0) return { kind: "incomplete" };
  if (masked(bytes, 0) !== LF) return { kind: "noise", size: noiseBefore(bytes) };
  for (let at = 1; at < LONGEST_FRAME_BYTES; at++) {
    if (at >= bytes.length) return { kind: "incomplete" };
    if (masked(bytes, at) === CR) return { kind: "frame", frame: bytes.subarray(0, at + 1), size: at + 1 };
    if (masked(bytes, at) < BLANK) return NOISE_BYTE;
  }
  return NOISE_BYTE;
}

const NOISE_BYTE: Taken = { kind: "noise", size: 1 };
const masked = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) & DATA_BITS;

function noiseBefore(bytes: Uint8Array): number {
  const start = bytes.findIndex((byte) => (byte & DATA_BITS) === LF);
  return start === -1 ? bytes.length : start;
}

/** What stands between LF and CR of one complete frame, without parity bits; null when it is not one frame. */
export function lineOf(frame: Uint8Array): string | null {
  const taken = takeFrame(frame);
  if (taken.kind !== "frame" || taken.size !== frame.length) return null;
  return String.fromCharCode(...frame.subarray(1, -1).map((byte) => byte & DATA_BITS));
}
