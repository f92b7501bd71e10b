import { DATA_BITS } from "../line/index.ts";
import type { Taken } from "../protocol.ts";

const STX = 0x02;
const CR = 0x0d;
const BLANK = 0x20;
const QUESTION_MARK = 0x3f;
/** TE2: STX, question mark, status byte, CR. */
const STATUS_BYTES = 4;
/** TE2: STX, up to seven characters of weight, `N`, CR. */
export const LONGEST_FRAME_BYTES = 10;

/** Takes one reply off the front of `bytes` (TE2). Never throws. */
export function takeFrame(bytes: Uint8Array): Taken {
  if (bytes.length === 0) return { kind: "incomplete" };
  if (masked(bytes, 0) !== STX) return { kind: "noise", size: noiseBefore(bytes) };
  // A status byte may be any byte, NUL too, so only its place tells where it ends.
  if (masked(bytes, 1) === QUESTION_MARK) return takeStatus(bytes);
  for (let at = 1; at < LONGEST_FRAME_BYTES; at++) {
    if (at >= bytes.length) return { kind: "incomplete" };
    if (masked(bytes, at) === CR) return { kind: "frame", frame: bytes.subarray(0, at + 1), size: at + 1 };
    if (masked(bytes, at) < BLANK) return NOISE_BYTE;
  }
  return NOISE_BYTE;
}

function takeStatus(bytes: Uint8Array): Taken {
  if (bytes.length < STATUS_BYTES) return { kind: "incomplete" };
  if (masked(bytes, STATUS_BYTES - 1) !== CR) return NOISE_BYTE;
  return { kind: "frame", frame: bytes.subarray(0, STATUS_BYTES), size: STATUS_BYTES };
}

const NOISE_BYTE: Taken = { kind: "noise", size: 1 };
const masked = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) & DATA_BITS;

function noiseBefore(bytes: Uint8Array): number {
  const start = bytes.findIndex((byte) => (byte & DATA_BITS) === STX);
  return start === -1 ? bytes.length : start;
}

/** What stands between STX and CR of one complete frame, without parity bits; null when it is not one frame. */
export function bodyOf(frame: Uint8Array): string | null {
  const taken = takeFrame(frame);
  if (taken.kind !== "frame" || taken.size !== frame.length) return null;
  return String.fromCharCode(...frame.subarray(1, -1).map((byte) => byte & DATA_BITS));
}
