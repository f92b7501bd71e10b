import test from "ava";
import fc from "fast-check";
import type { Quantity } from "../../devices/quantity/index.ts";
import {
  type Effect,
  heldReadings,
  type Input,
  type Memo,
  type StationDevice,
  type StationSettings,
  type StationState,
  startStation,
  step,
} from "../../gateway/station/index.ts";

const mass = {
  min: { mantissa: 20, exponent: -3 },
  max: { mantissa: 60, exponent: 0 },
  division: { mantissa: 5, exponent: -3 },
};
const sides = {
  min: { mantissa: 10, exponent: -3 },
  max: { mantissa: 2, exponent: 0 },
  division: { mantissa: 1, exponent: -3 },
};
const scale: StationDevice = { id: "scale-1", delivery: "stream", measures: ["mass"], mass, dimensions: null };
const dimensioner: StationDevice = {
  id: "dimensioner-1",
  delivery: "event",
  measures: ["dimensions", "item"],
  mass: null,
  dimensions: sides,
};
const sensor: StationDevice = {
  id: "sensor-1",
  delivery: "event",
  measures: ["mass", "dimensions", "item"],
  mass,
  dimensions: sides,
};
const streamed: StationSettings = { station: "dock-1", windowMs: 5_000, devices: [scale, dimensioner] };
const events: StationSettings = { station: "dock-2", windowMs: 5_000, devices: [sensor] };

const T0 = 1_800_000_000_000;

const grams = (value: number, stability: "stable" | "motion" | "unknown" = "stable"): Quantity => ({
  kind: "mass",
  value: { mantissa: value, exponent: 0 },
  unit: "g",
  stability,
  mode: "net",
});
const box: Quantity = {
  kind: "dimensions",
  length: { mantissa: 400, exponent: 0 },
  width: { mantissa: 300, exponent: 0 },
  height: { mantissa: 200, exponent: 0 },
  unit: "mm",
};
const item = (name: string): Quantity => ({ kind: "item", item: name });

let serial = 0;
function frame(device: string, at: number, quantities: readonly Quantity[], reading: string | null = null): Input {
  serial += 1;
  return {
    kind: "frame",
    device,
    at: T0 + at,
    since: T0 + at,
    frame: Uint8Array.of(serial & 255, serial >> 8),
    quantities,
    reading,
  };
}
const weigh = (at: number, value: number, stability?: "stable" | "motion"): Input =>
  frame("scale-1", at, [grams(value, stability)]);
const telegram = (at: number, name: string): Input => frame("dimensioner-1", at, [item(name), box]);
const tick = (at: number): Input => ({ kind: "tick", now: T0 + at });

function play(
  inputs: readonly Input[],
  settings = streamed,
  memo: Memo | null = null,
): { state: StationState; effects: Effect[] } {
  let state = startStation(settings, memo);
  const effects: Effect[] = [];
  for (const input of inputs) {
    const next = step(state, input);
    state = next.state;
    effects.push(...next.effects);
  }
  return { state, effects };
}

const measured = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) =>
    effect.kind === "measure"
      ? [`${effect.measurement.item} ${effect.measurement.mass.mantissa}e${effect.measurement.mass.exponent}`]
      : [],
  );
const incomplete = (effects: readonly Effect[]): Extract<Effect, { kind: "incomplete" }>[] =>
  effects.filter((effect) => effect.kind === "incomplete");

test("P1: a stable mass, dimensions and an item within the window are one measurement with its raw frames", (t) => {
  const { effects } = play([weigh(0, 0), weigh(100, 5_000), telegram(200, "A")]);
  t.deepEqual(measured(effects), ["A 5000e-3"]);
  const [only] = effects.filter((effect) => effect.kind === "measure");
  t.deepEqual(
    only?.measurement.frames.map(({ device }) => device),
    ["scale-1", "dimensioner-1"],
  );
  t.deepEqual(only?.measurement.division, { mantissa: 5, exponent: -3 });
  t.is(only?.measurement.at, T0 + 200);
});

test("P1: a moving mass is never used, and the reason is told", (t) => {
  const { effects } = play([telegram(0, "A"), weigh(100, 5_000, "motion"), weigh(4_000, 5_005, "motion"), tick(5_200)]);
  t.deepEqual(measured(effects), []);
  t.like(incomplete(effects)[0], { item: "A", missing: ["mass"], reason: "not-stable" });
});

test("P1: an overload is the reason of a missing mass", (t) => {
  const { effects } = play([
    telegram(0, "A"),
    { kind: "status", device: "scale-1", at: T0 + 10, status: "overload" },
    tick(5_200),
  ]);
  t.like(incomplete(effects)[0], { missing: ["mass"], reason: "device-overload" });
});

