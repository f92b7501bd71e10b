import test from "ava";
import * as fc from "fast-check";
import { massText, rowOf } from "../../gateway/overview/measurement-row.ts";
import { measurementOf } from "./fake-gateway.ts";

test("O7: a mass keeps every digit that the scale displayed", (t) => {
  t.is(massText("12340"), "12.340 kg");
  t.is(massText("1000"), "1.000 kg");
  t.is(massText("1000.5"), "1.0005 kg");
  t.is(massText("999"), "999 g");
  t.is(massText("100.00"), "100.00 g");
  t.is(massText("-12340"), "-12.340 kg");
  t.is(massText("0"), "0 g");
});

test("O7: a shown mass is the same number as the grams it came from", (t) => {
  const grams = fc
    .tuple(fc.nat(99_999_999), fc.stringMatching(/^(\.\d{1,4})?$/))
    .map(([whole, fraction]) => `${whole}${fraction}`);
  fc.assert(
    fc.property(grams, (text) => {
      const [value, unit] = massText(text).split(" ");
      const digits = (number: string): string => number.replace(".", "").replace(/^0+/, "");
      return (
        digits(value ?? "") === digits(text) &&
        Math.abs(Number(value) * (unit === "kg" ? 1000 : 1) - Number(text)) < 1e-3
      );
    }),
  );
  t.pass();
});

test("O7: the dot lies inside the band exactly when the mass lies in the interval", (t) => {
  const grams = fc.integer({ min: 1, max: 100_000 });
  fc.assert(
    fc.property(grams, grams, grams, (first, second, mass) => {
      const [lowGrams, highGrams] = first < second ? [first, second] : [second, first];
      const { prediction } = rowOf(
        measurementOf(0, { massGrams: String(mass), lowGrams, highGrams, predictedGrams: lowGrams }),
        "",
      );
      if (prediction.kind !== "interval") return false;
      const { low, high, measured } = prediction.bar;
      if (mass < lowGrams) return measured <= low;
      if (mass > highGrams) return measured >= high;
      return measured >= low && measured <= high;
    }),
  );
  t.pass();
});

test("O7: what lies far outside stays on the picture", (t) => {
  const { prediction } = rowOf(measurementOf(0, { massGrams: "9000000" }), "");
  t.is(prediction.kind === "interval" && prediction.bar.measured, 0.97);
  t.is(prediction.words, "Measured 9000.000 kg, above the predicted 4 kg to 25 kg");
});

test("O7: three zeros are shown as not predictable, not as an interval at nothing", (t) => {
  const { prediction } = rowOf(measurementOf(0, { predictedGrams: 0, lowGrams: 0, highGrams: 0 }), "");
  t.deepEqual(prediction, { kind: "unknown", words: "not predictable" });
});

test("O7: reasons are words, and an unknown one is shown as it is", (t) => {
  const row = rowOf(measurementOf(0, { verdict: "flag", reasons: ["above-interval", "moon-phase"] }), "");
  t.true(row.flagged);
  t.deepEqual(row.reasons, ["heavier than predicted", "moon phase"]);
});
