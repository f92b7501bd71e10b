import { DATA_BITS } from "../line/index.ts";
import { INCOMPLETE, NOISE_BYTE, noiseUntil, type Taken } from "../protocol.ts";

const STX = 0x02;
const CR = 0x0d;
const BLANK = 0x20;
/** TC1: STX, three status words, six digits of weight, six of tare, CR. */
export const PLAIN_BYTES = 17;
/** TC2: and the checksum. */
export const CHECKED_BYTES = 18;

/** Takes one frame without a checksum off `bytes` from `from` on (TC1). Never throws. */
export const takePlain = (bytes: Uint8Array, from = 0): Taken => take(bytes, from, PLAIN_BYTES);

/**
 * Takes one frame with a checksum off `bytes` from `from` on (TC2). Never throws. A frame whose checksum is wrong is still a
 * frame, so that it is counted as refused with its bytes; but not when its last byte may be the start of the next one.
 */
export function takeChecked(bytes: Uint8Array, from = 0): Taken {
  const taken = take(bytes, from, CHECKED_BYTES);
  if (taken.kind !== "frame" || checksumHolds(bytes, from)) return taken;
  return masked(bytes, from + CHECKED_BYTES - 1) === STX ? NOISE_BYTE : taken;
}

/** TC3. */
function take(bytes: Uint8Array, from: number, size: number): Taken {
  const { length } = bytes;
  if (length === from) return INCOMPLETE;
  if (masked(bytes, from) !== STX) return noiseUntil(bytes, from, STX);
  const seen = Math.min(length, from + PLAIN_BYTES - 1);
  for (let at = from + 1; at < seen; at++) if (masked(bytes, at) < BLANK) return NOISE_BYTE;
  if (length >= from + PLAIN_BYTES && masked(bytes, from + PLAIN_BYTES - 1) !== CR) return NOISE_BYTE;
  return length < from + size ? INCOMPLETE : { kind: "frame", size };
}

const masked = (bytes: Uint8Array, at: number): number => (bytes[at] ?? 0) & DATA_BITS;

/** TC2: the seven low bits of all bytes of the frame at `from`, the checksum among them, add up to nothing. */
export function checksumHolds(bytes: Uint8Array, from = 0): boolean {
  let sum = 0;
  for (let at = from; at < from + CHECKED_BYTES; at++) sum += bytes[at] ?? 0;
  // Bit 7 of a byte adds nothing to the seven low bits of the sum.
  return (sum & DATA_BITS) === 0;
}
