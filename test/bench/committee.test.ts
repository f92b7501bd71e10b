/** What `npm run bench -- committee` counts, in small: A14 and L10 keep the number of messages within bounds. */
import test from "ava";
import { run } from "../../bench/committee.ts";

const REFERENCE = ["--costs", "reference", "--warm-up", "1"];

for (const [gateways, rate, seconds] of [
  [4, 1, 20],
  [4, 100, 2],
  [7, 1, 10],
  [7, 100, 2],
  [16, 1, 5],
  [16, 30, 1],
  [17, 20, 1],
  [31, 20, 1],
] as const) {
  test(`A14, L10: ${gateways} gateways with ${rate} statements a second send at most 10 n log2 n messages of agreement a cut and 3 n a bundle`, async (t) => {
    const args = ["--gateways", gateways, "--rate", rate, "--seconds", seconds].map(String);
    const figures = await run([...REFERENCE, ...args]);
    const figure = (name: string): number => {
      const value = figures[name];
      return typeof value === "number" ? value : Number.NaN;
    };
    t.true(figure("statements") > 0);
    t.is(figure("neverFinal"), 0);
    t.is(figure("viewsNullified"), 0);
    t.true(figure("messagesPerCut") <= 10 * gateways * Math.log2(gateways), `${figure("messagesPerCut")} a cut`);
    t.true(figure("disseminationPerBundle") <= 3 * gateways, `${figure("disseminationPerBundle")} a bundle`);
    // Nobody can agree with fewer: a proposal and two votes of a quorum reach at least the leader's peers.
    t.true(figure("messagesPerCut") >= 3 * (gateways - 1));
  });
}
