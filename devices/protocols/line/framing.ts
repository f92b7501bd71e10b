import { INCOMPLETE, NOISE_BYTE, noiseUntil, type TakeFrame, type Taken } from "../protocol.ts";

const CR = 0x0d;
const LF = 0x0a;
const DEL = 0x7f;
/** L2: bit 7 is the parity bit of a 7E1 device read at 8N1. */
export const DATA_BITS = 0x7f;
const CR_LF: readonly [first: number, second: number] = [CR, LF];

export type LineGrammar = {
  /** Characters without control bytes; more without a line end are noise. */
  readonly longest: number;
  /** A control byte in front of the characters, for example STX; absent = a line begins where the last one ended. */
  readonly start?: number;
  /** One or two control bytes behind them; absent = CR LF. */
  readonly ends?: readonly [first: number, second?: number];
  /** The bits of a byte that are looked at; absent = seven (L2). */
  readonly bits?: number;
  /** Position of a byte that may have any value, in the line that begins at `from`, by what stands before it; -1 = there is none. Absent = never. */
  readonly binaryAt?: (bytes: Uint8Array, from: number) => number;
};

export type LineFraming = {
  readonly takeFrame: TakeFrame;
  /** The characters of one complete frame without control bytes and parity bits; null when it is not one line. */
  readonly lineOf: (frame: Uint8Array) => string | null;
  readonly maxFrameBytes: number;
};

type Edges = {
  readonly start: number;
  readonly ends: readonly [first: number, second?: number];
  readonly bits: number;
};

/** No byte is this one. */
const NO_START = -1;

/** L1, L2: lines of printable characters between control bytes, which are kept in the frame. Never throws, any split gives the same. */
export function lineFraming(grammar: LineGrammar): LineFraming {
  const { longest, start = NO_START, ends = CR_LF, bits = DATA_BITS, binaryAt = () => -1 } = grammar;
  const lead = start === NO_START ? 0 : 1;
  const trail = ends[1] === undefined ? 1 : 2;
  const edges: Edges = { start, ends, bits };
  const takeFrame = (bytes: Uint8Array, from = 0): Taken => {
    if (lead === 1 && from < bytes.length && ((bytes[from] ?? 0) & bits) !== start)
      return noiseUntil(bytes, from, start, bits);
    const first = from + lead;
    const end = endOf(bytes, first, first + longest + 1, bits, binaryAt(bytes, from));
    // One byte at a time: the line that follows is cut at the same place however the stream was split.
    if (end === -1) return bytes.length > first + longest ? NOISE_BYTE : INCOMPLETE;
    return takeLine(bytes, from, first, end, edges);
  };
  const lineOf = (frame: Uint8Array): string | null => {
    const taken = takeFrame(frame);
    if (taken.kind !== "frame" || taken.size !== frame.length) return null;
    return String.fromCharCode(...frame.subarray(lead, -trail).map((byte) => byte & bits));
  };
  return { takeFrame, lineOf, maxFrameBytes: lead + longest + trail };
}

/** What begins at `from`, whose characters begin at `first` and end with a control byte at `end`. */
function takeLine(bytes: Uint8Array, from: number, first: number, end: number, { start, ends, bits }: Edges): Taken {
  const control = (bytes[end] ?? 0) & bits;
  // A second start byte begins the line anew; any other control byte belongs to the junk that it ends.
  if (control === start) return { kind: "noise", size: end - from };
  if (control !== ends[0] || end === first) return { kind: "noise", size: end + 1 - from };
  if (ends[1] === undefined) return { kind: "frame", size: end + 1 - from };
  const next = bytes[end + 1];
  if (next === undefined) return INCOMPLETE;
  if ((next & bits) !== ends[1]) return { kind: "noise", size: end + 1 - from };
  return { kind: "frame", size: end + 2 - from };
}

/** Position of the first control byte in `bytes[from, to)` but at `binary`; -1 = none. */
function endOf(bytes: Uint8Array, from: number, to: number, bits: number, binary: number): number {
  const limit = Math.min(bytes.length, to);
  for (let at = from; at < limit; at++) {
    const byte = (bytes[at] ?? 0) & bits;
    if ((byte < 0x20 || byte === DEL) && at !== binary) return at;
  }
  return -1;
}

/** Characters without their parity bits (L2). */
export const textOf = (bytes: Uint8Array): string => String.fromCharCode(...bytes.map((byte) => byte & DATA_BITS));

/** The wire bytes of one line, for commands and for simulated scales. */
export const encodeLine = (line: string): Uint8Array =>
  Uint8Array.from(`${line}\r\n`, (character) => character.charCodeAt(0) & DATA_BITS);
