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
  stationsOf,
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
const streamed: StationSettings = { station: "dock-1", windowMs: 5_000, earlyMs: 300, devices: [scale, dimensioner] };
const events: StationSettings = { station: "dock-2", windowMs: 5_000, earlyMs: 300, devices: [sensor] };

const T0 = 1_800_000_000_000;

const grams = (value: number, stability: "stable" | "motion" | "unknown" = "stable"): Quantity => ({
  kind: "mass",
  value: { mantissa: value, exponent: 0 },
  unit: "g",
  stability,
  mode: "net",
});
const sized = (length: number): Quantity => ({
  kind: "dimensions",
  length: { mantissa: length, exponent: 0 },
  width: { mantissa: 300, exponent: 0 },
  height: { mantissa: 200, exponent: 0 },
  unit: "mm",
});
const box = sized(400);
const item = (name: string): Quantity => ({ kind: "item", item: name });

let serial = 0;
function frame(device: string, at: number, quantities: readonly Quantity[], reading: string | null = null): Input {
  serial += 1;
  return {
    kind: "frame",
    device,
    at: T0 + at,
    since: at,
    reloaded: false,
    frame: Uint8Array.of(serial & 255, serial >> 8),
    quantities,
    reading,
  };
}
const weigh = (at: number, value: number, stability?: "stable" | "motion"): Input =>
  frame("scale-1", at, [grams(value, stability)]);
/** Polls at 10 Hz; the first two of one value are a mass (P3). */
const stands = (from: number, to: number, value: number): readonly Input[] =>
  Array.from({ length: Math.floor((to - from) / 100) + 1 }, (_, n) => weigh(from + n * 100, value));
const swings = (from: number, to: number, value: number): readonly Input[] =>
  Array.from({ length: Math.floor((to - from) / 100) + 1 }, (_, n) => weigh(from + n * 100, value, "motion"));
const telegram = (at: number, name: string, length = 400): Input =>
  frame("dimensioner-1", at, [item(name), sized(length)]);
const tick = (at: number): Input => ({ kind: "tick", now: at });
const ticks = (from: number, to: number): readonly Input[] =>
  Array.from({ length: Math.floor((to - from) / 250) + 1 }, (_, n) => tick(from + n * 250));
/** Puts what happened at the same time in order. */
const together = (...inputs: readonly (readonly Input[])[]): readonly Input[] =>
  inputs.flat().sort((a, b) => timeOf(a) - timeOf(b));
const timeOf = (input: Input): number =>
  input.kind === "tick" ? input.now : input.kind === "refused" ? 0 : input.since;

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

/** Item, mass, and the length that tells whose box it is. */
const measured = (effects: readonly Effect[]): string[] =>
  effects.flatMap((effect) =>
    effect.kind === "measure"
      ? [`${effect.measurement.item} ${effect.measurement.mass.mantissa}e${effect.measurement.mass.exponent}`]
      : [],
  );
const incomplete = (effects: readonly Effect[]): Extract<Effect, { kind: "incomplete" }>[] =>
  effects.filter((effect) => effect.kind === "incomplete");
const told = (effects: readonly Effect[]): string[] =>
  incomplete(effects).map(({ item: name, reason }) => `${name ?? "-"} ${reason}`);
const memoOf = (name: string, mantissa: number): Memo => ({
  cycle: 4,
  weighed: {
    item: name,
    mass: { kilograms: { mantissa, exponent: -3 }, division: { mantissa: 5, exponent: -3 } },
  },
});

test("P1: a stable mass, dimensions and an item within the window are one measurement with its raw frames", (t) => {
  const { effects } = play([weigh(0, 0), ...stands(100, 200, 5_000), telegram(250, "A")]);
  t.deepEqual(measured(effects), ["A 5000e-3"]);
  const [only] = effects.filter((effect) => effect.kind === "measure");
  t.deepEqual(
    only?.measurement.frames.map(({ device }) => device),
    ["scale-1", "dimensioner-1"],
  );
  t.deepEqual(only?.measurement.division, { mantissa: 5, exponent: -3 });
  t.is(only?.measurement.at, T0 + 250);
});

test("P1: a moving mass is never used, and the reason is told", (t) => {
  const { effects } = play(together(swings(0, 5_600, 5_000), [telegram(50, "A")], ticks(0, 5_600)));
  t.deepEqual(measured(effects), []);
  t.like(incomplete(effects)[0], { item: "A", missing: ["mass"], reason: "not-stable" });
});

test("P1: an overload is the reason of a missing mass", (t) => {
  const { effects } = play([
    telegram(0, "A"),
    { kind: "status", device: "scale-1", since: 10, status: "overload" },
    tick(500),
  ]);
  t.like(incomplete(effects)[0], { missing: ["mass"], reason: "device-overload" });
});

