import { INCOMPLETE, NOISE_BYTE, type TakeFrame } from "../protocol.ts";

/** UH1. */
export const REPORT_BYTES = 6;
const REPORT_ID = 3;
const LAST_STATUS = 8;
const LAST_UNIT = 12;
const LEAST_EXPONENT = -3;
const MOST_EXPONENT = 2;

/** UH1: by position in the report; what stands behind them may be anything. */
const isPossible: readonly ((byte: number) => boolean)[] = [
  (id) => id === REPORT_ID,
  (status) => status >= 1 && status <= LAST_STATUS,
  (unit) => unit >= 1 && unit <= LAST_UNIT,
  (exponent) => signed(exponent) >= LEAST_EXPONENT && signed(exponent) <= MOST_EXPONENT,
];

/** UH2: the exponent is a signed byte. */
export const signed = (byte: number): number => (byte << 24) >> 24;

/** UH1. Never throws, any split gives the same. */
export const takeFrame: TakeFrame = (bytes, from = 0) => {
  for (const [position, possible] of isPossible.entries()) {
    const byte = bytes[from + position];
    if (byte === undefined) return INCOMPLETE;
    if (!possible(byte)) return NOISE_BYTE;
  }
  return bytes.length - from < REPORT_BYTES ? INCOMPLETE : { kind: "frame", size: REPORT_BYTES };
};
