import test from "ava";
import * as fc from "fast-check";
import { cutStream, decodeFrame, type Decoded, protocols } from "../../../devices/protocols/index.ts";

const PLAIN = "toledo-continuous";
const CHECKED = "toledo-continuous-checksum";

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(" ", ""), "hex");
const masked = (byte: number): number => byte & 0x7f;

/** A frame from its fields, as the manual describes it; nothing of the decoder is used. */
function frame(a: number, b: number, c: number, weight = "  1234", tare = "     0"): Uint8Array {
  const bytes = [0x02, a, b, c, ...Buffer.from(weight + tare), 0x0d];
  return Uint8Array.from([...bytes, -bytes.reduce((sum, byte) => sum + masked(byte), 0) & 0x7f]);
}
const plainOf = (checked: Uint8Array): Uint8Array => checked.subarray(0, 17);

/** Both names give the same answer to the same frame. */
function decoded(checked: Uint8Array): Decoded {
  const answer = decodeFrame(CHECKED, checked);
  const plain = decodeFrame(PLAIN, plainOf(checked));
  return JSON.stringify(plain) === JSON.stringify(answer)
    ? answer
    : { kind: "refused", reason: `differs: ${JSON.stringify(plain)}` };
}

const mass = (
  mantissa: number,
  exponent: number,
  unit: string,
  mode: string,
  stability: string,
  flags: readonly string[] = [],
) => ({
  kind: "quantities",
  quantities: [{ kind: "mass", value: { mantissa, exponent }, unit, stability, mode }],
  flags,
});

test("TC1 to TC6: the sample frames of the page, byte for byte", (t) => {
  const samples: readonly (readonly [string, unknown])[] = [
    ["02 2c 30 20 20 20 31 32 33 34 20 20 20 20 20 30 0d 1b", mass(1_234, -2, "kg", "gross", "stable")],
    ["02 2c 38 20 20 20 31 32 34 30 20 20 20 20 20 30 0d 16", mass(1_240, -2, "kg", "gross", "motion")],
    ["02 2c 33 20 20 20 20 20 35 30 20 20 20 31 30 30 0d 1c", mass(-50, -2, "kg", "net", "stable")],
    ["02 2c 34 20 20 20 39 39 39 39 20 20 20 20 20 30 0d 7d", { kind: "status", status: "overload" }],
    ["02 2c 70 20 20 20 20 30 30 30 20 20 20 20 20 30 0d 75", { kind: "status", status: "zero-not-captured" }],
  ];
  for (const [sample, answer] of samples) t.deepEqual(decoded(hex(sample)), answer as Decoded, sample);
});

test("TC1: a published dump of an IND570 with a byte too many before CR is no frame", (t) => {
  const dump = hex("02 2c 21 20 20 20 20 30 30 30 20 20 20 31 37 33 33 0d");
  for (const name of [PLAIN, CHECKED]) {
    t.is(decodeFrame(name, dump).kind, "refused");
    const framing = protocols.get(name)?.framing;
    if (framing?.kind !== "stream") return t.fail();
    t.deepEqual(
      cutStream(framing.takeFrame, new Uint8Array(0), dump).parts.map(({ kind }) => kind),
      ["noise"],
    );
  }
});

test("TC2: each name takes only its own length", (t) => {
  const good = frame(0x2c, 0x30, 0x20);
  t.deepEqual(decodeFrame(CHECKED, plainOf(good)), { kind: "refused", reason: "17 bytes, not 18" });
  t.deepEqual(decodeFrame(PLAIN, good), {
    kind: "refused",
    reason: "a frame of toledo-continuous has at most 17 bytes",
  });
});

const anyWords = fc.record({
  a: fc.integer({ min: 0x28, max: 0x3f }),
  b: fc.integer({ min: 0x20, max: 0x3f }),
  c: fc.constantFrom(0x20, 0x21, 0x22, 0x28),
  digits: fc.nat({ max: 999_999 }),
  tare: fc.nat({ max: 999_999 }),
});
const wordsFrame = ({ a, b, c, digits, tare }: { a: number; b: number; c: number; digits: number; tare: number }) =>
  frame(a, b, c, `${digits}`.padStart(6), `${tare}`.padStart(6, "0"));

test("TC2: with a checksum no flip of one bit gives another value, mode, unit or stability", (t) => {
  fc.assert(
    fc.property(anyWords, (words) => {
      const good = wordsFrame(words);
      const answer = JSON.stringify(decodeFrame(CHECKED, good));
      for (let at = 0; at < good.length; at++) {
        for (let bit = 0; bit < 8; bit++) {
          const flipped = good.map((byte, index) => (index === at ? byte ^ (1 << bit) : byte));
          const other = decodeFrame(CHECKED, flipped);
          // Bit 7 is parity, no data.
          if (bit < 7) t.is(other.kind, "refused");
          else t.is(JSON.stringify(other), answer);
        }
      }
    }),
    { numRuns: 60 },
  );
});

test("TC2: a stream with one flipped bit gives the other frames, and never a value that was not sent", (t) => {
  const { framing } = protocols.get(CHECKED) ?? { framing: null };
  if (framing?.kind !== "stream") return t.fail();
  const { takeFrame } = framing;
  fc.assert(
    fc.property(fc.array(anyWords, { minLength: 3, maxLength: 3 }), fc.nat(), (all, place) => {
      const frames = all.map(wordsFrame);
      const sent = new Set(frames.map((one) => JSON.stringify(decodeFrame(CHECKED, one))));
      const bytes = Buffer.concat(frames);
      const at = place % (bytes.length * 7);
      bytes[Math.floor(at / 7)] = (bytes[Math.floor(at / 7)] ?? 0) ^ (1 << (at % 7));
      const read = cutStream(takeFrame, new Uint8Array(0), bytes)
        .parts.filter(({ kind }) => kind === "frame")
        .map(({ bytes: one }) => decodeFrame(CHECKED, one))
        .filter(({ kind }) => kind !== "refused");
      for (const one of read) t.true(sent.has(JSON.stringify(one)));
      t.true(read.length >= 1);
    }),
    { numRuns: 500 },
  );
});

