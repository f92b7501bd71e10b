import test from "ava";
import { decodeFrame } from "../../../devices/protocols/index.ts";

type Answer = ReturnType<typeof decodeFrame>;
const decoded = (text: string): Answer => decodeFrame("nci", Buffer.from(text, "latin1"));
const weighed = (weight: string, status = "00"): Answer => decoded(`\n${weight}\r\n${status}\r\x03`);
const mass = (
  mantissa: number,
  exponent: number,
  unit: string,
  { stability = "stable", mode = "unknown", flags = [] as readonly string[] } = {},
) =>
  ({
    kind: "quantities",
    quantities: [{ kind: "mass", value: { mantissa, exponent }, unit, stability, mode }],
    flags,
  }) as Answer;
const status = (text: string): Answer => ({ kind: "status", status: text });

test("NC2, NC3: the sample replies of the page, byte for byte", (t) => {
  const samples = {
    "0a303031322e33346c620d0a30300d03": mass(1_234, -2, "lb"),
    "0a5331300d03": status("motion"),
    "0a5332300d03": status("center-of-zero"),
    "0a30310d03": status("underload"),
    "0a30320d03": status("overload"),
    "0a3f0d03": status("syntax-error"),
  };
  for (const [bytes, answer] of Object.entries(samples))
    t.deepEqual(decodeFrame("nci", Buffer.from(bytes, "hex")), answer, bytes);
});

test("NC3: units are read in lower and upper case and never in a mixture; unknown ones are refused", (t) => {
  t.deepEqual(weighed("01.234KG"), mass(1_234, -3, "kg"));
  t.deepEqual(weighed("   12 g"), mass(12, 0, "g"));
  t.deepEqual(weighed("-  0.50lb"), mass(-50, -2, "lb"));
  t.deepEqual(weighed("-0.50lb"), mass(-50, -2, "lb"));
  for (const weight of [
    "1.2Kg",
    "1.2lbs",
    "1.2TN",
    "1.2T",
    "123456MM",
    "1.2",
    "1,2kg",
    "1.2.3kg",
    "kg1.2",
    "12345.67890kg",
  ])
    t.is(weighed(weight).kind, "refused", weight);
});

test("NC3: fill characters tell overload, underload and zero error, with a unit or without", (t) => {
  t.deepEqual(weighed("^^^^^^^^^"), status("overload"));
  t.deepEqual(weighed("^^^^^^^lb"), status("overload"));
  t.deepEqual(weighed("_________"), status("underload"));
  t.deepEqual(weighed("---------kg"), status("zero-error"));
});

test("NC5: pounds and ounces are one exact value in ounces", (t) => {
  t.deepEqual(weighed("3LB 04.5OZ"), mass(525, -1, "oz"));
  t.deepEqual(weighed(" 0lb  0.0oz", "20"), mass(0, -1, "oz", { flags: ["center-of-zero"] }));
  t.deepEqual(weighed("-1lb 8.25oz"), mass(-2_425, -2, "oz"));
  t.is(weighed("3LB 16.0OZ").kind, "refused");
});

test("NC2: the answer to U is a unit and no mass", (t) => {
  t.deepEqual(decoded("\nkg\r\n20\r\x03"), status("unit"));
  t.is(decoded("\nstone\r\n20\r\x03").kind, "refused");
});

const has = (byte: number, bit: number): boolean => (byte & (1 << bit)) !== 0;
const text = (bytes: readonly number[]): string => String.fromCharCode(...bytes);

/** What the table of NC4 and the order of NC6 say about status bytes beside `unit`. */
function expected([first = 0, second = 0, third, fourth]: readonly number[]): string {
  if (has(second, 0) && has(second, 1)) return "refused";
  if (has(first, 2) || has(first, 3) || has(second, 2)) return "memory-error";
  if (has(second, 3)) return "calibration-error";
  if (third !== undefined && has(third, 3)) return "zero-not-captured";
  if (has(second, 1)) return "overload";
  if (has(second, 0)) return has(first, 0) ? "motion" : "underload";
  if (fourth !== undefined && !has(fourth, 2)) return "refused";
  const mode = third === undefined ? "unknown" : has(third, 2) ? "net" : "gross";
  return [has(first, 0) ? "motion" : "stable", mode, ...(has(first, 1) ? ["center-of-zero"] : [])].join(" ");
}

function told(answer: Answer): string {
  if (answer.kind === "status") return answer.status;
  if (answer.kind === "refused") return "refused";
  const [quantity] = answer.quantities;
  if (quantity?.kind !== "mass") return "nothing";
  return [quantity.stability, quantity.mode, ...(answer.flags ?? [])].join(" ");
}

test("NC4, NC6: every combination of two, three and four status bytes means what the table says, with and without S", (t) => {
  const low = Array.from({ length: 16 }, (_, bits) => 0x30 | bits);
  for (const first of low) {
    for (const second of low) {
      const two = [first, second];
      for (const prefix of ["", "S"]) t.is(told(weighed("01.234kg", prefix + text(two))), expected(two));
      for (const third of low) {
        const three = [first, second | 0x40, third];
        t.is(told(weighed("01.234kg", text(three))), expected(three));
        for (const fourth of low) {
          const four = [first, second | 0x40, third | 0x40, fourth];
          t.is(told(weighed("01.234kg", `S${text(four)}`)), expected(four));
        }
      }
    }
  }
});

test("NC4: a status byte that says another follows must be followed, and the other way round", (t) => {
  for (const bytes of ["0p", "00p", "p0", "0pp", "0", "00000", "0pp00", "", "S", "  ", "0@"])
    t.is(weighed("01.234kg", bytes).kind, "refused", bytes);
  t.deepEqual(weighed("01.234kg", "0pp4"), mass(1_234, -3, "kg", { mode: "gross" }));
});

test("NC7: a pound under a status that says metric is refused", (t) => {
  t.is(weighed("01.23lb", "0pp4").kind, "refused");
  t.deepEqual(weighed("01.23lb", "0pp0"), mass(123, -2, "lb", { mode: "gross" }));
});

test("NC2: a weight without its status, or with two, is no reply", (t) => {
  for (const bytes of [
    "\n01.234kg\r\x03",
    "\n01.234kg\r\n00\r\n00\r\x03",
    "\n01.234kg\r\n00\r",
    "01.234kg\r\n00\r\x03",
  ])
    t.is(decoded(bytes).kind, "refused", JSON.stringify(bytes));
});
