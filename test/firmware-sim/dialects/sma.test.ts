import test from "ava";
import { bench } from "./bench.ts";

const command = (letters: string): string => `\n${letters}\r`;

test("W and H give the displayed weight and ten times its resolution", (t) => {
  t.is(bench("sma", 7_652).say(command("W")), "\n 1G       7.650kg \r");
  t.is(bench("sma").say(command("W")), "\nZ1G       0.000kg \r");
  t.is(bench("sma", 7_652).say(command("H")), "\n 1g      7.6520kg \r");
});

test("motion, overload and underload have their letters; beyond the range there are no digits", (t) => {
  const scale = bench("sma");
  scale.load(20_000, 10_000);
  t.regex(scale.say(command("W"), 10_030), /^\n 1GM /);
  t.is(bench("sma", 61_000).say(command("W")), "\nO1G  ----------kg \r");
  t.is(bench("sma", -500).say(command("W")), "\nU1G  ----------kg \r");
});

test("P and Q wait for rest, and send dashes when it does not come", (t) => {
  const scale = bench("sma");
  scale.load(20_000, 10_000);
  t.is(scale.say(command("P"), 10_010), "");
  t.is(scale.wakeAtMs(), 10_030);
  t.is(scale.tick(10_500), "\n 1G      20.000kg \r");
  scale.load(0, 11_000);
  scale.say(command("Q"), 11_001);
  for (let atMs = 11_100; atMs < 12_000; atMs += 100) scale.load(atMs % 200 === 0 ? 0 : 20_000, atMs);
  scale.load(0, 12_000);
  t.is(scale.tick(12_001), "\n 1g  ----------   \r");
});

test("R and S repeat until another command", (t) => {
  const scale = bench("sma", 1_000);
  t.is(scale.say(command("R"), 0), "\n 1G       1.000kg \r");
  t.is(scale.tick(50), "");
  t.is(scale.tick(100), "\n 1G       1.000kg \r");
  t.is(scale.say(command("S"), 150), "\n 1g      1.0000kg \r");
  t.is(scale.tick(250), "\n 1g      1.0000kg \r");
  t.is(scale.say(command("W"), 260), "\n 1G       1.000kg \r");
  t.is(scale.tick(1_000), "");
});

test("Z and T answer with the weight, or E and T and dashes when they cannot", (t) => {
  const scale = bench("sma", 500);
  t.is(scale.say(command("Z")), "\nZ1G       0.000kg \r");
  scale.load(1_000, 10_000);
  t.is(scale.say(command("T"), 11_000), "\n 1N       0.000kg \r");
  t.is(scale.say(command("M"), 11_000), "\n 1T       0.500kg \r");
  t.is(scale.say(command("C"), 11_000), "\n 1G       0.500kg \r");
  t.is(bench("sma", 5_000).say(command("Z")), "\nE1G  ----------   \r");
  t.is(bench("sma", 61_000).say(command("T")), "\nT1G  ----------   \r");
});

test("A and B tell about the scale, I and N its range, D its health; behind the end comes a question mark", (t) => {
  const scale = bench("sma");
  const all = ["A", "B", "B", "B", "B", "B", "I", "N", "N", "N", "N", "N", "A", "B", "D"];
  t.deepEqual(
    all.map((letter) => scale.say(command(letter)).slice(1, -1)),
    [
      "SMA:2/1.0",
      "MFG:TALLYSTICK",
      "MOD:SIMULATED SCALE",
      "REV:1.0",
      "END:",
      "?",
      "SMA:2/1.0",
      "TYP:S",
      "CAP:kg :60:5:3",
      "CMD:HPQRSTMC",
      "END:",
      "?",
      "SMA:2/1.0",
      "MFG:TALLYSTICK",
      "    ",
    ],
  );
});

test("what is no command gets a question mark, a damaged byte an exclamation mark, and what has no line feed nothing", (t) => {
  const scale = bench("sma");
  for (const letters of ["X", "w", "WW", " W", ""]) t.is(scale.say(command(letters)), "\n?\r", letters);
  t.is(scale.say("\n\xd7\r"), "\n!\r");
  t.is(scale.say("W\r"), "");
  t.is(scale.say("\nW"), "");
  t.is(scale.say("\r"), "\nZ1G       0.000kg \r");
});