test("TC3: a start byte inside noise does not swallow the frame behind it", (t) => {
  const good = frame(0x2c, 0x30, 0x20);
  for (const [name, whole] of [
    [CHECKED, good],
    [PLAIN, plainOf(good)],
  ] as const) {
    const framing = protocols.get(name)?.framing;
    if (framing?.kind !== "stream") return t.fail();
    for (let lost = 1; lost < whole.length; lost++) {
      const cut = cutStream(framing.takeFrame, new Uint8Array(0), Buffer.concat([whole.subarray(0, lost), whole]));
      t.deepEqual(
        cut.parts.filter(({ kind }) => kind === "frame").map(({ bytes }) => Buffer.from(bytes).toString("hex")),
        [Buffer.from(whole).toString("hex")],
        `${name} after ${lost} bytes of another`,
      );
    }
  }
});

/** What the manual's three tables say about a combination of bits. */
function expected(a: number, b: number, c: number): unknown {
  const has = (word: number, bit: number) => (word & (1 << bit)) !== 0;
  const brazilian = has(c, 6);
  const code = c % 8;
  const unit = code === 0 ? (has(b, 4) ? "kg" : "lb") : code === 1 ? "g" : code === 2 ? "t" : null;
  const wellFormed = has(a, 5) && has(b, 5) && has(c, 5) && !has(a, 6);
  if (!wellFormed || unit === null || (brazilian && unit !== "kg")) return "refused";
  if (has(b, 2)) return has(b, 1) ? "underload" : "overload";
  if (has(b, 6) && !brazilian) return "zero-not-captured";
  if (has(c, 4)) return "high-resolution";
  const exponents = [2, 1, 0, -1, -2, -3, -4, -5];
  return mass(
    has(b, 1) ? -1_234 : 1_234,
    exponents[a % 8] ?? 0,
    unit,
    has(b, 0) ? "net" : "gross",
    has(b, 3) ? "motion" : "stable",
    has(c, 3) ? ["print-request"] : [],
  );
}

test("TC4 to TC9: every combination of the status bits means what the tables say", (t) => {
  // 22 bits at once are four million; B and C depend on each other only in the unit, so every word meets every other twice.
  const words = Array.from({ length: 0x60 }, (_, index) => index + 0x20);
  const pairs: readonly (readonly [number, number, number])[] = [
    ...words.flatMap((a) => words.map((b) => [a, b, 0x20] as const)),
    ...words.flatMap((b) => words.map((c) => [0x2c, b, c] as const)),
  ];
  for (const [a, b, c] of pairs) {
    const answer = decoded(frame(a, b, c));
    const told = answer.kind === "quantities" ? answer : answer.kind === "status" ? answer.status : "refused";
    t.deepEqual(told, expected(a, b, c) as typeof told, `words ${a.toString(16)} ${b.toString(16)} ${c.toString(16)}`);
  }
});

test("TC5: leading zeros may be blanks or digits; digits are never split and never missing", (t) => {
  t.deepEqual(decoded(frame(0x2d, 0x30, 0x20, "001234")), mass(1_234, -3, "kg", "gross", "stable"));
  t.deepEqual(decoded(frame(0x2d, 0x30, 0x20, "     0")), mass(0, -3, "kg", "gross", "stable"));
  for (const weight of ["      ", "12 345", "12345 ", "-12345", "12.345", "00000A"])
    t.is(decoded(frame(0x2d, 0x30, 0x20, weight)).kind, "refused", weight);
  t.is(decoded(frame(0x2d, 0x30, 0x20, "  1234", "  x   ")).kind, "refused");
});

test("TC6: minus zero is zero", (t) => {
  const answer = decoded(frame(0x2c, 0x32, 0x20, "000000"));
  t.deepEqual(answer, mass(0, -2, "kg", "gross", "stable"));
});

test("L8: the parity bit of a 7E1 scale read at 8N1 changes nothing, and shows a flipped bit without a checksum", (t) => {
  const evenly = plainOf(frame(0x2c, 0x30, 0x20)).map((byte) =>
    byte.toString(2).replaceAll("0", "").length % 2 === 0 ? byte : byte | 0x80,
  );
  t.deepEqual(decodeFrame(PLAIN, evenly), mass(1_234, -2, "kg", "gross", "stable"));
  const flipped = evenly.map((byte, index) => (index === 8 ? byte ^ 0x01 : byte));
  t.is(decodeFrame(PLAIN, flipped).kind, "quantities");
  let session = protocols.get(PLAIN)?.startSession?.({ pollMs: 100, replyTimeoutMs: 500, settleMs: 50, serial: null });
  for (const input of [{ kind: "opened", atMs: 0 } as const, { kind: "tick", atMs: 50 } as const])
    session = session?.step(input).session;
  const verdicts = [evenly, flipped, evenly].map((one) => {
    const done = session?.step({ kind: "frame", frame: one, atMs: 60 });
    session = done?.session;
    return done?.effects.map(({ kind }) => kind).join();
  });
  t.deepEqual(verdicts, ["admit", "damaged", "admit"]);
});
