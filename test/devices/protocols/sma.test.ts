import test from "ava";
import { decodeFrame } from "../../../devices/protocols/index.ts";

type Answer = ReturnType<typeof decodeFrame>;
const decoded = (line: string): Answer => decodeFrame("sma", Buffer.from(`\n${line}\r`, "latin1"));
const mass = (
  mantissa: number,
  exponent: number,
  unit: string,
  mode: string,
  stability = "stable",
  flags: string[] = [],
) =>
  ({
    kind: "quantities",
    quantities: [{ kind: "mass", value: { mantissa, exponent }, unit, stability, mode }],
    flags,
  }) as Answer;
const status = (text: string): Answer => ({ kind: "status", status: text });

test("SM3, SM4: the examples of the manuals", (t) => {
  t.deepEqual(decoded(" 1G       5.025lb "), mass(5_025, -3, "lb", "gross"));
  t.deepEqual(decoded(" 1N      100000lb "), mass(100_000, 0, "lb", "net"));
  t.deepEqual(decoded(" 1g      5.0025lb "), mass(50_025, -4, "lb", "gross", "stable", ["high-resolution"]));
  t.deepEqual(decoded("Z1G       0.000lb "), mass(0, -3, "lb", "gross", "stable", ["center-of-zero"]));
  t.deepEqual(decoded(" 1GM      7.650kg "), mass(7_650, -3, "kg", "gross", "motion"));
  t.deepEqual(decoded(" 2T       0.500kg "), mass(500, -3, "kg", "tare", "stable", ["range-2"]));
});

test("SM5, SM6: errors, dashes and answers to questions are status", (t) => {
  const told = {
    "?": "syntax-error",
    "!": "transmission-error",
    "E1G  ----------lb ": "zero-error",
    "I1G  ----------lb ": "zero-not-captured",
    "T1N  ----------kg ": "tare-error",
    " 1n  ----------   ": "busy",
    "O1G     60.050kg  ": "overload",
    "U1G     -0.105kg  ": "underload",
    "SMA:2/1.0 ": "information",
    "CAP:kg :6000:1:0": "information",
    "END:": "information",
    "    ": "ready",
    ____: "ready",
    "R   ": "memory-error",
    " E  ": "memory-error",
    "  C ": "calibration-error",
  };
  for (const [line, text] of Object.entries(told)) t.deepEqual(decoded(line), status(text), line);
});

test("SM3: every combination of state, range, mode and motion means what the table says", (t) => {
  const troubles: Record<string, string> = {
    O: "overload",
    U: "underload",
    E: "zero-error",
    I: "zero-not-captured",
    T: "tare-error",
  };
  const modes: Record<string, string> = { G: "gross", g: "gross", N: "net", n: "net", T: "tare" };
  for (const state of " ZOUEIT") {
    for (const range of "123") {
      for (const mode of "GTNgn") {
        for (const motion of " M") {
          const answer = decoded(`${state}${range}${mode}${motion}      0.000kg `);
          const trouble = troubles[state];
          const flags = [
            ...(state === "Z" ? ["center-of-zero"] : []),
            ...(range === "1" ? [] : [`range-${range}`]),
            ...("gn".includes(mode) ? ["high-resolution"] : []),
          ];
          const expected =
            trouble === undefined
              ? mass(0, -3, "kg", modes[mode] ?? "", motion === "M" ? "motion" : "stable", flags)
              : status(trouble);
          t.deepEqual(answer, expected, `${state}${range}${mode}${motion}`);
        }
      }
    }
  }
});

test("SM3, SM4: what is not exactly a reply is refused", (t) => {
  const lines = [
    " 1G       5.025lb",
    " 1G       5.025lb  ",
    "X1G       5.025lb ",
    " 1X       5.025lb ",
    " 1Gm      5.025lb ",
    " 1G     5 .025lb ",
    " 1G      5.0.25lb ",
    " 1G       5,025lb ",
    " 1G       5.025LB ",
    " 1G       5.025st ",
    " 1G       5.025   ",
    " 1G            lb ",
    "Z1G       5.025lb ",
    "e1G       5.025lb ",
    "??",
    "",
  ];
  for (const line of lines) t.is(decoded(line).kind, "refused", line);
});

test("SM4: a minus at the digits or at the left edge of the field", (t) => {
  t.deepEqual(decoded(" 1N      -5.025lb "), mass(-5_025, -3, "lb", "net"));
  t.deepEqual(decoded(" 1N  -    5.025lb "), mass(-5_025, -3, "lb", "net"));
});

test("SM8: one flipped bit gives no mass of another unit", (t) => {
  const good = Buffer.from("\n 1G       5.025lb \r");
  for (let at = 0; at < good.length; at++) {
    for (let bit = 0; bit < 7; bit++) {
      const answer = decodeFrame(
        "sma",
        good.map((byte, index) => (index === at ? byte ^ (1 << bit) : byte)),
      );
      if (answer.kind !== "quantities") continue;
      const [quantity] = answer.quantities;
      t.true(quantity?.kind === "mass" && quantity.unit === "lb");
    }
  }
});
