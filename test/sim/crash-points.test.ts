import test from "ava";
import { CRASH_POINTS, crashAt } from "./crash-points.ts";

/** Commits of the victim in a run in which nothing happens to it. */
const { commits, violations } = await crashAt(Number.POSITIVE_INFINITY, { kind: "lost" }, false);

test("A9: without a crash the run is calm", (t) => {
  t.deepEqual(violations, []);
  t.true(commits > 20, `${commits} commits are too few to die at`);
});

for (const everybody of [false, true]) {
  const who = everybody ? "the power of the site fails" : "a gateway dies";
  for (const point of CRASH_POINTS) {
    const where = point.kind === "told" ? `behind it and ${point.sends} sends` : `in it, which is ${point.kind}`;
    test.serial(`A9, S1: ${who} at any commit, ${where}: nothing is lost, doubled or said twice`, async (t) => {
      // At the end of the run there may be no such commit any more.
      let crashed = 0;
      for (let commit = 0; commit < commits; commit += everybody ? 3 : 1) {
        const run = await crashAt(commit, point, everybody);
        t.deepEqual(run.violations, [], `at commit ${commit}`);
        crashed += run.crashes > 0 ? 1 : 0;
      }
      t.true(crashed > commits / 5, `only ${crashed} runs crashed`);
    });
  }
}
