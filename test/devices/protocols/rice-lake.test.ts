import test from "ava";
import * as fc from "fast-check";
import { cutStream, decodeFrame, protocols } from "../../../devices/protocols/index.ts";
import { frame, hex, latin1, mass, opened, slippedBytes, talk, tick } from "./ascii.ts";

const decoded = (line: string) => decodeFrame("rice-lake", latin1(`\x02${line}\r\n`));
const VALID = hex("02 20 20 20 31 32 2e 33 34 4b 47 20 0d 0a");

test("RL1, RL2: valid, moving and at zero, byte for byte", (t) => {
  t.deepEqual(decodeFrame("rice-lake", VALID), mass([1234, -2], "kg", "stable", "gross"));
  const moving = hex("02 2d 20 20 20 30 2e 35 30 4b 4e 4d 0d 0a");
  t.deepEqual(decodeFrame("rice-lake", moving), mass([-50, -2], "kg", "motion", "net"));
  const zero = hex("02 20 20 20 20 30 2e 30 30 4b 47 5a 0d 0a");
  t.deepEqual(decodeFrame("rice-lake", zero), mass([0, -2], "kg", "stable", "gross", ["center-of-zero"]));
  t.deepEqual(decoded("    1200LN "), mass([1200, 0], "lb", "stable", "net"));
  t.deepEqual(decoded("   12.34OT "), mass([1234, -2], "oz", "stable", "tare"));
});

test("RL2: out of range and invalid are status, whatever the digits are", (t) => {
  t.deepEqual(decoded(" ^^^^^^^KGO"), { kind: "status", status: "overload" });
  t.deepEqual(decoded("-]]]]]]]KGO"), { kind: "status", status: "underload" });
  t.deepEqual(decoded("   12.34KGI"), { kind: "status", status: "invalid" });
});

test("RL1, RL3: tons and what is not exactly such a line are refused", (t) => {
  t.deepEqual(decoded("   12.34TG "), { kind: "refused", reason: 'unit "T" is not known' });
  for (const line of ["  12.34KG ", "+  12.34KG ", "   1 .34KG ", "   12.34KX ", "   12.34KGX", "   12.34kG ", ""])
    t.is(decoded(line).kind, "refused", line);
  t.is(decodeFrame("rice-lake", VALID.subarray(1)).kind, "refused", "no STX");
});

test("L6: a lost or doubled byte is noticed", (t) => {
  for (const slipped of slippedBytes(VALID)) t.is(decodeFrame("rice-lake", slipped).kind, "refused");
});

test("L1: an STX in the middle begins the line anew, wherever it stands", (t) => {
  const { framing } = protocols.get("rice-lake") ?? {};
  if (framing?.kind !== "stream") return t.fail();
  const { takeFrame } = framing;
  fc.assert(
    fc.property(fc.nat({ max: VALID.length - 1 }), (size) => {
      const { parts } = cutStream(takeFrame, new Uint8Array(0), Buffer.concat([VALID.subarray(0, size), VALID]));
      const frames = parts
        .filter(({ kind }) => kind === "frame")
        .map(({ bytes }) => Buffer.from(bytes).toString("hex"));
      t.deepEqual(frames, [Buffer.from(VALID).toString("hex")]);
    }),
  );
});

test("RL1: nothing is asked of an indicator that streams", (t) => {
  t.deepEqual(talk("rice-lake", [opened, frame(VALID, 20), tick(50), frame(VALID, 60), tick(5_000)]), ["admit"]);
});
