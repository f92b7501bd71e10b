import test from "ava";
import { decodeFrame } from "../../../devices/protocols/index.ts";
import { decodedLine, frame, latin1, mass, opened, slippedBytes, talk, tick } from "./ascii.ts";

const decoded = (line: string) => decodedLine("sartorius-sbi", line);

test("SB1, SB2: the manuals' blocks of 16 and 22 bytes", (t) => {
  t.deepEqual(decoded("+150.11775 g  "), mass([15_011_775, -5], "g", "stable", "unknown"));
  t.deepEqual(decoded("+111.25507 mg "), mass([11_125_507, -5], "mg", "stable", "unknown"));
  t.deepEqual(decoded("+   1255.7 g  "), mass([12_557, -1], "g", "stable", "unknown"));
  t.deepEqual(decoded("-     0.50 kg "), mass([-50, -2], "kg", "stable", "unknown"));
  t.deepEqual(decoded("      0.00 lb "), mass([0, -2], "lb", "stable", "unknown"));
  t.deepEqual(decoded("N     +   1255.7 g  "), mass([12_557, -1], "g", "stable", "net"));
  t.deepEqual(decoded("    G#+   1255.7 g  "), mass([12_557, -1], "g", "stable", "gross"));
  t.deepEqual(decoded("T1    +     20.0 g  "), mass([200, -1], "g", "stable", "tare"));
});

test("SB3: a blank unit is motion and no quantity; nonsense with a blank unit is refused", (t) => {
  t.deepEqual(decoded("+150.11775    "), { kind: "status", status: "motion" });
  t.deepEqual(decoded("N     +   1255.7    "), { kind: "status", status: "motion" });
  t.is(decoded("+150.1.775    ").kind, "refused");
  t.is(decoded("+             ").kind, "refused");
  t.is(decoded("              ").kind, "refused");
});

test("SB2, SB4, SB5: other values, pieces, percent, out of range, calibration and errors are status", (t) => {
  const told = {
    "      H       ": "overload",
    "      L       ": "underload",
    "     --       ": "busy",
    "      C       ": "calibrating",
    "Stat        HH      ": "overload",
    "Stat       High     ": "overload",
    "Stat     Cal. Ext.  ": "calibrating",
    "Err 101       ": "error-101",
    "Stat       Err 101  ": "error-101",
    "     E 054    ": "error-054",
    "+       12 pcs": "counting",
    "+   100.00 %  ": "percent",
    "Setp  +   1255.7 g  ": "other-value",
    "Qnt   +       12 pcs": "other-value",
  };
  for (const [line, status] of Object.entries(told)) t.deepEqual(decoded(line), { kind: "status", status }, line);
});

test("SB1, SB4: what is no block is refused", (t) => {
  const lines = [
    "+150.11775 g ",
    "+150.11775 g   ",
    "+150.11775  g ",
    "+150.1 775 g  ",
    "*150.11775 g  ",
    "constructor   ",
    "",
  ];
  for (const line of lines) t.is(decoded(line).kind, "refused", line);
  t.deepEqual(decoded("+150.11775 ct "), { kind: "refused", reason: 'unit "ct" is not known' });
});

test("L6: a lost or doubled byte is noticed", (t) => {
  for (const line of ["+150.11775 g  ", "N     +   1255.7 kg "]) {
    for (const slipped of slippedBytes(latin1(`${line}\r\n`)))
      t.is(decodeFrame("sartorius-sbi", slipped).kind, "refused");
  }
});

test("SB6: a session sends ESC P and nothing else", (t) => {
  const moving = latin1("+150.11775    \r\n");
  t.deepEqual(talk("sartorius-sbi", [opened, tick(50), frame(moving, 60), tick(150)]), [
    '"\\u001bP\\r\\n"',
    "admit",
    '"\\u001bP\\r\\n"',
  ]);
});
