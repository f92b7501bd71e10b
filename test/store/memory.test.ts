import test from "ava";
import * as fc from "fast-check";
import { openMemoryStore, type Write } from "../../ledger/store/index.ts";
import { bundleWrite, cutOf, executeOne, LANES, laneOf } from "./bundles.ts";

const memo = (key: string, text: string): Write => ({ kind: "memo", key, bytes: new TextEncoder().encode(text) });

/** A disk whose fsync takes until the test says so. */
function slowDisk(): {
  readonly sync: (done: () => void) => void;
  readonly finish: () => Promise<void>;
  readonly waiting: () => number;
} {
  const waiting: (() => void)[] = [];
  return {
    sync: (done) => void waiting.push(done),
    waiting: () => waiting.length,
    finish: async () => {
      waiting.shift()?.();
      await turn();
    },
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("S8 a crash loses what was not synced, and keeps what was", async (t) => {
  const disk = slowDisk();
  const store = openMemoryStore({ lanes: LANES, sync: disk.sync });
  const first = store.commit([memo("a", "1")]);
  await turn();
  await disk.finish();
  await first;
  let acknowledged = false;
  store.commit([memo("a", "2"), memo("b", "1")]).then(() => (acknowledged = true), t.fail);
  await turn();
  store.commit([memo("c", "1")]).then(() => (acknowledged = true), t.fail);
  await turn();
  const after = store.crash();
  await disk.finish();
  t.false(acknowledged);
  const text = async (key: string) => ((bytes) => bytes && new TextDecoder().decode(bytes))(await after.memo(key));
  t.deepEqual([await text("a"), await text("b"), await text("c")], ["1", null, null]);
});

test("S8 a group may have reached the disk although nobody was told", async (t) => {
  const disk = slowDisk();
  const store = openMemoryStore({ lanes: LANES, sync: disk.sync });
  let acknowledged = false;
  store.commit([memo("a", "1")]).then(() => (acknowledged = true), t.fail);
  await turn();
  const after = store.crash("kept");
  await disk.finish();
  t.false(acknowledged);
  t.not(await after.memo("a"), null);
});

test("S8 an image is the disk of its moment, whatever is written to either of them later", async (t) => {
  const store = openMemoryStore({ lanes: LANES });
  const memo = (key: string): Write => ({ kind: "memo", key, bytes: new TextEncoder().encode(key) });
  await store.commit([memo("before")]);
  const image = store.image();
  await store.commit([memo("after")]);
  await image.commit([memo("elsewhere")]);
  t.truthy(await image.memo("before"));
  t.is(await image.memo("after"), null);
  t.is(await store.memo("elsewhere"), null);
});

for (const fate of ["lost", "kept"] as const) {
  test(`S1 a group that the disk reported as failed is answered with the failure, and may be found ${fate}`, async (t) => {
    const failures: ((failure?: Error) => void)[] = [];
    const store = openMemoryStore({ lanes: LANES, sync: (done) => void failures.push(done) });
    const write: Write = { kind: "memo", key: "a", bytes: new Uint8Array([1]) };
    const committed = store.commit([write]);
    await Promise.resolve();
    failures.pop()?.(new Error("no space left"));
    await t.throwsAsync(committed, { message: "no space left" });
    await t.throwsAsync(store.commit([write]), { message: "no space left" });
    const after = store.crash(fate);
    t.is((await after.memo("a")) === null, fate === "lost");
  });
}

test("S1 commits of one turn share a sync, those that come meanwhile the next, and a read waits for them", async (t) => {
  const disk = slowDisk();
  const store = openMemoryStore({ lanes: LANES, sync: disk.sync });
  const order: string[] = [];
  const note = (word: string) => () => void order.push(word);
  const all = [store.commit([memo("a", "1")]).then(note("one")), store.commit([memo("b", "1")]).then(note("two"))];
  await turn();
  all.push(store.commit([memo("c", "1")]).then(note("three")), store.memo("a").then(note("read")));
  await turn();
  t.is(disk.waiting(), 1);
  await disk.finish();
  t.deepEqual(order, ["one", "two"]);
  await disk.finish();
  await Promise.all(all);
  t.deepEqual(order, ["one", "two", "three", "read"]);
  t.is((await store.stats()).commits, 2);
});

test("S8 execution is taken back with the group it was in, and gives the same log the second time", async (t) => {
  const disk = slowDisk();
  const store = openMemoryStore({ lanes: LANES, sync: disk.sync });
  const lanes = [laneOf(0, 3, 2), laneOf(1, 2, 2), [], []];
  const written = store.commit(lanes.flatMap((lane, index) => lane.map((bundle) => bundleWrite(index, bundle))));
  await turn();
  await disk.finish();
  await written;
  executeOne(store, 1, cutOf(lanes)).then(() => t.fail("answered by a dead process"), t.fail);
  await turn();
  const after = store.crash();
  // The sync that the dead process began ends without it.
  await disk.finish();
  t.is((await after.recover()).executed.size, 0);
  t.deepEqual(await after.statementsAfter(-1, 100), []);
  t.is(await after.twin("item-1"), null);
  const again = executeOne(after, 1, cutOf(lanes));
  await turn();
  await disk.finish();
  const reference = openMemoryStore({ lanes: LANES });
  await reference.commit(lanes.flatMap((lane, index) => lane.map((bundle) => bundleWrite(index, bundle))));
  t.deepEqual(await again, await executeOne(reference, 1, cutOf(lanes)));
  t.deepEqual(await after.recover(), await reference.recover());
});

type Step =
  | { readonly kind: "commit"; readonly writes: readonly Write[] }
  | { readonly kind: "execute"; readonly view: number }
  | { readonly kind: "crash"; readonly fate: "lost" | "kept" }
  | { readonly kind: "sync" };

const lanes = [laneOf(0, 6, 2), laneOf(1, 6, 1), laneOf(2, 6, 1), []];
const some = (text: string): Uint8Array => new TextEncoder().encode(text);

const arbitraryWrites = fc.array(
  fc.oneof(
    fc.nat({ max: 3 }).map((key) => memo(`m${key}`, `v${key}`)),
    fc.nat({ max: 6 }).map((view): Write => ({ kind: "vote", view, vote: "notarize", bytes: some(`v${view}`) })),
    fc.nat({ max: 6 }).map((view): Write => ({ kind: "block", view, hash: `h${view}`, bytes: some(`b${view}`) })),
    fc.nat({ max: 6 }).map(
      (view): Write => ({
        kind: "finalized",
        view,
        hash: `h${view}`,
        finalization: some(`f${view}`),
        chain: [{ view, hash: `h${view}`, bytes: some(`b${view}`) }],
      }),
    ),
    fc.nat({ max: 5 }).map((n): Write => ({ kind: "reading", id: `r${n}`, bytes: some(`r${n}`) })),
    fc.nat({ max: 5 }).map((n): Write => ({ kind: "readingsDone", ids: [`r${n}`] })),
    fc.nat({ max: 5 }).map((n): Write => ({ kind: "accepted", key: `a${n}`, number: n })),
    fc.nat({ max: 9 }).map((size): Write => ({ kind: "anchor", ledger: "l", size, note: `n${size}` })),
    fc.nat({ max: 9 }).map((size): Write => ({ kind: "checkpoint", size, root: "r", note: `n${size}` })),
  ),
  { maxLength: 4 },
);
const arbitrarySteps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: arbitraryWrites.map((writes): Step => ({ kind: "commit", writes })) },
    { weight: 2, arbitrary: fc.integer({ min: 1, max: 5 }).map((view): Step => ({ kind: "execute", view })) },
    { weight: 3, arbitrary: fc.constant<Step>({ kind: "sync" }) },
    { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: "crash", fate: "lost" }, { kind: "crash", fate: "kept" }) },
  ),
  { maxLength: 40 },
);

