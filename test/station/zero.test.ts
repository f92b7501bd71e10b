import test from "ava";
import type { Quantity } from "../../devices/quantity/index.ts";
import { type Effect, type Input, type StationSettings, startStation, step } from "../../gateway/station/index.ts";

const limits = (min: number, max: number, division: number) => ({
  min: { mantissa: min, exponent: -3 },
  max: { mantissa: max, exponent: -3 },
  division: { mantissa: division, exponent: -3 },
});
const settingsWith = (mute: boolean): StationSettings => ({
  station: "dock-1",
  windowMs: 5_000,
  earlyMs: 300,
  devices: [
    {
      id: "scale",
      delivery: "stream",
      ...(mute ? { silentOutOfRange: true } : {}),
      measures: ["mass"],
      mass: limits(20, 60_000, 5),
      dimensions: null,
    },
    { id: "sizer", delivery: "event", measures: ["dimensions", "item"], mass: null, dimensions: limits(10, 2_000, 1) },
  ],
});

type Mode = "gross" | "net" | "unknown";

/** A scale that is read ten times a second; the truth is in grams, told as they are shown. */
function bench(mode: Mode, mute = false) {
  let state = startStation(settingsWith(mute), null);
  let now = 0;
  const effects: Effect[] = [];
  const run = (input: Input) => {
    const next = step(state, input);
    ({ state } = next);
    effects.push(...next.effects);
  };
  const frame = (device: string, quantities: readonly Quantity[]): Input => ({
    kind: "frame",
    device,
    at: 1_800_000_000_000 + now,
    since: now,
    reloaded: false,
    frame: Buffer.from(`${device} ${now}`),
    quantities,
    reading: null,
  });
  const side = { mantissa: 300, exponent: 0 };
  return {
    shows: (grams: number, stability: "stable" | "motion" = "stable", times = 3) => {
      for (let count = 0; count < times; count++) {
        now += 100;
        const value = { mantissa: grams, exponent: -3 };
        run(frame("scale", [{ kind: "mass", value, unit: "kg", stability, mode }]));
      }
    },
    says: (status: string) => {
      now += 100;
      run({ kind: "status", device: "scale", since: now, status });
    },
    isSilent: (ms: number) => {
      now += ms;
      run({ kind: "tick", now });
    },
    names: (item: string) => {
      const box: Quantity = { kind: "dimensions", length: side, width: side, height: side, unit: "mm" };
      run(frame("sizer", [{ kind: "item", item }, box]));
    },
    grams: () => effects.flatMap((effect) => (effect.kind === "measure" ? [effect.measurement.mass.mantissa] : [])),
    reasons: () => effects.flatMap((effect) => (effect.kind === "incomplete" ? [effect.reason] : [])),
  };
}

/** Puts something on and takes it off again. */
function weigh(scale: ReturnType<typeof bench>, item: string, grams: number, back = 0): void {
  scale.shows(grams);
  scale.names(item);
  scale.shows(grams);
  scale.shows(back);
}

test("P18: a scale that took its zero under a load measures nothing until it rests at zero again", (t) => {
  for (const mode of ["gross", "unknown"] as const) {
    const scale = bench(mode);
    scale.shows(0);
    weigh(scale, "A", 5_000);
    // Zeroed with 1435 g on it, which are then taken off.
    scale.shows(-1_435);
    weigh(scale, "B", 105, -1_435);
    t.deepEqual(scale.grams(), [5_000], mode);
    t.deepEqual(new Set(scale.reasons()), new Set(["load-left"]), mode);
    scale.shows(0);
    weigh(scale, "C", 1_540);
    t.deepEqual(scale.grams(), [5_000, 1_540], mode);
  }
});

test("P18: whoever waits for such a load is told that the zero is off", (t) => {
  const scale = bench("gross");
  scale.shows(-1_435);
  scale.shows(105);
  scale.names("B");
  scale.shows(105, "stable", 60);
  scale.isSilent(200);
  t.deepEqual(scale.grams(), []);
  t.true(scale.reasons().includes("zero-off"), scale.reasons().join());
});

test("P18: under a tare an empty scale shows less than zero by right, once zero was there again behind a load", (t) => {
  const scale = bench("net");
  scale.shows(0);
  weigh(scale, "A", 5_000);
  // A tote of 2 kg was tared.
  scale.shows(-2_000);
  weigh(scale, "B", 3_000, -2_000);
  t.deepEqual(scale.grams(), [5_000, 3_000]);
});

test("P18: after a start or a silence a net value below zero counts, because the scale may have been without power", (t) => {
  for (const before of ["start", "silence"]) {
    const scale = bench("net");
    scale.shows(0);
    if (before === "silence") {
      weigh(scale, "A", 5_000);
      scale.isSilent(1_000);
      scale.shows(0);
    }
    scale.shows(-1_435);
    weigh(scale, "B", 105, -1_435);
    t.deepEqual(scale.grams(), before === "start" ? [] : [5_000], before);
  }
});

test("P18: a platform that swings below zero after a load is not off", (t) => {
  const scale = bench("gross");
  scale.shows(0);
  scale.shows(5_000);
  scale.names("A");
  scale.shows(5_000);
  scale.shows(-400, "motion", 1);
  scale.shows(30, "motion", 1);
  weigh(scale, "B", 2_000);
  t.deepEqual(scale.grams(), [5_000, 2_000]);
});

test("P18: status words of a load cell below its zero count, and overload of a scale that nobody loaded", (t) => {
  for (const status of ["underload", "under-zero", "outside-zero-range", "overload"]) {
    const scale = bench("net");
    scale.shows(0);
    weigh(scale, "A", 5_000);
    scale.says(status);
    weigh(scale, "B", 105);
    t.deepEqual(scale.grams(), [5_000], status);
    weigh(scale, "C", 1_540);
    t.deepEqual(scale.grams(), [5_000, 1_540], `${status}, and zero again`);
  }
});

test("P18: who puts too much on a scale has not moved its zero", (t) => {
  const scale = bench("net");
  scale.shows(0);
  scale.shows(40_000, "motion", 1);
  scale.says("overload");
  scale.shows(5_000);
  scale.names("A");
  scale.shows(5_000);
  t.deepEqual(scale.grams(), [5_000]);
});

test("P18: silence of an empty scale says that it is below zero only where its protocol says nothing there", (t) => {
  for (const mute of [true, false]) {
    const scale = bench("net", mute);
    scale.shows(0);
    scale.isSilent(1_000);
    weigh(scale, "B", 105);
    t.deepEqual(scale.grams(), mute ? [] : [105]);
    weigh(scale, "C", 1_540);
    t.is(scale.grams().at(-1), 1_540);
  }
});
