import fc from "fast-check";
import type { Decimal, Statement } from "../../ledger/statement/index.ts";

const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,31}$/);
const decimal = (least: number): fc.Arbitrary<Decimal> =>
  fc.record({
    mantissa: fc.oneof(
      fc.integer({ min: least, max: 100_000 }),
      fc.integer({ min: least, max: Number.MAX_SAFE_INTEGER }),
    ),
    exponent: fc.integer({ min: -18, max: 18 }),
  });
const count = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }));

/** Any statement that the rules allow. */
export const statement: fc.Arbitrary<Statement> = fc.record({
  number: count,
  measurement: fc.record({
    station: name,
    item: fc.stringMatching(/^[ -~]{1,64}$/),
    at: fc.integer({ min: 2 ** 28 * 1000, max: 8.64e15 }),
    mass: decimal(0),
    division: decimal(1),
    dimensions: fc.record({ length: decimal(0), width: decimal(0), height: decimal(0) }),
    frames: fc.array(fc.record({ device: name, bytes: fc.uint8Array({ minLength: 1, maxLength: 512 }) }), {
      maxLength: 16,
    }),
  }),
  assessment: fc
    .record({
      model: fc.stringMatching(/^[0-9a-f]{64}$/),
      predictedGrams: count,
      bounds: fc.tuple(count, count),
      verdict: fc.constantFrom("accept", "flag"),
      reasons: fc.uniqueArray(fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,63}$/), { maxLength: 16 }),
    })
    .map(({ bounds, reasons, ...rest }) => ({
      ...rest,
      lowGrams: Math.min(...bounds),
      highGrams: Math.max(...bounds),
      reasons: reasons.toSorted(),
    })),
});
