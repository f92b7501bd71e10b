import test from "ava";
import * as fc from "fast-check";
import { decodeFrame } from "../../../devices/protocols/index.ts";
import {
  decodedLine,
  flippedBits,
  frame,
  hex,
  latin1,
  mass,
  opened,
  slippedBytes,
  talk,
  tick,
  withEvenParity,
} from "./ascii.ts";

const decoded = (line: string) => decodedLine("and-standard", line);
const STABLE = hex("53 54 2c 2b 30 30 30 31 2e 32 33 34 20 6b 67 0d 0a");

test("AD1: the stable kilogram, byte for byte", (t) => {
  t.deepEqual(decodeFrame("and-standard", STABLE), mass([1234, -3], "kg", "stable", "unknown"));
});

test("AD1, AD3: the manuals' lines: stable, moving, negative, every unit, a comparator's limit", (t) => {
  t.deepEqual(decoded("ST,+00123.45  g"), mass([12_345, -2], "g", "stable", "unknown"));
  t.deepEqual(decoded("US,-00018.39 kg"), mass([-1839, -2], "kg", "motion", "unknown"));
  t.deepEqual(decoded("ST,+0001.250 lb"), mass([1250, -3], "lb", "stable", "unknown"));
  t.deepEqual(decoded("ST,+00020.05 oz"), mass([2005, -2], "oz", "stable", "unknown"));
  t.deepEqual(decoded("ST,OK,+0001.234 kg"), mass([1234, -3], "kg", "stable", "unknown"));
  t.deepEqual(decoded("US,HI,+0009.999 kg"), mass([9999, -3], "kg", "motion", "unknown"));
});

test("L3: zero keeps its resolution and loses its sign", (t) => {
  t.deepEqual(decoded("ST,+00000.00  g"), mass([0, -2], "g", "stable", "unknown"));
  t.deepEqual(decoded("ST,-00000.00  g"), mass([0, -2], "g", "stable", "unknown"));
});

test("AD2, AD3, AD5: counting, percent, out of range and refused commands are status, never a weight", (t) => {
  const told = {
    "QT,+00001234 PC": "counting",
    "US,+00001234 PC": "counting",
    "ST,+000123.4  %": "percent",
    "OL,+999999.9  g": "overload",
    "OL,-999999.9  g": "underload",
    "OL,+9999999E+19": "overload",
    "OL,-99999999 PC": "underload",
    "EC,E02": "error-e02",
    "EC,E11": "error-e11",
  };
  for (const [line, status] of Object.entries(told)) t.deepEqual(decoded(line), { kind: "status", status }, line);
});

test("AD1, AD2: what is not exactly such a line is refused", (t) => {
  const lines = [
    "ST,+0001.23 kg",
    "ST,+00001.234 kg",
    "ST,+0001.234kg",
    "ST, 0001.234 kg",
    "ST,+   1.234 kg",
    "ST,+00 1.234 kg",
    "ST,+00.1.234 kg",
    "ST,+........ kg",
    "ST,+0001.234ozt",
    "ST,+0001.234 ct",
    "ST,+0001.234   ",
    "QT,+0001.234 kg",
    "OK,+0001.234 kg",
    "ST;+0001.234 kg",
    "ST,+0001,234 kg",
    "S     100.00 g",
    "SD     -18.3 g",
    "",
  ];
  for (const line of lines) t.is(decoded(line).kind, "refused", line);
  t.deepEqual(decoded("ST,+0001.234 ct"), { kind: "refused", reason: 'unit "ct" is not known' });
});

test("L6: a lost or doubled byte is noticed", (t) => {
  for (const slipped of slippedBytes(STABLE)) t.is(decodeFrame("and-standard", slipped).kind, "refused");
});

test("L2, L8: a 7E1 balance read with 8N1 is understood, and a bit that flips on its line is noticed", (t) => {
  const even = withEvenParity(STABLE);
  t.deepEqual(decodeFrame("and-standard", even), mass([1234, -3], "kg", "stable", "unknown"));
  const asked = [opened, tick(50)];
  for (const damaged of flippedBits(even, 0xff)) {
    const heard = talk("and-standard", [...asked, frame(even, 60), tick(160), frame(damaged, 170), frame(even, 180)]);
    t.deepEqual(heard, ['"Q\\r\\n"', "admit", '"Q\\r\\n"', "damaged", "admit"]);
  }
});

test("AD5: a session settles, asks, and asks again when no answer comes; what comes by itself counts too", (t) => {
  const inputs = [opened, tick(20), frame(STABLE, 30), tick(50), tick(100), tick(549), tick(550), frame(STABLE, 560)];
  t.deepEqual(talk("and-standard", inputs), ['"Q\\r\\n"', '"Q\\r\\n"', "admit"]);
  const streaming = [opened, tick(50), frame(STABLE, 60), frame(STABLE, 80), tick(150), frame(STABLE, 155)];
  t.deepEqual(talk("and-standard", streaming), ['"Q\\r\\n"', "admit", "admit", '"Q\\r\\n"', "admit"]);
});

test("AD1: whatever such a balance shows is read with its sign, resolution and unit", (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: -9_999_999, max: 9_999_999 }),
      fc.integer({ min: 0, max: 6 }),
      fc.constantFrom("g", "kg", "lb", "mg"),
      fc.constantFrom("ST", "US"),
      (mantissa, decimals, unit, header) => {
        // Written by the manual's columns, not by the decoder's grammar.
        const digits = Math.abs(mantissa).toString().padStart(7, "0");
        const columns =
          decimals === 0 ? `0${digits}` : `${digits.slice(0, 7 - decimals)}.${digits.slice(7 - decimals)}`;
        const line = `${header},${mantissa < 0 ? "-" : "+"}${columns}${unit.padStart(3)}`;
        t.deepEqual(
          decodeFrame("and-standard", latin1(`${line}\r\n`)),
          mass([mantissa, -decimals], unit, header === "ST" ? "stable" : "motion", "unknown"),
        );
      },
    ),
    { numRuns: 300 },
  );
});
