import test from "ava";
import * as fc from "fast-check";
import type { Sample } from "../../gateway/overview/rates.ts";
import { ratesOf, withSample } from "../../gateway/overview/rates.ts";

const sample = (atMs: number, count: number, heard = 4): Sample => ({
  atMs,
  heard,
  counters: { accepted: count, final: count, anchored: count },
});

const fed = (samples: readonly Sample[]): readonly Sample[] => samples.reduce(withSample, [] as readonly Sample[]);

test("O8: the rate is unknown until a second has been seen", (t) => {
  t.is(ratesOf(fed([])), null);
  t.is(ratesOf(fed([sample(0, 5)])), null);
  t.is(ratesOf(fed([sample(0, 5), sample(400, 9)])), null);
});

test("O8: the rate is the growth over the last ten seconds", (t) => {
  const samples = fed([sample(0, 0), sample(10_000, 1000), sample(15_000, 1010), sample(20_000, 1020)]);
  t.deepEqual(ratesOf(samples), { accepted: 2, final: 2, anchored: 2 });
});

test("O8: a fresh site does not give a negative rate", (t) => {
  t.is(ratesOf(fed([sample(0, 500), sample(2000, 3)])), null);
});

test("O8: a gateway heard for the first time is not a burst of measurements", (t) => {
  t.is(ratesOf(fed([sample(0, 500, 3), sample(2000, 9000, 4)])), null);
});

test("O8: no sequence of counters gives a negative rate", (t) => {
  const steps = fc.array(fc.record({ ms: fc.integer({ min: 0, max: 4000 }), count: fc.nat(1000) }), { maxLength: 30 });
  fc.assert(
    fc.property(steps, (all) => {
      let atMs = 0;
      const rates = ratesOf(fed(all.map(({ ms, count }) => sample((atMs += ms), count))));
      return rates === null || Object.values(rates).every((rate) => rate >= 0);
    }),
  );
  t.pass();
});
