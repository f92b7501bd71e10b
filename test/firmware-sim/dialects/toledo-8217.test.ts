import test from "ava";
import { bench, hexOf } from "./bench.ts";

const KG = "toledo-8217-kg";
const LB = "toledo-8217-lb";

test("W gives the weight at rest: WW.WWW in kilograms, 0WW.WW in pounds", (t) => {
  t.is(bench(KG, 1_235).say("W"), "\x0201.235\r");
  t.is(bench(KG).say("W"), "\x0200.000\r");
  t.is(bench(LB, 10_000).say("W"), "\x02022.05\r");
  t.is(bench(KG, 1_235).say("H"), "\x0201.2350\r");
});

test("W gives a status byte in motion, below zero, over and far below the range", (t) => {
  const scale = bench(KG);
  scale.load(20_000, 10_000);
  t.is(scale.say("W", 10_030), "\x02?I\r");
  t.is(scale.say("W", 11_000), "\x0220.000\r");
  t.is(bench(KG, -50).say("W"), "\x02?D\r");
  t.is(bench(KG, 61_000).say("W"), "\x02?J\r");
  t.is(bench(KG, -5_000).say("W"), "\x02?L\r");
});

test("Z sets zero at rest and in range, and answers with the status", (t) => {
  const scale = bench(KG, 500);
  t.is(scale.say("Z"), "\x02?P\r");
  t.is(scale.say("W"), "\x0200.000\r");
  t.is(bench(KG, 5_000).say("Z"), "\x02?H\r");
});

test("T takes what lies there, answers 150 ms later, and marks the weight as net; C clears it", (t) => {
  const scale = bench(KG, 500);
  t.is(scale.say("T"), "");
  t.is(scale.wakeAtMs(), 10_150);
  t.is(scale.tick(10_100), "");
  t.is(scale.tick(10_150), "\x02?`\r");
  t.is(scale.say("W", 10_200), "\x0200.000N\r");
  t.is(scale.say("C", 10_300), "");
  t.is(scale.tick(10_450), "\x02?@\r");
  t.is(scale.say("W", 10_500), "\x0200.500\r");
});

test("T with five digits is a known tare; with fewer it is dropped", (t) => {
  const scale = bench(KG, 1_000);
  t.is(scale.say("T00250"), "");
  t.is(scale.tick(10_150), "\x02?`\r");
  t.is(scale.say("W", 10_200), "\x0200.750N\r");
  const other = bench(KG, 1_000);
  other.say("T002");
  t.is(other.tick(10_150), "\x02?@\r");
  t.is(other.say("W", 10_200), "\x0201.000\r");
});

test("A tared scale that is emptied is net and below zero; its gross is at zero", (t) => {
  const scale = bench(KG, 500);
  scale.say("T");
  scale.tick(10_150);
  scale.load(0, 10_200);
  t.is(hexOf(scale.say("W", 11_000)), "023f740d");
});

test("A and B run a self-test whose result is told once", (t) => {
  const scale = bench(KG);
  t.is(scale.say("B"), "\x02?\0\r");
  t.is(scale.say("A"), "\x02\r");
  t.is(scale.say("B"), "\x02?@\r");
  t.is(scale.say("B"), "\x02?\0\r");
});

test("E echoes every byte until F; unknown letters get the status", (t) => {
  const scale = bench(KG);
  t.is(scale.say("Ehello"), "\x02E\rhello");
  t.is(scale.say("WF"), "W\x02F\r");
  t.is(scale.say("Q"), "\x02?P\r");
  t.is(scale.say("W"), "\x0200.000\r");
});