test("P1: a mass off the registered division or above the maximum is never used", (t) => {
  const { effects } = play([
    ...together(stands(0, 5_500, 5_001), [telegram(10, "A")], ticks(20, 5_500)),
    weigh(5_600, 0),
    ...together(stands(7_000, 12_500, 61_000), [telegram(7_010, "B")], ticks(7_020, 12_500)),
  ]);
  t.deepEqual(measured(effects), []);
  t.deepEqual(told(effects), ["A off-division", "B above-maximum"]);
});

test("P2: readings further apart than the window never meet", (t) => {
  const { effects } = play(
    together(swings(0, 5_400, 5_000), [telegram(10, "A")], ticks(20, 5_500), stands(5_500, 6_000, 5_000)),
  );
  t.deepEqual(measured(effects), []);
  t.like(incomplete(effects)[0], { item: "A", missing: ["mass"], reason: "not-stable" });
});

test("P2: a load that nothing identifies is reported once", (t) => {
  const { effects } = play(together(stands(0, 20_000, 5_000), ticks(50, 20_000)));
  t.is(incomplete(effects).length, 1);
  t.deepEqual(incomplete(effects)[0]?.missing, ["dimensions", "item"]);
});

test("P3: the newest stable mass is taken", (t) => {
  const { effects } = play([
    ...stands(0, 100, 5_000),
    ...stands(200, 300, 5_005),
    ...stands(400, 500, 5_010),
    telegram(550, "A"),
  ]);
  t.deepEqual(measured(effects), ["A 5010e-3"]);
});

test("P3: one frame alone is never a mass: a byte lost on the line does not come twice", (t) => {
  const lost = play([weigh(0, 0), ...swings(100, 200, 5_000), telegram(250, "A"), weigh(300, 500), weigh(400, 5_000)]);
  t.deepEqual(measured(lost.effects), []);
  t.deepEqual(measured(step(lost.state, weigh(500, 5_000)).effects), ["A 5000e-3"]);
  const [first, second] = [weigh(0, 5_000), weigh(2_000, 5_000)];
  t.deepEqual(measured(play([first, second, telegram(2_010, "A")]).effects), [], "not in a row");
});

test("P4: frames at 10 Hz and repeated telegrams of one load make one measurement", (t) => {
  const inputs = Array.from({ length: 100 }, (_, n) => [
    weigh(n * 100, 5_000),
    telegram(n * 100 + 10, "A"),
    tick(n * 100 + 20),
  ]).flat();
  t.deepEqual(measured(play(inputs).effects), ["A 5000e-3"]);
});

test("P4: the same item is weighed again after the load has left, which one empty frame does not say", (t) => {
  const again = (empty: readonly Input[]) =>
    play([...stands(0, 100, 5_000), telegram(110, "A"), ...empty, ...stands(400, 500, 5_000), telegram(550, "A")]);
  t.deepEqual(measured(again(stands(200, 300, 0)).effects), ["A 5000e-3", "A 5000e-3"]);
  t.deepEqual(measured(again([weigh(200, 0)]).effects), ["A 5000e-3"]);
});

test("P5: a stir of the accepted load, an odd value or a lost link gives nobody else its mass", (t) => {
  const accepted = [...stands(0, 100, 5_000), telegram(110, "A")];
  const disturbances: Record<string, readonly Input[]> = {
    "one moving frame": [weigh(300, 5_000, "motion"), ...stands(400, 1_500, 5_000)],
    "one other value": [weigh(300, 4_000), ...stands(400, 1_500, 5_000)],
    "one empty frame": [weigh(300, 0), ...stands(400, 1_500, 5_000)],
    "a creeping zero": [...stands(300, 400, 5_005), ...stands(500, 600, 5_010), ...stands(700, 1_500, 5_015)],
    "an overload": [
      { kind: "status", device: "scale-1", since: 300, status: "overload" },
      ...stands(400, 1_500, 5_000),
    ],
    "no scale for six seconds": stands(6_000, 7_000, 5_000),
  };
  for (const [name, inputs] of Object.entries(disturbances)) {
    for (const at of [250, 350, 1_050]) {
      const { effects } = play(together(accepted, inputs, [telegram(at, "B")], ticks(120, 7_000)));
      t.deepEqual(measured(effects), ["A 5000e-3"], `${name}, telegram at ${at}`);
      t.is(told(effects).filter((one) => one.startsWith("B ")).length, 1, `${name}, telegram at ${at}`);
    }
  }
});

