import test from "ava";
import { bench } from "./bench.ts";

test("W gives weight, unit and three status bytes", (t) => {
  t.is(bench("nci", 12_343).say("W\r"), "\n 12.345kg\r\n0p0\r\x03");
  t.is(bench("nci").say("W\r"), "\n  0.000kg\r\n2p0\r\x03");
  t.is(bench("nci", 12_345).say("H\r"), "\n12.3450kg\r\n0p0\r\x03");
});

test("U goes on to the next unit; ounces are shown as pounds and ounces", (t) => {
  const scale = bench("nci", 1_000);
  t.is(scale.say("U\r"), "\nlb\r\n0p0\r\x03");
  t.is(scale.say("W\r"), "\n   2.20lb\r\n0p0\r\x03");
  t.is(scale.say("U\r"), "\noz\r\n0p0\r\x03");
  t.is(scale.say("W\r"), "\n2lb 03.2oz\r\n0p0\r\x03");
});

test("motion, range, zero and net are bits of the status; the display fills over and under the range", (t) => {
  const scale = bench("nci");
  scale.load(20_000, 10_000);
  t.regex(scale.say("W\r", 10_030), /kg\r\n1p0\r/);
  t.is(bench("nci", 61_000).say("W\r"), "\n^^^^^^^kg\r\n0r0\r\x03");
  t.is(bench("nci", -500).say("W\r"), "\n_______kg\r\n0q0\r\x03");
  const tared = bench("nci", 500);
  t.is(tared.say("T\r"), "\n0p4\r\x03");
  t.is(tared.say("W\r"), "\n  0.000kg\r\n0p4\r\x03");
});

test("Z sets zero; where it cannot, the status has no bit for zero", (t) => {
  t.is(bench("nci", 500).say("Z\r"), "\n2p0\r\x03");
  t.is(bench("nci", 5_000).say("Z\r"), "\n0p0\r\x03");
});

test("S gives the status, M raw counts, anything else a question mark, in pieces as well as whole", (t) => {
  const scale = bench("nci", 6_000);
  t.is(scale.say("S\r"), "\n0p0\r\x03");
  t.is(scale.say("M\r"), "\n010000MM\r\n0p0\r\x03");
  for (const command of ["X", "w", "WW", " W"]) t.is(scale.say(`${command}\r`), "\n?\r\x03", command);
  t.is(scale.say("S"), "");
  t.is(scale.say("\rS\r"), "\n0p0\r\x03\n0p0\r\x03");
});