/** Readings come back in another order after a taken-back removal; nothing depends on it. */
function comparable(found: { readonly readings: readonly { readonly id: string }[] }): unknown {
  return { ...found, readings: found.readings.map(({ id }) => id).sort() };
}

test("S8 after any crashes the store is exactly what its durable groups make", async (t) => {
  await fc.assert(
    fc.asyncProperty(arbitrarySteps, async (steps) => {
      const disk = slowDisk();
      let store = openMemoryStore({ lanes: LANES, sync: disk.sync });
      const durable: Step[] = [];
      let inFlight: Step[] = [];
      let queued: Step[] = [];
      const start = async (): Promise<void> => {
        await turn();
        if (disk.waiting() > 0 && inFlight.length === 0) [inFlight, queued] = [queued, []];
      };
      const issue = (target: typeof store, step: Step): void => {
        const calls =
          step.kind === "commit"
            ? target.commit(step.writes)
            : step.kind === "execute"
              ? executeOne(target, step.view, cutAt(step.view))
              : null;
        calls?.catch(t.fail);
      };
      const base = store.commit(lanes.flatMap((lane, index) => lane.map((bundle) => bundleWrite(index, bundle))));
      await turn();
      await disk.finish();
      await base;
      for (const step of steps) {
        if (step.kind === "commit" || step.kind === "execute") {
          issue(store, step);
          queued.push(step);
          await start();
        } else if (step.kind === "sync") {
          if (disk.waiting() > 0) durable.push(...inFlight);
          inFlight = [];
          await disk.finish();
          await start();
        } else {
          store = store.crash(step.fate);
          if (step.fate === "kept") durable.push(...inFlight);
          [inFlight, queued] = [[], []];
          while (disk.waiting() > 0) await disk.finish();
        }
      }
      store = store.crash("lost");
      const reference = openMemoryStore({ lanes: LANES });
      await reference.commit(lanes.flatMap((lane, index) => lane.map((bundle) => bundleWrite(index, bundle))));
      for (const step of durable) issue(reference, step);
      t.deepEqual(comparable(await store.recover()), comparable(await reference.recover()));
      t.deepEqual(await store.statementsAfter(-1, 1000), await reference.statementsAfter(-1, 1000));
      t.deepEqual(await store.finalizedAfter(-1, 100), await reference.finalizedAfter(-1, 100));
      for (const key of ["a0", "a3"]) t.is(await store.accepted(key), await reference.accepted(key));
      t.deepEqual(await store.twin("item-2"), await reference.twin("item-2"));
    }),
    { numRuns: 60 },
  );
});

function cutAt(view: number): { readonly number: number; readonly hash: string }[] {
  return cutOf(lanes.map((lane, index) => (index === 3 ? [] : lane.slice(0, view + (index % 2)))));
}
