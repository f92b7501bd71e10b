import test from "ava";
import { decodeFrame } from "../../../devices/protocols/index.ts";
import { decodedLine, frame, latin1, mass, opened, slippedBytes, talk, tick } from "./ascii.ts";

const decoded = (line: string) => decodedLine("ohaus", line);

test("OH1, OH2: the lines of a Defender, a Ranger and a Scout", (t) => {
  t.deepEqual(decoded("-    1.25    kg?NET"), mass([-125, -2], "kg", "motion", "net"));
  t.deepEqual(decoded("    12.34    kg G  "), mass([1234, -2], "kg", "stable", "gross"));
  t.deepEqual(decoded("     1.00     g T  "), mass([100, -2], "g", "stable", "tare"));
  t.deepEqual(decoded("     12.34 kg   NET"), mass([1234, -2], "kg", "stable", "net"));
  t.deepEqual(decoded("-     0.50 lb ? B/G"), mass([-50, -2], "lb", "motion", "gross"));
  t.deepEqual(decoded("     192.21 g"), mass([19_221, -2], "g", "stable", "unknown"));
  t.deepEqual(decoded("       0.01 g ?"), mass([1, -2], "g", "motion", "unknown"));
  t.deepEqual(decoded("     -12.50 kg"), mass([-1250, -2], "kg", "stable", "unknown"));
});

test("OH3: pieces and percent are status, other units are refused by name", (t) => {
  t.deepEqual(decoded("         12 PCS"), { kind: "status", status: "counting" });
  t.deepEqual(decoded("     100.00 %"), { kind: "status", status: "percent" });
  t.deepEqual(decoded("      10.00 dwt"), { kind: "refused", reason: 'unit "dwt" is not known' });
});

test("OH1: a line that fits no layout is refused", (t) => {
  const lines = [
    "     12.34    kg G  ",
    "   12.34    kg G  ",
    "    12.34    kg!G  ",
    "    1 .34    kg G  ",
    "    12.34       G  ",
    "     192.21 g ",
    "     192.21 g?",
    "    192.21 g",
    "     192.21g",
    "    -12.-50 kg",
    "+    1.25    kg NET",
    "",
  ];
  for (const line of lines) t.is(decoded(line).kind, "refused", line);
});

test("L6: a lost or doubled byte is noticed, a lost motion mark too", (t) => {
  for (const line of ["-    1.25    kg?NET", "     12.34 kg ? NET", "     192.21 g", "       0.01 g ?"]) {
    for (const slipped of slippedBytes(latin1(`${line}\r\n`)))
      t.is(decodeFrame("ohaus", slipped).kind, "refused", line);
  }
});

test("OH4: a session asks IP and takes what comes by itself as well", (t) => {
  const line = latin1("     192.21 g\r\n");
  const inputs = [opened, frame(line, 10), tick(50), frame(line, 60), frame(line, 70), tick(150), tick(650)];
  t.deepEqual(talk("ohaus", inputs), ['"IP\\r\\n"', "admit", "admit", '"IP\\r\\n"', '"IP\\r\\n"']);
});
