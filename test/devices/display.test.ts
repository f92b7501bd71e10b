import test from "ava";
import { acknowledged, type Display, displayOf, judge, nothingShown } from "../../devices/display.ts";
import type { Decoded, Flag } from "../../devices/protocols/index.ts";
import type { MassUnit, Quantity } from "../../devices/quantity/index.ts";

type Quantities = Extract<Decoded, { kind: "quantities" }>;

const mass = (
  mantissa: number,
  exponent: number,
  unit: MassUnit = "kg",
  mode: "gross" | "tare" = "gross",
): Quantity => ({
  kind: "mass",
  value: { mantissa, exponent },
  unit,
  stability: "stable",
  mode,
});
const frame = (quantity: Quantity, ...flags: Flag[]): Quantities => ({
  kind: "quantities",
  quantities: [quantity],
  flags,
});

/** Gives the frames one after the other; the verdicts. */
function feed(start: Display, frames: readonly Quantities[], repeats = true) {
  let display = start;
  const verdicts = frames.map((one, index) => {
    const judged = judge(display, one, repeats, 1_000 + index);
    ({ display } = judged);
    return judged.verdict.kind;
  });
  return { display, verdicts };
}
const kg = frame(mass(12_345, -3));
const lb = frame(mass(2722, -2, "lb"));

test("D6: two frames with another unit in a row put a scale in quarantine, and nothing passes until it is acknowledged", (t) => {
  const { display, verdicts } = feed(displayOf(nothingShown), [kg, kg, lb, lb, kg, lb, kg]);
  t.deepEqual(verdicts, ["pass", "pass", "doubtful", "quarantined", "quarantined", "quarantined", "quarantined"]);
  t.like(display.memory.quarantine, { since: 1_003, was: "kg with 3 decimals", shows: "lb with 2 decimals" });
  const after = feed(acknowledged(display), [lb, lb, kg]);
  t.deepEqual(after.verdicts, ["pass", "pass", "doubtful"]);
});

test("D6: one frame that shows something else is not used, and proves nothing", (t) => {
  const { display, verdicts } = feed(displayOf(nothingShown), [kg, kg, lb, kg, lb, kg]);
  t.deepEqual(verdicts, ["pass", "pass", "doubtful", "pass", "doubtful", "pass"]);
  t.is(display.memory.quarantine, null);
});

test("D6: another number of decimals is another resolution, in the same unit", (t) => {
  const { verdicts } = feed(displayOf(nothingShown), [kg, kg, frame(mass(1235, -2)), frame(mass(1235, -2))]);
  t.deepEqual(verdicts, ["pass", "pass", "doubtful", "quarantined"]);
});

test("D6: a damaged first frame is not remembered as what the scale shows", (t) => {
  const { display, verdicts } = feed(displayOf(nothingShown), [lb, kg, kg, kg]);
  t.deepEqual(verdicts, ["pass", "pass", "pass", "pass"]);
  t.deepEqual(display.memory.shown, { mass: "kg with 3 decimals" });
});

test("D6: what was remembered before a restart holds after it", (t) => {
  const before = feed(displayOf(nothingShown), [kg, kg]).display.memory;
  t.deepEqual(feed(displayOf(before), [lb, lb]).verdicts, ["doubtful", "quarantined"]);
  const quarantined = feed(displayOf(before), [lb, lb]).display.memory;
  t.deepEqual(feed(displayOf(quarantined), [kg]).verdicts, ["quarantined"]);
});

test("D6: a scale that is set back and then acknowledged shows what it always showed", (t) => {
  const { display } = feed(displayOf(nothingShown), [kg, kg, lb, lb, kg, kg]);
  t.like(display.memory.quarantine, { was: "kg with 3 decimals", shows: "kg with 3 decimals" });
  t.deepEqual(feed(acknowledged(display), [kg, kg]).verdicts, ["pass", "pass"]);
});

test("D6: a range of a multi-range scale has its own resolution, a tare has none", (t) => {
  const low = frame(mass(12_345, -3), "range-1");
  const high = frame(mass(1235, -2), "range-2");
  const tare = frame(mass(1, 0, "g", "tare"));
  const { verdicts } = feed(displayOf(nothingShown), [low, low, high, high, low, tare, high]);
  t.deepEqual(new Set(verdicts), new Set(["pass"]));
});

test("D6: a device that speaks once a weighing is held to its unit, and at once", (t) => {
  const grams = frame(mass(500, 0, "g"));
  const { verdicts } = feed(displayOf(nothingShown), [frame(mass(5, -1)), kg, grams, kg], false);
  t.deepEqual(verdicts, ["pass", "pass", "quarantined", "quarantined"]);
});

test("D6: a zero without decimals tells the unit and no resolution", (t) => {
  const bare = frame(mass(0, 0));
  const { display, verdicts } = feed(displayOf(nothingShown), [bare, bare, kg, kg, bare, bare, frame(mass(0, -3)), kg]);
  t.deepEqual(new Set(verdicts), new Set(["pass"]));
  t.deepEqual(display.memory.shown, { mass: "kg with 3 decimals" });
  t.deepEqual(feed(display, [frame(mass(0, 0, "lb")), frame(mass(0, 0, "lb"))]).verdicts, ["doubtful", "quarantined"]);
});
