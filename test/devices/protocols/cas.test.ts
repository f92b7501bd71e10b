import test from "ava";
import * as fc from "fast-check";
import { decodeFrame } from "../../../devices/protocols/index.ts";
import { flippedBits, frame, hex, latin1, mass, opened, talk, tick, withEvenParity } from "./ascii.ts";

const BLOCK = hex("01 02 53 20 30 30 2e 31 32 33 6b 67 61 03 04");
const decoded = (bytes: Uint8Array) => decodeFrame("cas", bytes);
/** A block by the manual's layout. */
const block = (checked: string): Uint8Array => {
  const bytes = latin1(checked);
  return Uint8Array.of(
    1,
    2,
    ...bytes,
    bytes.reduce((sum, byte) => sum ^ byte, 0),
    3,
    4,
  );
};
const ACK = Uint8Array.of(0x06);
const NAK = Uint8Array.of(0x15);

test("CA1: the stable block, byte for byte, and as a 7E1 scale looks on an 8N1 line", (t) => {
  t.deepEqual(decoded(BLOCK), mass([123, -3], "kg", "stable", "unknown"));
  t.is(withEvenParity(BLOCK)[0], 0x81);
  t.deepEqual(decoded(withEvenParity(BLOCK)), mass([123, -3], "kg", "stable", "unknown"));
});

test("CA4: moving, negative, pounds; overload and the acknowledgements are status", (t) => {
  t.deepEqual(decoded(block("U-00.123kg")), mass([-123, -3], "kg", "motion", "unknown"));
  t.deepEqual(decoded(block("S  12.34Lb")), mass([1234, -2], "lb", "stable", "unknown"));
  t.deepEqual(decoded(hex("01 02 55 46 46 46 46 46 46 46 6b 67 1f 03 04")), { kind: "status", status: "overload" });
  t.deepEqual(decoded(ACK), { kind: "status", status: "ready" });
  t.deepEqual(decoded(NAK), { kind: "status", status: "busy" });
});

test("CA3: no flipped bit of a block gives another weight", (t) => {
  for (const given of [BLOCK, block("S-12.340kg"), block("U 00.100lb")]) {
    const was = decoded(given);
    for (const flipped of flippedBits(given, 0xff)) {
      const now = decoded(flipped);
      if (now.kind === "quantities") t.deepEqual(now, was);
    }
    for (const flipped of flippedBits(given)) t.is(decoded(flipped).kind, "refused");
  }
});

test("CA1, CA4: what is no whole block is refused, with a right LRC too", (t) => {
  for (const checked of ["X 00.123kg", "S+00.123kg", "S 0 .123kg", "S 0.1.23kg", "S 00.123st", "S 00,123kg"])
    t.is(decoded(block(checked)).kind, "refused", checked);
  t.is(decoded(BLOCK.subarray(0, 14)).kind, "refused");
  t.is(decoded(Buffer.concat([ACK, ACK])).kind, "refused");
  t.is(decoded(new Uint8Array(0)).kind, "refused");
});

test("CA5: a session enquires, requests on ACK, admits the block, and begins anew after silence or NAK", (t) => {
  const [enq, dc1] = [JSON.stringify("\x05"), JSON.stringify("\x11")];
  const round = [opened, tick(50), frame(ACK, 55), frame(BLOCK, 60), tick(100), tick(155), frame(ACK, 160)];
  t.deepEqual(talk("cas", round), [enq, dc1, "admit", enq, dc1]);
  t.deepEqual(talk("cas", [opened, tick(50), tick(549), tick(550), frame(ACK, 560), tick(1_060)]), [
    enq,
    enq,
    dc1,
    enq,
  ]);
  t.deepEqual(talk("cas", [opened, tick(50), frame(NAK, 60), tick(159), tick(160)]), [enq, enq]);
});

test("CA5: a block that nobody requested does not count", (t) => {
  t.deepEqual(talk("cas", [opened, frame(BLOCK, 10), tick(50), frame(BLOCK, 60)]), [JSON.stringify("\x05")]);
  const done = [opened, tick(50), frame(ACK, 55), frame(BLOCK, 60), frame(BLOCK, 65)];
  t.is(talk("cas", done).filter((effect) => effect === "admit").length, 1);
});

test("CA1: whatever such a scale shows is read with its sign, resolution and unit", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: -99_999, max: 99_999 }), fc.constantFrom("kg", "lb"), (mantissa, unit) => {
      const digits = Math.abs(mantissa).toString().padStart(5, "0");
      const checked = `S${mantissa < 0 ? "-" : " "}${digits.slice(0, 2)}.${digits.slice(2)}${unit}`;
      t.deepEqual(decoded(block(checked)), mass([mantissa, -3], unit, "stable", "unknown"));
    }),
    { numRuns: 300 },
  );
});