test("P5: an item that was exchanged without the scale reaching zero is a weighing of its own", (t) => {
  const exchanged = [
    ...stands(0, 100, 5_000),
    telegram(110, "A"),
    ...swings(200, 400, 6_000),
    ...stands(500, 900, 7_000),
  ];
  for (const at of [250, 450, 550, 800]) {
    const { effects } = play(together(exchanged, [telegram(at, "B")], ticks(120, 900)));
    t.deepEqual(measured(effects), ["A 5000e-3", "B 7000e-3"], `telegram at ${at}`);
    t.true(effects.some((effect) => effect.kind === "remember" && effect.memo.weighed === null));
  }
});

test("P6: after a restart a load still standing is not weighed a second time, and not for another item", (t) => {
  const first = play([...stands(0, 100, 5_000), telegram(110, "A")]);
  const [done] = first.effects.filter((effect) => effect.kind === "measure");
  t.truthy(done?.memo);
  const polls = stands(3_100, 4_500, 5_000);
  for (const at of [3_000, 3_150, 3_450]) {
    for (const name of ["A", "B"]) {
      const again = play(together(polls, [telegram(at, name)], ticks(3_000, 4_500)), streamed, done?.memo ?? null);
      t.deepEqual(measured(again.effects), [], `${name} at ${at}`);
    }
  }
});

test("P6: after a restart another load is weighed, and so is the same item once the scale was empty", (t) => {
  const memo = memoOf("A", 5_000);
  const other = together(stands(0, 500, 7_000), [telegram(50, "B")], ticks(0, 500));
  t.deepEqual(measured(play(other, streamed, memo).effects), ["B 7000e-3"]);
  const { effects } = play([...stands(0, 100, 0), ...stands(200, 300, 5_000), telegram(350, "A")], streamed, memo);
  t.deepEqual(measured(effects), ["A 5000e-3"]);
  t.true(effects.some((effect) => effect.kind === "remember" && effect.memo.weighed === null));
});

test("P13: the telegram of an item that was lifted before it came to rest never gets the mass of the next one", (t) => {
  const { effects } = play(
    together(
      [weigh(0, 0), ...swings(100, 1_900, 3_000), weigh(2_000, 0), ...stands(2_500, 4_000, 9_000)],
      [telegram(500, "X", 111), telegram(3_200, "Y", 999)],
      ticks(0, 4_000),
    ),
  );
  t.deepEqual(measured(effects), ["Y 9000e-3"]);
  t.deepEqual(told(effects), ["X load-left"]);
});

test("P13: a telegram just before the scale leaves zero is of the load that is being put on; an older one is not", (t) => {
  const early = (at: number) =>
    play(together(stands(0, 1_000, 0), [telegram(at, "A")], stands(1_100, 1_500, 5_000), ticks(0, 1_500)));
  t.deepEqual(measured(early(1_050).effects), ["A 5000e-3"]);
  t.deepEqual(measured(early(850).effects), ["A 5000e-3"]);
  t.deepEqual(measured(early(750).effects), []);
  t.deepEqual(told(early(750).effects), ["A no-load"]);
});

test("P13: whatever an impatient operator does, no item gets the mass or the box of another one", (t) => {
  const action = fc.record({
    grams: fc.constantFrom(3_000, 3_000, 4_000, 9_000),
    /** Polls in motion, at rest, and of the empty scale afterwards. */
    motion: fc.integer({ min: 1, max: 4 }),
    rest: fc.nat({ max: 4 }),
    empty: fc.integer({ min: 1, max: 4 }),
    /** When its telegram comes, in ms from the first poll; above its stay it comes to nothing. */
    telegram: fc.option(fc.nat({ max: 700 })),
  });
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 12 }), (actions) => {
      let at = 0;
      const inputs: Input[] = [];
      const truth = new Map<string, string>();
      for (const [index, { grams: mass_, motion, rest, empty, telegram: delay }] of actions.entries()) {
        const name = `I${index}`;
        const stay = Math.max(1, motion + rest) * 100;
        truth.set(name, `${name} ${mass_}e-3 ${100 + index}`);
        inputs.push(...swings(at, at + motion * 100 - 100, mass_ + 37));
        inputs.push(...stands(at + motion * 100, at + stay - 100, mass_));
        if (delay !== null && delay < stay) inputs.push(telegram(at + delay + 1, name, 100 + index));
        at += stay;
        inputs.push(...stands(at, at + empty * 100 - 100, 0));
        at += empty * 100;
      }
      const { effects } = play(together(inputs, ticks(0, at)));
      for (const effect of effects) {
        if (effect.kind !== "measure") continue;
        const {
          item: name,
          mass: { mantissa },
          dimensions,
        } = effect.measurement;
        t.is(`${name} ${mantissa}e-3 ${dimensions.length.mantissa}`, truth.get(name) ?? "");
      }
    }),
    { numRuns: 1_000 },
  );
});

