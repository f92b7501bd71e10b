import { INCOMPLETE, NOISE_BYTE, noiseUntil, type TakeFrame, type Taken } from "../protocol.ts";

const CR = 0x0d;
const LF = 0x0a;
const DEL = 0x7f;
/** L2: bit 7 is the parity bit of a 7E1 device read at 8N1. */
export const DATA_BITS = 0x7f;
const CR_LF_BYTES = 2;
const NOTHING = 0;

export type LineGrammar = {
  /** Characters without control bytes; more without a line end are noise. */
  readonly longest: number;
  /** A control byte in front of the characters, for example STX; absent = a line begins where the last one ended. */
  readonly start?: number;
  /** Position of a byte that may have any value, in the line that begins at `from`, by what stands before it; -1 = there is none. Absent = never. */
  readonly binaryAt?: (bytes: Uint8Array, from: number) => number;
};

export type LineFraming = {
  readonly takeFrame: TakeFrame;
  /** The characters of one complete frame without control bytes and parity bits; null when it is not one line. */
  readonly lineOf: (frame: Uint8Array) => string | null;
  readonly maxFrameBytes: number;
};

/** L1, L2: lines of printable characters closed by CR LF, both kept in the frame. Never throws, any split gives the same. */
export function lineFraming({ longest, start, binaryAt = () => -1 }: LineGrammar): LineFraming {
  const lead = start === undefined ? NOTHING : 1;
  const takeFrame = (bytes: Uint8Array, from = 0): Taken => {
    if (start !== undefined && ((bytes[from] ?? start) & DATA_BITS) !== start) return noiseUntil(bytes, from, start);
    const first = from + lead;
    const end = endOf(bytes, first, first + longest + 1, binaryAt(bytes, from));
    // One byte at a time: the line that follows is cut at the same place however the stream was split.
    if (end === -1) return bytes.length > first + longest ? NOISE_BYTE : INCOMPLETE;
    return takeLine(bytes, from, first, end, start);
  };
  const lineOf = (frame: Uint8Array): string | null => {
    const taken = takeFrame(frame);
    if (taken.kind !== "frame" || taken.size !== frame.length) return null;
    return textOf(frame.subarray(lead, -CR_LF_BYTES));
  };
  return { takeFrame, lineOf, maxFrameBytes: lead + longest + CR_LF_BYTES };
}

/** What begins at `from`, whose characters begin at `first` and end with a control byte at `end`. */
function takeLine(bytes: Uint8Array, from: number, first: number, end: number, start: number | undefined): Taken {
  const control = (bytes[end] ?? 0) & DATA_BITS;
  // A second start byte begins the line anew; any other control byte belongs to the junk that it ends.
  if (control === start) return { kind: "noise", size: end - from };
  if (control !== CR || end === first) return { kind: "noise", size: end + 1 - from };
  const next = bytes[end + 1];
  if (next === undefined) return INCOMPLETE;
  if ((next & DATA_BITS) !== LF) return { kind: "noise", size: end + 1 - from };
  return { kind: "frame", size: end + CR_LF_BYTES - from };
}

/** Position of the first control byte in `bytes[from, to)` but at `binary`; -1 = none. */
function endOf(bytes: Uint8Array, from: number, to: number, binary: number): number {
  const limit = Math.min(bytes.length, to);
  for (let at = from; at < limit; at++) {
    const byte = (bytes[at] ?? 0) & DATA_BITS;
    if ((byte < 0x20 || byte === DEL) && at !== binary) return at;
  }
  return -1;
}

/** Characters without their parity bits (L2). */
export const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes.map((byte) => byte & DATA_BITS));

/** The wire bytes of one line, for commands and for simulated scales. */
export const encodeLine = (line: string): Uint8Array =>
  Uint8Array.from(`${line}\r\n`, (character) => character.charCodeAt(0) & DATA_BITS);
