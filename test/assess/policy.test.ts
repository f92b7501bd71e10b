import test from "ava";
import * as fc from "fast-check";
import { judge } from "../../gateway/assess/index.ts";

const grams = fc.integer({ min: 1, max: 1_000_000 });
const interval = fc.tuple(grams, grams, grams).map((three) => {
  const [lowGrams = 0, predictedGrams = 0, highGrams = 0] = [...three].sort((a, b) => a - b);
  return { lowGrams, predictedGrams, highGrams };
});
/** A mass in kg displayed to the milligram, around the interval. */
const milligrams = fc.integer({ min: 0, max: 1_100_000_000 });

test("P2-P4: a mass is accepted exactly when it lies in the closed interval", (t) => {
  fc.assert(
    fc.property(interval, milligrams, (figures, mg) => {
      const { verdict, reasons } = judge({ mantissa: mg, exponent: -6 }, figures);
      const expected =
        mg < figures.lowGrams * 1000 ? ["below-interval"] : mg > figures.highGrams * 1000 ? ["above-interval"] : [];
      t.deepEqual(reasons, expected);
      t.is(verdict, expected.length === 0 ? "accept" : "flag");
    }),
  );
});

test("P2, P3: the bounds belong to the interval, a milligram beyond does not", (t) => {
  const figures = { lowGrams: 1000, predictedGrams: 2000, highGrams: 3000 };
  const reasonsAt = (mg: number): readonly string[] => judge({ mantissa: mg, exponent: -6 }, figures).reasons;
  t.deepEqual(reasonsAt(1_000_000), []);
  t.deepEqual(reasonsAt(999_999), ["below-interval"]);
  t.deepEqual(reasonsAt(3_000_000), []);
  t.deepEqual(reasonsAt(3_000_001), ["above-interval"]);
});

test("the verdict does not depend on how many trailing zeros the scale displays", (t) => {
  fc.assert(
    fc.property(
      interval,
      fc.integer({ min: 0, max: 1_100_000 }),
      fc.integer({ min: 0, max: 8 }),
      (figures, g, zeros) => {
        const shown = { mantissa: g, exponent: -3 };
        const finer = { mantissa: g * 10 ** zeros, exponent: -3 - zeros };
        t.deepEqual(judge(finer, figures), judge(shown, figures));
      },
    ),
  );
});

test("P1: three zeros are flagged as outside the model's range, whatever the mass", (t) => {
  const nothing = { lowGrams: 0, predictedGrams: 0, highGrams: 0 };
  fc.assert(
    fc.property(milligrams, (mg) => {
      t.deepEqual(judge({ mantissa: mg, exponent: -6 }, nothing), {
        verdict: "flag",
        reasons: ["outside-model-range"],
      });
    }),
  );
});