const sizer: StationDevice = { ...dimensioner, id: "sizer-1", measures: ["dimensions"] };
const scanner: StationDevice = { ...dimensioner, id: "scanner-1", measures: ["item"], dimensions: null };

test("P13: a box without a name goes with its load, not to the next name", (t) => {
  const settings: StationSettings = { ...streamed, devices: [scale, sizer, scanner] };
  const { effects } = play(
    together(
      [weigh(0, 0), ...stands(100, 1_400, 5_000), weigh(1_500, 0), ...stands(2_500, 3_500, 8_000)],
      [
        frame("sizer-1", 300, [sized(111)]),
        frame("scanner-1", 2_650, [item("Y")]),
        frame("sizer-1", 2_800, [sized(999)]),
      ],
    ),
    settings,
  );
  t.deepEqual(measured(effects), ["Y 8000e-3"]);
  const [only] = effects.filter((effect) => effect.kind === "measure");
  t.is(only?.measurement.dimensions.length.mantissa, 999);
});

test("P14: a mass that the scale no longer shows is not used", (t) => {
  const endings: Record<string, Input> = {
    overload: { kind: "status", device: "scale-1", since: 300, status: "overload" },
    underload: { kind: "status", device: "scale-1", since: 300, status: "underload" },
    busy: { kind: "status", device: "scale-1", since: 300, status: "busy" },
    motion: weigh(300, 5_000, "motion"),
    silence: tick(1_000),
  };
  for (const [name, ending] of Object.entries(endings)) {
    const { effects } = play([weigh(0, 0), ...stands(100, 200, 5_000), ending, telegram(1_001, "Y")]);
    t.deepEqual(measured(effects), [], name);
  }
});

test("P14: what waited for a load is given up when the scale goes silent", (t) => {
  const { effects } = play([
    weigh(0, 0),
    weigh(100, 5_000, "motion"),
    telegram(150, "X"),
    ...ticks(200, 1_200),
    ...stands(3_000, 3_500, 9_000),
  ]);
  t.deepEqual(measured(effects), []);
  t.deepEqual(told(effects), ["X not-stable"]);
});

