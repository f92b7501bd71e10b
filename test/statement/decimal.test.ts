import test from "ava";
import fc from "fast-check";
import { dimensionsMm, massGrams } from "../../ledger/statement/index.ts";
import { fixedStatement } from "../vectors/site.ts";

test("S6: grams are exact and keep the resolution that was displayed", (t) => {
  const cases: readonly (readonly [number, number, string])[] = [
    [12_340, -3, "12340"],
    [12_345, -3, "12345"],
    [10_000, -5, "100.00"],
    [1, -6, "0.001"],
    [5, -4, "0.5"],
    [50, -4, "5.0"],
    [0, -3, "0"],
    [0, -5, "0.00"],
    [12, 0, "12000"],
    [3, 1, "30000"],
    [0, 2, "0"],
    [45_359_237, -8, "453.59237"],
    [Number.MAX_SAFE_INTEGER, -18, "9.007199254740991"],
  ];
  for (const [mantissa, exponent, expected] of cases) t.is(massGrams({ mantissa, exponent }), expected);
});

test("S6: the text is the number, to the last digit", (t) => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: -18, max: 18 }), (mantissa, exponent) => {
      const text = massGrams({ mantissa, exponent });
      const [whole = "", fraction = ""] = text.split(".");
      // value = whole.fraction = mantissa x 10^(exponent + 3), compared as integers scaled by 10^18.
      const scaled = BigInt(whole + fraction) * 10n ** BigInt(18 - fraction.length);
      return scaled === BigInt(mantissa) * 10n ** BigInt(exponent + 3 + 18);
    }),
  );
  t.pass();
});

test("S6: dimensions are millimetres", (t) => {
  t.deepEqual(dimensionsMm(fixedStatement(1).measurement), ["401", "300", "200"]);
});
