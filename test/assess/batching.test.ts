import test from "ava";
import * as fc from "fast-check";
import { type Batching, batching } from "../../gateway/assess/batching.ts";

/** A batching over numbers whose turns and runs the test ends itself; an answer is the row doubled. */
function bench(maximumRowsInRun: number, maximumRowsQueued = 1000) {
  const runs: (readonly number[])[] = [];
  const turns: (() => void)[] = [];
  const finish: ((failure?: Error) => void)[] = [];
  const batches: Batching<number, number> = batching({
    run: (rows) => {
      runs.push(rows);
      return new Promise((resolve, reject) => {
        finish.push((failure) => (failure === undefined ? resolve(rows.map((row) => row * 2)) : reject(failure)));
      });
    },
    afterTurn: (start) => turns.push(start),
    maximumRowsInRun,
    maximumRowsQueued,
  });
  const endTurn = async (): Promise<void> => {
    for (const start of turns.splice(0)) start();
    await settled();
  };
  const endRun = async (failure?: Error): Promise<void> => {
    finish.shift()?.(failure);
    await settled();
  };
  return { batches, runs, endTurn, endRun };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("W3: calls of one turn are one run, and each gets its own answers", async (t) => {
  const { batches, runs, endTurn, endRun } = bench(100);
  const calls = [batches.ask([1, 2]), batches.ask([3]), batches.ask([])];
  t.deepEqual(runs, []);
  await endTurn();
  t.deepEqual(runs, [[1, 2, 3]]);
  await endRun();
  t.deepEqual(await Promise.all(calls), [[2, 4], [6], []]);
});

test("W3: calls that arrive during a run form the next one", async (t) => {
  const { batches, runs, endTurn, endRun } = bench(100);
  const first = batches.ask([1]);
  await endTurn();
  const others = [batches.ask([2]), batches.ask([3])];
  t.deepEqual(runs, [[1]]);
  await endRun();
  t.deepEqual(await first, [2]);
  t.deepEqual(runs, [[1], [2, 3]]);
  await endRun();
  t.deepEqual(await Promise.all(others), [[4], [6]]);
});

test("W3: any mix of calls gets every answer in order, in runs within the limit", async (t) => {
  const call = fc.array(fc.integer(), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(call, { maxLength: 12 }), fc.integer({ min: 1, max: 7 }), async (calls, limit) => {
      const runs: number[] = [];
      const batches = batching<number, number>({
        run: (rows) => {
          runs.push(rows.length);
          return Promise.resolve(rows.map((row) => row * 2));
        },
        afterTurn: (start) => void setImmediate(start),
        maximumRowsInRun: limit,
        maximumRowsQueued: 1000,
      });
      const answers = await Promise.all(calls.map((rows) => batches.ask(rows)));
      t.deepEqual(
        answers,
        calls.map((rows) => rows.map((row) => row * 2)),
      );
      t.true(runs.every((rows) => rows > 0 && rows <= limit));
    }),
    { numRuns: 60 },
  );
});

test("W3: above the bound a call is refused with retry, and there is room again after a run", async (t) => {
  const { batches, endTurn, endRun } = bench(100, 3);
  const taken = batches.ask([1, 2, 3]);
  await t.throwsAsync(batches.ask([4]), { code: "PREDICTION_QUEUE_FULL", message: /3 rows wait .* at most 3/ });
  await endTurn();
  await endRun();
  t.deepEqual(await taken, [2, 4, 6]);
  const next = batches.ask([4]);
  await endTurn();
  await endRun();
  t.deepEqual(await next, [8]);
});

test("W7: a failed run fails its own calls and no others", async (t) => {
  const { batches, endTurn, endRun } = bench(2);
  const failing = batches.ask([1, 2]);
  const later = batches.ask([3]);
  const failure = t.throwsAsync(failing, { message: "engine" });
  await endTurn();
  await endRun(new Error("engine"));
  await failure;
  await endRun();
  t.deepEqual(await later, [6]);
});

test("a closed predictor answers what was asked and refuses more", async (t) => {
  const { batches, endTurn, endRun } = bench(100);
  const asked = batches.ask([1]);
  const closing = batches.close();
  await t.throwsAsync(batches.ask([2]), { code: "PREDICTOR_CLOSED" });
  await endTurn();
  await endRun();
  t.deepEqual(await asked, [2]);
  await t.notThrowsAsync(closing);
});
