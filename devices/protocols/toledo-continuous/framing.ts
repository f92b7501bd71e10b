import { DATA_BITS } from "../line/index.ts";
import type { Taken } from "../protocol.ts";

const STX = 0x02;
const CR = 0x0d;
const BLANK = 0x20;
/** TC1: STX, three status words, six digits of weight, six of tare, CR. */
export const PLAIN_BYTES = 17;
/** TC2: and the checksum. */
export const CHECKED_BYTES = 18;

/** Takes one frame without a checksum off the front of `bytes` (TC1). Never throws. */
export const takePlain = (bytes: Uint8Array): Taken => take(bytes, PLAIN_BYTES);

/**
 * Takes one frame with a checksum off the front of `bytes` (TC2). Never throws. A frame whose checksum is wrong is still a
 * frame, so that it is counted as refused with its bytes; but not when its last byte may be the start of the next one.
 */
export function takeChecked(bytes: Uint8Array): Taken {
  const taken = take(bytes, CHECKED_BYTES);
  if (taken.kind !== "frame" || checksumHolds(taken.frame)) return taken;
  return masked(bytes, CHECKED_BYTES - 1) === STX ? NOISE_BYTE : taken;
}

/** TC3. */
function take(bytes: Uint8Array, size: number): Taken {
  if (bytes.length === 0) return { kind: "incomplete" };
  if (masked(bytes, 0) !== STX) return { kind: "noise", size: noiseBefore(bytes) };
  const seen = Math.min(bytes.length, PLAIN_BYTES - 1);
  for (let at = 1; at < seen; at++) {
    // Not the whole frame: a start inside noise must not swallow the real frame behind it.
    if (masked(bytes, at) < BLANK) return NOISE_BYTE;
  }
  if (bytes.length >= PLAIN_BYTES && masked(bytes, PLAIN_BYTES - 1) !== CR) return NOISE_BYTE;
  if (bytes.length < size) return { kind: "incomplete" };
  return { kind: "frame", frame: bytes.subarray(0, size), size };
}

const NOISE_BYTE: Taken = { kind: "noise", size: 1 };
const masked = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) & DATA_BITS;

function noiseBefore(bytes: Uint8Array): number {
  const start = bytes.findIndex((byte) => (byte & DATA_BITS) === STX);
  return start === -1 ? bytes.length : start;
}

/** TC2: the seven low bits of all bytes, the checksum among them, add up to nothing. */
export function checksumHolds(frame: Uint8Array): boolean {
  let sum = 0;
  for (const byte of frame) sum += byte;
  // Bit 7 of a byte adds nothing to the seven low bits of the sum.
  return (sum & DATA_BITS) === 0;
}