test("P1: whoever switched the scale to another unit is told so", (t) => {
  const pounds = (at: number): Input =>
    frame("scale-1", at, [
      { kind: "mass", value: { mantissa: 1_102, exponent: -2 }, unit: "lb", stability: "stable", mode: "net" },
    ]);
  const { effects } = play(
    together(
      [...stands(0, 100, 5_000), telegram(110, "A"), ...stands(200, 300, 0)],
      Array.from({ length: 60 }, (_, n) => pounds(400 + n * 100)),
      [telegram(450, "B")],
      ticks(120, 6_400),
    ),
  );
  t.deepEqual(measured(effects), ["A 5000e-3"]);
  t.deepEqual(told(effects), ["B unit-changed"]);
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

test("P7: on a line without acknowledgement the same bytes within the window are one weighing", (t) => {
  const once = frame("sensor-1", 0, [item("A"), grams(5_000), box]) as Extract<Input, { kind: "frame" }>;
  const { effects } = play([once, { ...once, since: 2_000 }, { ...once, since: 8_000 }], events);
  t.deepEqual(measured(effects), ["A 5000e-3", "A 5000e-3"]);
  t.is(effects.filter(({ kind }) => kind === "repeated").length, 1);
});

test("P12: a newer mass discards the dimensions that came in the frame of the older one", (t) => {
  const { effects, state } = play(
    [frame("sensor-1", 0, [item("A"), grams(5_000)], "r1"), frame("sensor-1", 1, [item("A"), grams(6_000)], "r2")],
    events,
  );
  t.deepEqual(measured(effects), []);
  t.deepEqual(
    incomplete(effects).flatMap(({ readings }) => readings),
    ["r1"],
  );
  t.deepEqual(heldReadings(state), ["r2"]);
});

const eventScale: StationDevice = { ...sensor, id: "event-scale", measures: ["mass"], dimensions: null };
const loose: StationSettings = { ...events, devices: [eventScale, dimensioner] };
const weighing = (at: number, value: number): Input => frame("event-scale", at, [grams(value)], `m${at}`);
const named = (at: number, name: string): Input => frame("dimensioner-1", at, [item(name), box], `d${at}`);

test("P15: without a load a mass that names nobody is taken when it can be of one item only", (t) => {
  t.deepEqual(measured(play([weighing(0, 5_000), named(100, "A"), ...ticks(0, 6_000)], loose).effects), ["A 5000e-3"]);
  t.deepEqual(measured(play([named(0, "A"), weighing(4_900, 5_000), tick(5_200)], loose).effects), ["A 5000e-3"]);
});

test("P15: what may be of two items is of none", (t) => {
  const nameless: Input = frame("dimensioner-1", 100, [sized(111)], "d100");
  const doubtful: Record<string, readonly Input[]> = {
    "the mass of X, who was not read, and then Y": [
      weighing(0, 5_000),
      nameless,
      named(1_000, "Y"),
      weighing(1_100, 8_000),
    ],
    "two masses": [weighing(0, 5_000), named(1_000, "Y"), weighing(1_100, 8_000)],
    "two names": [weighing(0, 5_000), named(1_000, "X"), named(4_000, "Y")],
    "a box too many": [weighing(0, 5_000), nameless, named(1_000, "Y")],
  };
  for (const [name, inputs] of Object.entries(doubtful)) {
    const { effects, state } = play([...inputs, ...ticks(4_000, 15_000)], loose);
    t.deepEqual(measured(effects), [], name);
    t.true(
      told(effects).some((one) => one.endsWith("ambiguous")),
      name,
    );
    t.deepEqual(heldReadings(state), [], name);
  }
});

test("P8: a refused measurement frees its load", (t) => {
  const first = play([...stands(0, 100, 5_000), telegram(110, "A")]);
  const { state } = step(first.state, { kind: "refused", cycle: first.state.cycle });
  const second = step(step(state, weigh(200, 5_000)).state, telegram(250, "A"));
  t.deepEqual(measured(second.effects), ["A 5000e-3"]);
});

const reloaded = (input: Input, since: number): Input =>
  input.kind === "frame" ? { ...input, since, reloaded: true } : input;

test("P9: a reloaded reading waits a window of its own, for what was measured within a window of it", (t) => {
  const early = reloaded(frame("sensor-1", 0, [item("A"), grams(5_000)], "r1"), 60_000);
  const partner = (at: number): Input => ({
    ...(frame("sensor-1", at, [item("A"), box], "r2") as Extract<Input, { kind: "frame" }>),
    since: 63_000,
  });
  t.deepEqual(measured(play([early, tick(62_000), partner(4_000)], events).effects), ["A 5000e-3"]);
  t.deepEqual(measured(play([early, tick(62_000), partner(6_000)], events).effects), []);
});

test("P9: a reloaded reading never meets what stands on the scale now", (t) => {
  const { effects, state } = play(
    together(
      [reloaded(frame("dimensioner-1", 0, [item("A"), box], "r1"), 1_000)],
      stands(900, 8_000, 9_000),
      ticks(900, 8_000),
    ),
  );
  t.deepEqual(measured(effects), []);
  t.deepEqual(heldReadings(state), []);
});

test("P10: waiting items are bounded and given up loudly", (t) => {
  const inputs = Array.from({ length: 200 }, (_, n) => frame("sensor-1", n, [item(`I${n}`), grams(5_000)], `r${n}`));
  const { state, effects } = play(inputs, events);
  t.is(heldReadings(state).length, 64);
  t.is(incomplete(effects).filter(({ reason }) => reason === "too-many-items").length, 136);
});

test("P10: a frame that a statement cannot keep is not used", (t) => {
  const long = (at: number): Input => ({
    ...(weigh(at, 5_000) as Extract<Input, { kind: "frame" }>),
    frame: new Uint8Array(513),
  });
  t.deepEqual(measured(play([long(0), long(100), telegram(110, "A")]).effects), []);
});

test("P17: a station that would double or never measure is refused", (t) => {
  const device = (id: string, protocol: "mt-sics" | "sick", measures: readonly ("mass" | "dimensions" | "item")[]) => ({
    id,
    gateway: "gw-1",
    station: "dock-1",
    protocol,
    measures,
  });
  const made = (...devices: readonly ReturnType<typeof device>[]) => stationsOf({ devices } as never, "gw-1", 5_000);
  const box_ = device("box-1", "sick", ["dimensions", "item"]);
  t.is(made(device("scale-1", "mt-sics", ["mass"]), box_).length, 1);
  t.throws(() => made(device("scale-1", "mt-sics", ["mass"]), device("scale-2", "mt-sics", ["mass"]), box_), {
    code: "STATION_UNUSABLE",
    message: /more than one scale .*scale-1, scale-2/,
  });
  t.throws(() => made(box_), { code: "STATION_UNUSABLE", message: /no device for mass/ });
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
