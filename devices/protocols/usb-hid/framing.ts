import { INCOMPLETE, NOISE_BYTE, type Taken, type TakeFrame } from "../protocol.ts";

/** UH1. */
export const REPORT_BYTES = 6;
/** Id, status, unit, exponent. */
const HEADER_BYTES = 4;
const REPORT: Taken = { kind: "frame", size: REPORT_BYTES };
const REPORT_ID = 3;
const LAST_STATUS = 8;
const LAST_UNIT = 12;
const LEAST_EXPONENT = -3;
const MOST_EXPONENT = 2;

/** UH2: the exponent is a signed byte. */
export const signed = (byte: number): number => (byte << 24) >> 24;

/** UH1. Never throws, any split gives the same. */
export const takeFrame: TakeFrame = (bytes, from = 0) => {
  const known = Math.min(bytes.length - from, HEADER_BYTES);
  for (let position = 0; position < known; position++)
    if (!isPossible(position, bytes[from + position] ?? 0)) return NOISE_BYTE;
  return bytes.length - from < REPORT_BYTES ? INCOMPLETE : REPORT;
};

/** UH1: of a byte by its position in the report; what stands behind these may be anything. */
function isPossible(position: number, byte: number): boolean {
  switch (position) {
    case 0:
      return byte === REPORT_ID;
    case 1:
      return byte >= 1 && byte <= LAST_STATUS;
    case 2:
      return byte >= 1 && byte <= LAST_UNIT;
    default:
      return signed(byte) >= LEAST_EXPONENT && signed(byte) <= MOST_EXPONENT;
  }
}
