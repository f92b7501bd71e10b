import test from "ava";
import * as fc from "fast-check";
import { cutStream, decodeFrame, protocols } from "../../../devices/protocols/index.ts";
import { decodedLine, frame, hex, latin1, mass, opened, slippedBytes, talk, tick, withEvenParity } from "./ascii.ts";

const decoded = (line: string) => decodedLine("st-gs", line);
const CAS_22 = hex("53 54 2c 47 53 2c 31 c4 2c 20 20 30 31 32 2e 33 34 20 6b 67 0d 0a");
const cas22 = (header: string, lamp: number, field = "  012.34") =>
  decoded(`${header},1${String.fromCharCode(lamp)},${field} kg`);

test("SG1: the lines of the manuals, of every layout", (t) => {
  t.deepEqual(decoded("ST,GS,+   1.25kg"), mass([125, -2], "kg", "stable", "gross"));
  t.deepEqual(decoded("US,NT,- 12.340kg"), mass([-12_340, -3], "kg", "motion", "net"));
  t.deepEqual(decoded("ST,GS,  18.000kg"), mass([18_000, -3], "kg", "stable", "gross"));
  t.deepEqual(decoded("ST,NT,   -0.20lb"), mass([-20, -2], "lb", "stable", "net"));
  t.deepEqual(decoded("ST,TR,    1.00 t"), mass([100, -2], "t", "stable", "tare"));
  t.deepEqual(decoded("01ST,GS,     0.0,kg"), mass([0, -1], "kg", "stable", "gross"));
  t.deepEqual(decoded("ST,GS,     0.0,Kg"), mass([0, -1], "kg", "stable", "gross"));
  t.deepEqual(decoded("ST,GS  1.000KG"), mass([1000, -3], "kg", "stable", "gross"));
  t.deepEqual(decoded("US,GS  1.342KG"), mass([1342, -3], "kg", "motion", "gross"));
});

test("SG2: a CAS line of 22 bytes, byte for byte", (t) => {
  t.deepEqual(decodeFrame("st-gs", CAS_22), mass([1234, -2], "kg", "stable", "gross"));
});

test("SG4: out of range is a status, whatever stands in the field; zero and hold lamps are flags", (t) => {
  t.deepEqual(decoded("OL,GS,        kg"), { kind: "status", status: "overload" });
  t.deepEqual(decoded("OL,GS,  012.34kg"), { kind: "status", status: "overload" });
  t.deepEqual(decoded("UL,NT,- 12.340kg"), { kind: "status", status: "underload" });
  t.deepEqual(cas22("OL,GS", 0x84, "        "), { kind: "status", status: "overload" });
  t.deepEqual(cas22("ST,GS", 0xc5, "    0.00"), mass([0, -2], "kg", "stable", "gross", ["center-of-zero"]));
  t.deepEqual(cas22("ST,NT", 0xf2), mass([1234, -2], "kg", "stable", "net", ["hold"]));
});

test("SG3: lamps that contradict the header refuse the line; the model's own bits do not", (t) => {
  const damaged = { kind: "refused", reason: "the lamp byte contradicts the header" };
  t.deepEqual(cas22("ST,GS", 0x84), damaged);
  t.deepEqual(cas22("US,GS", 0xc4), damaged);
  t.deepEqual(cas22("ST,NT", 0xc4), damaged);
  t.deepEqual(cas22("ST,GS", 0xc0), damaged);
  for (const free of [0x20, 0x08, 0x02])
    t.deepEqual(cas22("ST,GS", 0xc4 | free), mass([1234, -2], "kg", "stable", "gross"));
});

test("SG2: a lamp byte that looks like a line end, a start or nothing at all ends no line", (t) => {
  const { framing } = protocols.get("st-gs") ?? {};
  if (framing?.kind !== "stream") return t.fail();
  for (let lamp = 0x80; lamp <= 0xff; lamp++) {
    const line = CAS_22.map((byte, at) => (at === 7 ? lamp : byte));
    for (let split = 0; split <= line.length; split++) {
      const first = cutStream(framing.takeFrame, new Uint8Array(0), line.subarray(0, split));
      const second = cutStream(framing.takeFrame, first.rest, line.subarray(split));
      const parts = [...first.parts, ...second.parts];
      t.deepEqual(
        parts.map(({ kind, bytes }) => [kind, bytes.length]),
        [["frame", 22]],
        `lamp ${lamp}, split ${split}`,
      );
    }
  }
});

