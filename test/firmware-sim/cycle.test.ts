import test from "ava";
import { type Cycle, emptyFrom, loadedFrom, step } from "../../firmware-sim/station/index.ts";

const settings = { dwellMs: 500, gapMs: 300, everyMs: 1_000 };

/** Plays one host's view of a station, poll by poll, and gives what was done when. */
function play(
  start: Cycle,
  polls: readonly {
    readonly atMs: number;
    readonly grams: number;
    readonly stable?: boolean;
    readonly toldMs?: number | null;
  }[],
): readonly string[] {
  let cycle = start;
  const acts: string[] = [];
  for (const { atMs, grams, stable = true, toldMs = 0 } of polls) {
    const done = step(cycle, settings, { kind: "seen", grams, stable, deliveredAtMs: toldMs }, atMs);
    cycle = done.cycle;
    if (done.act !== null && done.act !== "measure") acts.push(`${done.act}@${atMs}`);
  }
  return acts;
}
const every100 = (fromMs: number, toMs: number, grams: number) =>
  Array.from({ length: (toMs - fromMs) / 100 + 1 }, (_, index) => ({ atMs: fromMs + 100 * index, grams }));

test("F12: an item leaves after the host has watched it for the dwell", (t) => {
  t.deepEqual(play(loadedFrom(0), every100(100, 900, 1_000)), ["remove@700"]);
});

test("F12: without a host nothing moves", (t) => {
  t.is(step(loadedFrom(0), settings, { kind: "tick" }, 1_000_000).act, null);
  t.is(step(emptyFrom(0, false), settings, { kind: "tick" }, 1_000_000).act, null);
});

test("F12: a gap in the polls starts the dwell over", (t) => {
  const polls = [...every100(100, 500, 1_000), ...every100(10_000, 10_400, 1_000)];
  t.deepEqual(play(loadedFrom(0), polls), []);
  t.deepEqual(play(loadedFrom(0), [...polls, ...every100(10_500, 10_600, 1_000)]), ["remove@10600"]);
});

test("F12: an item stays until its telegram was delivered for the whole dwell", (t) => {
  const untold = every100(100, 2_000, 1_000).map((poll) => ({ ...poll, toldMs: null }));
  t.deepEqual(play(loadedFrom(0), untold), []);
  const late = every100(100, 2_000, 1_000).map((poll) => ({ ...poll, toldMs: 1_000 }));
  t.deepEqual(play(loadedFrom(0), late), ["remove@1500"]);
});

test("F12: a swinging scale does not count as watched", (t) => {
  const polls = every100(100, 900, 1_000).map((poll) => ({ ...poll, stable: poll.atMs !== 400 }));
  t.deepEqual(play(loadedFrom(0), polls), []);
});

test("F12: the next item comes when the host has seen the empty scale twice in a row, and not before it is due", (t) => {
  const polls = [...every100(100, 700, 1_000), { atMs: 750, grams: 400 }, { atMs: 800, grams: 0 }];
  t.deepEqual(play(loadedFrom(0), polls), ["remove@700"]);
  t.deepEqual(play(loadedFrom(0), [...polls, { atMs: 900, grams: 0 }]), ["remove@700"]);
  t.deepEqual(play(loadedFrom(0), [...polls, ...every100(900, 1_000, 0)]), ["remove@700", "present@1000"]);
  // A host that was killed in between may have forgotten the first sight.
  t.deepEqual(play(loadedFrom(0), [...polls, { atMs: 3_000, grams: 0 }]), ["remove@700"]);
  t.deepEqual(play(loadedFrom(0), [...every100(100, 700, 1_000), { atMs: 2_000, grams: 1_000 }]), ["remove@700"]);
});

test("F11: the dimensioner measures what the host was shown, and again for a host that was away", (t) => {
  const seen = { kind: "seen", grams: 1_000, stable: false, deliveredAtMs: null } as const;
  const first = step(loadedFrom(0), settings, seen, 100);
  t.is(first.act, "measure");
  const second = step(first.cycle, settings, seen, 200);
  t.is(second.act, null);
  t.is(step(second.cycle, settings, seen, 900).act, "measure");
  t.is(step(loadedFrom(0), settings, { ...seen, grams: 0 }, 100).act, null);
});

test("F15: a hasty operator lifts the item as soon as its telegram is out", (t) => {
  const seen = { kind: "seen", grams: 1_000, stable: false, deliveredAtMs: null } as const;
  const first = step(loadedFrom(0), settings, seen, 100, "hasty");
  t.is(step(first.cycle, settings, seen, 200, "hasty").act, null);
  t.is(step(first.cycle, settings, { ...seen, deliveredAtMs: 150 }, 200, "hasty").act, "remove");
});