test("P1: a mass off the registered division or above the maximum is never used", (t) => {
  const { effects } = play([
    telegram(0, "A"),
    weigh(10, 5_001),
    tick(6_000),
    telegram(7_000, "B"),
    weigh(7_010, 61_000),
    tick(13_000),
  ]);
  t.deepEqual(measured(effects), []);
  t.deepEqual(
    incomplete(effects).map(({ reason }) => reason),
    ["off-division", "above-maximum"],
  );
});

test("P2: readings further apart than the window never meet", (t) => {
  const { effects } = play([telegram(0, "A"), tick(5_001), weigh(5_100, 5_000)]);
  t.deepEqual(measured(effects), []);
  t.like(incomplete(effects)[0], { item: "A", missing: ["mass"], reason: "nothing-received" });
});

test("P2: a load that nothing identifies is reported once", (t) => {
  const frames = Array.from({ length: 200 }, (_, n) => [weigh(n * 100, 5_000), tick(n * 100 + 50)]).flat();
  const { effects } = play(frames);
  t.is(incomplete(effects).length, 1);
  t.deepEqual(incomplete(effects)[0]?.missing, ["dimensions", "item"]);
});

test("P3: the newest stable mass is taken", (t) => {
  const { effects } = play([weigh(0, 5_000), weigh(100, 5_005), weigh(200, 5_010), telegram(300, "A")]);
  t.deepEqual(measured(effects), ["A 5010e-3"]);
});

test("P4: frames at 10 Hz and repeated telegrams of one load make one measurement", (t) => {
  const inputs = Array.from({ length: 100 }, (_, n) => [
    weigh(n * 100, 5_000),
    telegram(n * 100 + 10, "A"),
    tick(n * 100 + 20),
  ]).flat();
  t.deepEqual(measured(play(inputs).effects), ["A 5000e-3"]);
});

test("P4: the same item is weighed again after the load has left", (t) => {
  const { effects } = play([
    weigh(0, 5_000),
    telegram(10, "A"),
    weigh(500, 0),
    weigh(900, 5_000),
    telegram(1_000, "A"),
  ]);
  t.deepEqual(measured(effects), ["A 5000e-3", "A 5000e-3"]);
});

test("P5: the telegram of the next item waits until the load has moved", (t) => {
  const before = play([weigh(0, 5_000), telegram(10, "A"), telegram(100, "B"), weigh(200, 5_000)]);
  t.deepEqual(measured(before.effects), ["A 5000e-3"]);
  const after = play([
    weigh(0, 5_000),
    telegram(10, "A"),
    telegram(100, "B"),
    weigh(200, 5_000),
    weigh(300, 6_000, "motion"),
    weigh(400, 7_000),
  ]);
  t.deepEqual(measured(after.effects), ["A 5000e-3", "B 7000e-3"]);
});

test("P5: an item that was exchanged without the scale reaching zero is a weighing of its own", (t) => {
  const { effects } = play([
    weigh(0, 5_000),
    telegram(10, "A"),
    weigh(500, 7_000),
    telegram(600, "B"),
    weigh(700, 7_000),
  ]);
  t.deepEqual(measured(effects), ["A 5000e-3", "B 7000e-3"]);
});

test("P6: after a restart a load still standing is not weighed a second time", (t) => {
  const first = play([weigh(0, 5_000), telegram(10, "A")]);
  const [done] = first.effects.filter((effect) => effect.kind === "measure");
  t.truthy(done?.memo);
  const again = play(
    [telegram(3_000, "A"), weigh(3_100, 5_000), telegram(3_200, "A"), weigh(3_300, 5_000)],
    streamed,
    done?.memo ?? null,
  );
  t.deepEqual(measured(again.effects), []);
});

test("P6: after a restart another item on the scale is weighed, and so is the same one once the scale was empty", (t) => {
  const memo: Memo = { cycle: 4, item: "A" };
  t.deepEqual(measured(play([weigh(0, 5_000), telegram(10, "B")], streamed, memo).effects), ["B 5000e-3"]);
  const { effects } = play([weigh(0, 0), weigh(100, 5_000), telegram(200, "A")], streamed, memo);
  t.deepEqual(measured(effects), ["A 5000e-3"]);
  t.true(effects.some((effect) => effect.kind === "remember" && effect.memo.item === null));
});

test("P7: every complete message of an event device is a weighing", (t) => {
  const message = (at: number, name: string, id: string): Input =>
    frame("sensor-1", at, [item(name), grams(5_000), box], id);
  const { effects } = play([message(0, "A", "r1"), message(1, "A", "r2"), message(2, "B", "r3")], events);
  t.deepEqual(measured(effects), ["A 5000e-3", "A 5000e-3", "B 5000e-3"]);
  t.deepEqual(
    effects.flatMap((effect) => (effect.kind === "measure" ? effect.readings : [])),
    ["r1", "r2", "r3"],
  );
});