test("SG5, SG6: pieces and raw signals are status; unknown units, widths and headers are refused", (t) => {
  t.deepEqual(decoded("ST,GS,     12PC"), { kind: "refused", reason: "no line of the ST,GS family" });
  t.deepEqual(decoded("ST,GS,      12PC"), { kind: "status", status: "counting" });
  t.deepEqual(decoded("ST,VL,   1.234,mV"), { kind: "status", status: "raw-signal" });
  t.deepEqual(decoded("ST,GS,  012.34st"), { kind: "refused", reason: 'unit "st" is not known' });
  const lines = [
    "ST,GS,   12.34 kg",
    "ST,GS,   1 2.34kg",
    "ST,GS,  12.3.4kg",
    "ST,GS,        kg",
    "ST,GS,  012,34kg",
    "ST;GS,  012.34kg",
    "OK,GS,  012.34kg",
    "ST,XX,  012.34kg",
    "1ST,GS,     0.0,kg",
    "011ST,1, 0.0,PT 20.8, 0,vv",
    "   12.34",
    "",
  ];
  for (const line of lines) t.is(decoded(line).kind, "refused", line);
});

test("L6: a lost or doubled byte is noticed", (t) => {
  const good = ["ST,GS,+   1.25kg", "01ST,GS,    20.8,kg", "ST,GS  1.000KG"].map((line) => latin1(`${line}\r\n`));
  for (const whole of [CAS_22, ...good]) {
    for (const slipped of slippedBytes(whole)) t.is(decodeFrame("st-gs", slipped).kind, "refused");
  }
});

test("SG7, L8: nothing is asked; what waited in the buffer does not count; a bit that flips on a 7E1 line is noticed", (t) => {
  const even = withEvenParity(latin1("ST,GS,+   1.25kg\r\n"));
  const flipped = even.map((byte, at) => (at === 10 ? byte ^ 0x01 : byte));
  const heard = talk("st-gs", [
    opened,
    frame(even, 10),
    tick(50),
    frame(even, 60),
    frame(flipped, 70),
    frame(even, 80),
  ]);
  t.deepEqual(heard, ["admit", "damaged", "admit"]);
});

test("SG1: whatever an indicator shows is read with its sign, resolution and unit", (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: -99_999, max: 999_999 }),
      fc.integer({ min: 0, max: 4 }),
      fc.constantFrom("kg", " g", " t", "lb"),
      (mantissa, decimals, unit) => {
        const digits = Math.abs(mantissa)
          .toString()
          .padStart(decimals + 1, "0");
        const point = decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
        const field = `${mantissa < 0 ? "-" : " "}${point.padStart(7)}`;
        t.deepEqual(decoded(`ST,GS,${field}${unit}`), mass([mantissa, -decimals], unit.trim(), "stable", "gross"));
      },
    ),
    { numRuns: 300 },
  );
});

test("CT1, CT2: eight columns and nothing else; the unit is the protocol's name, stability and mode are unknown", (t) => {
  t.deepEqual(decodedLine("cas-10-kg", "   12.34"), mass([1234, -2], "kg", "unknown", "unknown"));
  t.deepEqual(decodedLine("cas-10-lb", "-   0.50"), mass([-50, -2], "lb", "unknown", "unknown"));
  t.deepEqual(decodedLine("cas-10-kg", "        "), { kind: "status", status: "no-reading" });
  for (const line of ["  12.34", "   12.34 ", "   12.34kg", "ERR     ", ""])
    t.is(decodedLine("cas-10-kg", line).kind, "refused", line);
  for (const slipped of slippedBytes(latin1("   12.34\r\n"))) t.is(decodeFrame("cas-10-g", slipped).kind, "refused");
});
