import test from "ava";
import * as fc from "fast-check";
import { sha256, toHex } from "../../ledger/crypto/index.ts";
import { massGrams } from "../../ledger/statement/index.ts";
import { decodeTwin, encodeTwin, foldTwin, HISTORY_LIMIT, type Twin } from "../../ledger/twin/index.ts";
import { statement } from "../store/bundles.ts";

const about = (number: number, grams: number) => statement(number % 3, number, grams, "parcel");

function foldAll(grams: readonly number[]): Twin | null {
  return grams.reduce<Twin | null>(
    (twin, each, number) => foldTwin(twin, about(number, each), { lane: number % 3, index: number + 100 }),
    null,
  );
}

const arbitraryGrams = fc.array(fc.integer({ min: 1, max: 60_000 }), { minLength: 1, maxLength: 40 });

test("T2, T3 a twin has the last statement, the last 16 sightings and the count of all", (t) => {
  fc.assert(
    fc.property(arbitraryGrams, (grams) => {
      const twin = foldAll(grams);
      if (twin === null) return t.fail();
      const last = grams.length - 1;
      t.is(twin.count, grams.length);
      t.is(twin.flagged, grams.filter((each) => each % 7 === 0).length);
      t.is(twin.latest.index, last + 100);
      t.is(twin.latest.number, last);
      t.is(twin.history.length, Math.min(grams.length, HISTORY_LIMIT));
      const expected = grams.map((each, number) => ({ each, number })).slice(-HISTORY_LIMIT);
      t.deepEqual(
        twin.history.map(({ number, massGrams: mass, lane }) => [number, mass, lane]),
        expected.map(({ each, number }) => [number, massGrams({ mantissa: each, exponent: -3 }), number % 3]),
      );
    }),
  );
});

test("T4 a twin comes back from its bytes, and folding on from them is folding on", (t) => {
  fc.assert(
    fc.property(arbitraryGrams, (grams) => {
      const twin = foldAll(grams);
      if (twin === null) return t.fail();
      const bytes = encodeTwin(twin);
      t.deepEqual(decodeTwin(bytes), twin);
      t.deepEqual(encodeTwin(decodeTwin(bytes)), bytes);
      const next = about(grams.length, 77);
      const place = { lane: 0, index: 999 };
      t.deepEqual(foldTwin(decodeTwin(bytes), next, place), foldTwin(twin, next, place));
    }),
  );
});

test("T5 masses keep the resolution that the scale displayed", (t) => {
  const base = about(0, 100);
  const coarse = { ...base, measurement: { ...base.measurement, mass: { mantissa: 12, exponent: -2 } } };
  const fine = { ...base, measurement: { ...base.measurement, mass: { mantissa: 120_000, exponent: -6 } } };
  t.is(foldTwin(null, coarse, { lane: 0, index: 0 }).history[0]?.massGrams, massGrams({ mantissa: 12, exponent: -2 }));
  t.is(foldTwin(null, fine, { lane: 0, index: 0 }).history[0]?.massGrams, "120.000");
  t.deepEqual(decodeTwin(encodeTwin(foldTwin(null, fine, { lane: 0, index: 0 }))).latest.mass, {
    mantissa: 120_000,
    exponent: -6,
  });
});

test("T4 the encoding is frozen", (t) => {
  const twin = foldAll([1000, 7000, 12_345]);
  if (twin === null) return t.fail();
  t.is(toHex(sha256(encodeTwin(twin))), "5b5ebc61f54157d4a665fd17ef9f6f6a2a1d25f5617411e714f9fdedc39ffff9");
});

test("T1 a statement about another item is a bug", (t) => {
  const twin = foldAll([1000]);
  t.throws(() => foldTwin(twin, statement(0, 1, 1000, "other"), { lane: 0, index: 1 }), {
    message: /other folded into the twin of parcel/,
  });
});

test("T4 damaged bytes throw instead of giving another twin", (t) => {
  const twin = foldAll([1000]);
  if (twin === null) return t.fail();
  const bytes = encodeTwin(twin);
  t.throws(() => decodeTwin(bytes.subarray(0, bytes.length - 1)), { message: /damaged/ });
  t.throws(() => decodeTwin(Uint8Array.of(0x80)), { message: /damaged/ });
  t.throws(() => decodeTwin(new Uint8Array(0)), { message: /damaged/ });
});