test("P7, P12: partial messages of one item meet, and an unstable one gives nothing at all", (t) => {
  const { state, effects } = play(
    [
      frame("sensor-1", 0, [item("A"), grams(5_000)], "r1"),
      frame("sensor-1", 1, [item("B"), grams(6_000)], "r2"),
      frame("sensor-1", 2, [item("C"), grams(6_000, "unknown"), box], "r3"),
      frame("sensor-1", 3, [item("A"), box], "r4"),
    ],
    events,
  );
  t.deepEqual(measured(effects), ["A 5000e-3"]);
  t.deepEqual(heldReadings(state), ["r2"]);
  t.like(incomplete(effects)[0], { reason: "stability-unknown", readings: ["r3"] });
});

test("P12: a newer mass discards the dimensions that came in the frame of the older one", (t) => {
  const { effects, state } = play(
    [
      frame("sensor-1", 0, [grams(5_000), box], "r1"),
      frame("sensor-1", 1, [grams(6_000)], "r2"),
      frame("sensor-1", 2, [item("A")], "r3"),
    ],
    events,
  );
  t.deepEqual(measured(effects), []);
  t.deepEqual(
    incomplete(effects).flatMap(({ readings }) => readings),
    ["r1"],
  );
  t.deepEqual([...heldReadings(state)].sort(), ["r2", "r3"]);
});

test("P8: a refused measurement frees its load", (t) => {
  const first = play([weigh(0, 5_000), telegram(10, "A")]);
  const { state } = step(first.state, { kind: "refused", cycle: first.state.cycle });
  const second = step(step(state, weigh(100, 5_000)).state, telegram(200, "A"));
  t.deepEqual(measured(second.effects), ["A 5000e-3"]);
});

test("P9: a reloaded reading waits a window of its own", (t) => {
  const reloaded: Input = {
    ...(frame("sensor-1", 0, [item("A"), grams(5_000)], "r1") as Extract<Input, { kind: "frame" }>),
    since: T0 + 60_000,
  };
  const { effects } = play([reloaded, tick(62_000), frame("sensor-1", 63_000, [item("A"), box], "r2")], events);
  t.deepEqual(measured(effects), ["A 5000e-3"]);
});

test("P10: waiting items are bounded and given up loudly", (t) => {
  const inputs = Array.from({ length: 200 }, (_, n) => frame("sensor-1", n, [item(`I${n}`), grams(5_000)], `r${n}`));
  const { state, effects } = play(inputs, events);
  t.is(heldReadings(state).length, 64);
  t.is(incomplete(effects).filter(({ reason }) => reason === "too-many-items").length, 136);
});

test("P10: a frame that a statement cannot keep is not used", (t) => {
  const long = { ...(weigh(0, 5_000) as Extract<Input, { kind: "frame" }>), frame: new Uint8Array(513) };
  t.deepEqual(measured(play([long, telegram(10, "A")]).effects), []);
});

test("every durable reading is held, consumed or given up exactly once, whatever comes in whatever order", (t) => {
  const quantity = fc.constantFrom<Quantity>(
    grams(5_000),
    grams(6_000),
    grams(5_001),
    grams(5_000, "motion"),
    box,
    item("A"),
    item("B"),
  );
  const message = fc.record({
    gap: fc.nat({ max: 3_000 }),
    quantities: fc.uniqueArray(quantity, { maxLength: 3, selector: ({ kind }) => kind }),
  });
  fc.assert(
    fc.property(fc.array(message, { maxLength: 40 }), (messages) => {
      let at = 0;
      const ids: string[] = [];
      const inputs = messages.flatMap(({ gap, quantities }, index) => {
        at += gap;
        ids.push(`r${index}`);
        return [frame("sensor-1", at, quantities, `r${index}`), tick(at)];
      });
      const { state, effects } = play(inputs, events);
      const left = effects.flatMap((effect) => ("readings" in effect ? effect.readings : []));
      t.deepEqual([...left, ...heldReadings(state)].sort(), ids.sort());
    }),
    { numRuns: 200 },
  );
});

test("no load is measured twice without having left the scale, for any sequence of masses and telegrams of one item", (t) => {
  const action = fc.constantFrom("load", "motion", "telegram", "tick", "empty");
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      let at = 0;
      const inputs = actions.map((name) => {
        at += 200;
        if (name === "load") return weigh(at, 5_000);
        if (name === "motion") return weigh(at, 5_000, "motion");
        if (name === "empty") return weigh(at, 0);
        return name === "tick" ? tick(at) : telegram(at, "A");
      });
      let state = startStation(streamed, null);
      let sinceEmpty = 0;
      for (const [index, input] of inputs.entries()) {
        const next = step(state, input);
        state = next.state;
        if (actions[index] === "empty") sinceEmpty = 0;
        sinceEmpty += measured(next.effects).length;
        t.true(sinceEmpty <= 1);
      }
    }),
    { numRuns: 300 },
  );
});
