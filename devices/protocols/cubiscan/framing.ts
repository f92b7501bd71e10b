import { INCOMPLETE, NOISE_BYTE, type TakeFrame } from "../protocol.ts";

const STX = 0x02;
const ETX = 0x03;
const CR = 0x0d;
const LF = 0x0a;

/** CU1. */
export const CUBISCAN_FRAME_BYTES = 80;
const END_BYTES = 2;

/** CU1: STX to ETX CR, and LF where there is one. Never throws, any split gives the same. */
export const takeFrame: TakeFrame = (bytes, from = 0) => {
  const { length } = bytes;
  if (length === from) return INCOMPLETE;
  if (bytes[from] !== STX) {
    const start = bytes.indexOf(STX, from);
    return { kind: "noise", size: (start === -1 ? length : start) - from };
  }
  const limit = from + CUBISCAN_FRAME_BYTES - END_BYTES;
  for (let at = from + 1; at < Math.min(length, limit); at++) {
    const byte = bytes[at];
    if (byte === STX) return { kind: "noise", size: at - from };
    if (byte === ETX) return closed(bytes, from, at + 1);
  }
  return length >= limit ? NOISE_BYTE : INCOMPLETE;
};

function closed(bytes: Uint8Array, from: number, at: number): ReturnType<TakeFrame> {
  const [first, second] = [bytes[at], bytes[at + 1]];
  if (first === undefined) return INCOMPLETE;
  if (first !== CR) return { kind: "noise", size: at - from };
  if (second === undefined) return INCOMPLETE;
  return { kind: "frame", size: at + (second === LF ? END_BYTES : 1) - from };
}

/** The characters between STX and ETX; null when this is not one frame. */
export function bodyOf(frame: Uint8Array): string | null {
  const end = frame.indexOf(ETX);
  if (frame[0] !== STX || end === -1) return null;
  const tail = frame.subarray(end + 1);
  const isClosed = tail[0] === CR && (tail.length === 1 || (tail.length === END_BYTES && tail[1] === LF));
  return isClosed ? Buffer.from(frame.subarray(1, end)).toString("latin1") : null;
}

/** A command of a host. */
export const commandOf = (letter: "M" | "U"): Uint8Array => Uint8Array.of(STX, letter.charCodeAt(0), ETX, CR, LF);
