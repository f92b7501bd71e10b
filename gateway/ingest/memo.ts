import { z } from "zod";
import type { Memo } from "../station/index.ts";

const decimal = z.object({ mantissa: z.int(), exponent: z.int() });
const shape = z.object({
  cycle: z.int().min(0),
  weighed: z.object({ item: z.string(), mass: z.object({ kilograms: decimal, division: decimal }) }).nullable(),
});

/** Store key of what a station remembers of its last weighing (P6). */
export const memoKey = (station: string): string => `station/${station}`;

export function encodeMemo(memo: Memo): Uint8Array {
  return Buffer.from(JSON.stringify(memo));
}

/** Throws when the bytes are not what `encodeMemo` wrote: the store is damaged. */
export function decodeMemo(bytes: Uint8Array): Memo {
  return shape.parse(JSON.parse(Buffer.from(bytes).toString()));
}
