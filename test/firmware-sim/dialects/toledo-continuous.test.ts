import test from "ava";
import { bench, hexOf } from "./bench.ts";

const PLAIN = "toledo-continuous";
const CHECKED = "toledo-continuous-checksum";
/** The frame that is due at 10 s, in hexadecimal. */
const frameOf = (scale: ReturnType<typeof bench>, atMs = 10_000): string => hexOf(scale.tick(atMs));

const tenGrams = { displays: [{ unit: "kg", division: { mantissa: 1, exponent: -2 } }] } as const;

test("the frames of the page, from the loads that they are of", (t) => {
  t.is(frameOf(bench(CHECKED, 12_340, tenGrams)), "022c30202020313233342020202020300d1b");
  t.is(frameOf(bench(PLAIN, 12_340, tenGrams)), "022c30202020313233342020202020300d");
  const tared = bench(CHECKED, 1_000, tenGrams);
  tared.say("T");
  tared.load(500, 10_000);
  t.is(frameOf(tared, 11_000), "022c33202020202035302020203130300d1c");
});

test("a frame comes with every update of the display, by itself, from power-on", (t) => {
  const scale = bench(PLAIN);
  t.is(scale.wakeAtMs(), 0);
  t.is(frameOf(scale, 0).length, 34);
  t.is(scale.wakeAtMs(), 100);
  t.is(frameOf(scale, 50), "");
  t.is(frameOf(scale, 100).length, 34);
});

test("motion, overload and underload are bits of word B", (t) => {
  const scale = bench(PLAIN);
  scale.load(20_000, 10_000);
  t.is(frameOf(scale, 10_030).slice(4, 6), "38");
  t.is(frameOf(bench(PLAIN, 61_000)).slice(4, 6), "34");
  t.is(frameOf(bench(PLAIN, -500)).slice(4, 6), "36");
});

test("word A has the step and the place of the last digit, with zeros that are never sent", (t) => {
  const wordA = (mantissa: number, exponent: number) =>
    frameOf(bench(PLAIN, 20_000, { displays: [{ unit: "kg", division: { mantissa, exponent } }] })).slice(2, 20);
  t.is(wordA(5, -3), "3d3020203230303030");
  t.is(wordA(2, -2), "343020202032303030");
  t.is(wordA(1, 0), "2a3020202020203230");
  t.is(wordA(10, 0), "293020202020202032");
});

test("the unit is a bit of word B, or a code of word C", (t) => {
  const words = (unit: "lb" | "g" | "t", mantissa: number, exponent: number) =>
    frameOf(bench(PLAIN, 20_000, { displays: [{ unit, division: { mantissa, exponent } }] })).slice(2, 20);
  t.is(words("lb", 1, -2), "2c2020202034343039");
  t.is(words("g", 5, 0), "3a2021203230303030");
  t.is(words("t", 1, -3), "2d2022202020203230");
});

test("T, Z and C are obeyed without an answer, at rest only; P marks one frame; others are ignored", (t) => {
  const scale = bench(PLAIN, 1_000);
  t.is(scale.say("TQx\r\n"), "");
  t.is(frameOf(scale).slice(4, 6), "31");
  t.is(scale.say("C"), "");
  t.is(frameOf(scale, 10_100).slice(4, 6), "30");
  scale.say("P");
  t.is(frameOf(scale, 10_200).slice(6, 8), "28");
  t.is(frameOf(scale, 10_300).slice(6, 8), "20");
  scale.say("Z");
  t.is(frameOf(scale, 10_400).slice(8, 20), "202020202030");
  scale.load(20_000, 10_500);
  scale.say("T", 10_520);
  t.is(frameOf(scale, 10_530).slice(4, 6), "38");
});

test("a display that six digits or the status words cannot show is refused at power-on", (t) => {
  t.throws(() => bench(PLAIN, 0, { displays: [{ unit: "kg", division: { mantissa: 1, exponent: -5 } }] }), {
    message: /has 6 digits: give the scale a coarser division in kg/,
  });
  t.throws(() => bench(PLAIN, 0, { displays: [{ unit: "oz", division: { mantissa: 1, exponent: -1 } }] }), {
    message: /has no oz/,
  });
});
