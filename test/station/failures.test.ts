/** Known failures of drivers that only show where readings become measurements; the others are in test/devices. */
import test from "ava";
import { decodeFrame } from "../../devices/index.ts";
import { encodeTelegram } from "../../devices/protocols/sick/index.ts";
import type { Quantity } from "../../devices/quantity/index.ts";
import { type Effect, type Input, type StationSettings, startStation, step } from "../../gateway/station/index.ts";

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
const settings: StationSettings = {
  station: "dock-1",
  windowMs: 5_000,
  earlyMs: 300,
  devices: [
    { id: "scale-1", delivery: "stream", measures: ["mass"], mass, dimensions: null },
    { id: "dimensioner-1", delivery: "event", measures: ["dimensions", "item"], mass: null, dimensions: sides },
  ],
};

let serial = 0;
function frame(device: string, since: number, quantities: readonly Quantity[]): Input {
  serial += 1;
  const bytes = Uint8Array.of(serial & 255, serial >> 8);
  return {
    kind: "frame",
    device,
    at: 1_800_000_000_000 + since,
    since,
    reloaded: false,
    frame: bytes,
    quantities,
    reading: null,
  };
}
const shows = (
  since: number,
  grams: number,
  stability: "stable" | "motion" = "stable",
  mode: "net" | "tare" = "net",
): Input =>
  frame("scale-1", since, [{ kind: "mass", value: { mantissa: grams, exponent: -3 }, unit: "kg", stability, mode }]);
const says = (since: number, status: string): Input => ({ kind: "status", device: "scale-1", since, status });
const telegram = (since: number, name: string): Input =>
  frame("dimensioner-1", since, [
    { kind: "item", item: name },
    {
      kind: "dimensions",
      length: { mantissa: 400, exponent: 0 },
      width: { mantissa: 300, exponent: 0 },
      height: { mantissa: 200, exponent: 0 },
      unit: "mm",
    },
  ]);
const every100 = (from: number, to: number, of: (since: number) => Input): readonly Input[] =>
  Array.from({ length: (to - from) / 100 }, (_, index) => of(from + index * 100));

function play(inputs: readonly Input[]) {
  let state = startStation(settings, null);
  const effects: Effect[] = [];
  for (const input of inputs) {
    const next = step(state, input);
    ({ state } = next);
    effects.push(...next.effects);
  }
  const measured = effects.flatMap((effect) => (effect.kind === "measure" ? [effect.measurement.mass] : []));
  return { state, measured };
}

test("duplicated frames: ten a second are one weighing for each load, until the scale was empty (P4)", (t) => {
  const { measured } = play([
    ...every100(0, 500, (since) => shows(since, 0)),
    ...every100(500, 1_000, (since) => shows(since, 5_000)),
    telegram(1_000, "A"),
    ...every100(1_000, 9_000, (since) => shows(since, 5_000)),
    telegram(9_000, "A"),
    ...every100(9_000, 9_500, (since) => shows(since, 0)),
    ...every100(9_500, 10_000, (since) => shows(since, 5_000)),
    telegram(10_000, "B"),
    ...every100(10_000, 11_000, (since) => shows(since, 5_000)),
  ]);
  t.deepEqual(
    measured.map(({ mantissa, exponent }) => mantissa * 10 ** exponent),
    [5, 5],
  );
});

test("a scale that is silent while nothing changes: silence is neither zero nor an empty scale (P14)", (t) => {
  const { state, measured } = play([
    ...every100(0, 1_000, (since) => shows(since, 5_000)),
    { kind: "tick", now: 3_000 },
    telegram(3_000, "A"),
    { kind: "tick", now: 3_500 },
  ]);
  t.is(state.load.kind, "unseen");
  t.deepEqual(measured, []);
});

test("an item that stood there before anybody listened is weighed: level, not edge (P4, D9)", (t) => {
  const { measured } = play([...every100(0, 500, (since) => shows(since, 5_000)), telegram(500, "A")]);
  t.is(measured.length, 1);
});

test("a sensor gap reported as zero is an error and no measurement (P7, K3, P1)", (t) => {
  const zeroed = {
    objectNumber: "0001",
    barcode: "BOX1",
    weight: "000000000",
    weightUnit: "g",
    scaleError: "1",
    length: "0000",
    width: "0000",
    height: "0000",
    lengthUnit: "mm",
    status: "0001",
    volume: "0000000",
  };
  t.deepEqual(decodeFrame("sick", encodeTelegram(zeroed)), {
    kind: "quantities",
    quantities: [{ kind: "item", item: "BOX1" }],
  });
  t.deepEqual(decodeFrame("toledo-continuous", Buffer.from("022c70202020203030302020202020300d", "hex")), {
    kind: "status",
    status: "zero-not-captured",
  });
  t.deepEqual(play([...every100(0, 1_000, (since) => shows(since, 0)), telegram(1_000, "A")]).measured, []);
});

test("motion, overload, underload, busy, negative, out of range and tare are told apart, and none of them is a mass (P1, P14)", (t) => {
  const loadOf = (inputs: readonly Input[]) =>
    play([...every100(0, 500, (since) => shows(since, 5_000)), ...inputs]).state.load;
  const used = (inputs: readonly Input[]): boolean => {
    const load = loadOf(inputs);
    return load.kind === "loaded" && load.mass !== null;
  };
  t.true(used([]));
  t.false(used([shows(500, 5_000, "motion")]));
  t.false(used([says(500, "overload")]));
  t.false(used([says(500, "busy")]));
  t.false(used([says(500, "quarantined")]));
  t.false(used([says(500, "garbled")]));
  t.false(used([shows(500, 61_000), shows(600, 61_000)]));
  t.false(used([shows(500, 5_001), shows(600, 5_001)]));
  // A tare says nothing of the load: what the scale showed still stands.
  t.true(used([shows(500, 1_000, "stable", "tare")]));
  for (const below of [says(500, "underload"), shows(500, -500), shows(500, 0)]) t.is(loadOf([below]).kind, "empty");
});
