/** A bounded share of what `npm run sim` runs by the thousand: whole sites under crashes, partitions and loss, then healed. */
import test from "ava";
import { simulate } from "./simulation.ts";

/** Seeds that once found a bug stay here by name. */
const REGRESSIONS = [
  { seed: 149, found: "a power cut of the whole site took the last acks along, and nobody gave them again" },
];

for (const { seed, found } of REGRESSIONS) {
  test(`seed ${seed} of four gateways stays repaired: ${found}`, async (t) => {
    t.deepEqual((await simulate({ seed, gateways: 4 })).violations, []);
  });
}

for (const [gateways, seeds] of [
  [4, [2, 3, 5, 7, 8, 9, 10]],
  [1, [1, 2]],
  [3, [1, 2]],
  [7, [1]],
] as const) {
  test(`a site of ${gateways} keeps its promises under faults: all that was accepted is final once, in one order`, async (t) => {
    for (const seed of seeds) {
      const { violations, accepted, final } = await simulate({ seed, gateways });
      t.deepEqual(violations, [], `seed ${seed}`);
      t.true(final >= accepted && accepted > 0, `seed ${seed} tested nothing`);
    }
  });
}

test("the same seed gives the same run, to the last byte", async (t) => {
  const runs = [await simulate({ seed: 42, gateways: 4 }), await simulate({ seed: 42, gateways: 4 })];
  t.is(runs[0]?.traceHash, runs[1]?.traceHash);
  t.not((await simulate({ seed: 43, gateways: 4 })).traceHash, runs[0]?.traceHash);
});
