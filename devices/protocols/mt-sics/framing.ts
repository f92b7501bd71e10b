import type { Taken } from "../protocol.ts";

const CR = 0x0d;
const LF = 0x0a;
/** M2: bit 7 is the parity bit of a 7E1 device read at 8N1. */
const DATA_BITS = 0x7f;
/** M1: the longest reply of level 0 and 1 is far below; more without a line end is noise. */
const LONGEST_LINE = 126;

export const MT_SICS_FRAME_BYTES = LONGEST_LINE + 2;

/**
 * Takes one line off the front of `bytes` (M1): printable characters closed by CR LF, both kept in the frame. Never throws.
 * A control character in the middle ends the junk before it, so that noise in front of a line does not swallow the line.
 */
export function takeFrame(bytes: Uint8Array): Taken {
  const end = bytes.findIndex(isControl);
  if (end === -1 || end > LONGEST_LINE) {
    // One byte at a time: the line that follows is cut at the same place however the stream was split.
    return bytes.length > LONGEST_LINE ? { kind: "noise", size: 1 } : { kind: "incomplete" };
  }
  if (end === 0) return { kind: "noise", size: 1 };
  if (((bytes[end] ?? 0) & DATA_BITS) !== CR) return { kind: "noise", size: end + 1 };
  const next = bytes[end + 1];
  if (next === undefined) return { kind: "incomplete" };
  if ((next & DATA_BITS) !== LF) return { kind: "noise", size: end + 1 };
  return { kind: "frame", frame: bytes.subarray(0, end + 2), size: end + 2 };
}

const isControl = (byte: number): boolean => (byte & DATA_BITS) < 0x20 || (byte & DATA_BITS) === 0x7f;

/** The text of one complete frame without its line end and parity bits; null when it is not one printable line (M2). */
export function lineOf(frame: Uint8Array): string | null {
  const taken = takeFrame(frame);
  if (taken.kind !== "frame" || taken.size !== frame.length) return null;
  return String.fromCharCode(...frame.subarray(0, -2).map((byte) => byte & DATA_BITS));
}

/** The wire bytes of one line, for commands and for simulated scales. */
export const encodeLine = (line: string): Uint8Array =>
  Uint8Array.from(`${line}\r\n`, (character) => character.charCodeAt(0) & DATA_BITS);
