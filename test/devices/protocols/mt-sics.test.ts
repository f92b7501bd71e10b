import test from "ava";
import * as fc from "fast-check";
import { decodeFrame, type Session, type SessionInput } from "../../../devices/protocols/index.ts";
import {
  encodeCommand,
  encodeLine,
  formatReply,
  mtSics,
  parseReply,
  type Reply,
} from "../../../devices/protocols/mt-sics/index.ts";

const mass = (mantissa: number, exponent: number, unit: string, stability: string) => ({
  kind: "quantities",
  quantities: [{ kind: "mass", value: { mantissa, exponent }, unit, stability, mode: "net" }],
});
const decoded = (line: string) => decodeFrame("mt-sics", encodeLine(line));

test("M3: the manual's stable weight, byte for byte", (t) => {
  const frame = Buffer.from("532053202020202031 30302e303020670d0a".replaceAll(" ", ""), "hex");
  t.deepEqual(decodeFrame("mt-sics", frame), mass(10_000, -2, "g", "stable"));
});

test("M3: dynamic, negative and differently spaced weights", (t) => {
  t.deepEqual(decoded("S D     129.07 g"), mass(12_907, -2, "g", "motion"));
  t.deepEqual(decoded("S S      -0.50 kg"), mass(-50, -2, "kg", "stable"));
  t.deepEqual(decoded("S S -    0.50 kg"), mass(-50, -2, "kg", "stable"));
  t.deepEqual(decoded("S S 12 lb"), mass(12, 0, "lb", "stable"));
});

test("M4: overload, underload, busy and whole-line errors are status, never a weight", (t) => {
  const told = {
    "S +": "overload",
    "S -": "underload",
    "S I": "busy",
    ES: "syntax-error",
    ET: "transmission-error",
    EL: "logical-error",
    EI: "cannot-execute",
    "Z A": "done",
    "ZI D": "done",
    "Z I": "busy",
    "TA L": "wrong-parameter",
    'I4 A "1234567"': "information",
    'I0 B 0 "I0"': "information",
  };
  for (const [line, status] of Object.entries(told)) t.deepEqual(decoded(line), { kind: "status", status }, line);
});

test("M4: what is not exactly a reply is refused", (t) => {
  const lines = [
    "S S     100.00 stone",
    "S S     100.00",
    "S S     1 0.00 g",
    "S S     100.0.0 g",
    "S S     100,00 g",
    "S     100.00 g",
    "100.00 g",
    "S A     100.00 g",
    "s s     100.00 g",
    "S S 99999999999999999999 g",
    "S S     100.00 g g",
    "XYZ",
    "",
  ];
  for (const line of lines) t.is(decoded(line).kind, "refused", line);
});

test("Q4: an unknown unit is named in the refusal", (t) => {
  t.deepEqual(decoded("S S     100.00 ct"), { kind: "refused", reason: 'unit "ct" is not known' });
});

test("M2: the parity bit of a 7E1 scale read at 8N1 changes nothing", (t) => {
  const even = encodeLine("S S     100.00 g").map((byte) => {
    const ones = byte.toString(2).replaceAll("0", "").length;
    return ones % 2 === 0 ? byte : byte | 0x80;
  });
  t.deepEqual(decodeFrame("mt-sics", even), mass(10_000, -2, "g", "stable"));
});

test("M3: a weight wider than its ten columns has a digit too many and is refused", (t) => {
  t.deepEqual(decoded("S S     1700.00 g"), { kind: "refused", reason: "the weight has 11 columns, more than 10" });
  t.is(decoded("S S     -100.00 g").kind, "refused");
  t.is(decoded("S S 1000000.00 g").kind, "quantities");
});

test("M2: a line without its line end, or two lines, is not a frame", (t) => {
  t.is(decodeFrame("mt-sics", Buffer.from("S S 1.00 g")).kind, "refused");
  t.is(decodeFrame("mt-sics", Buffer.from("S S 1.00 g\r\nS S 1.00 g\r\n")).kind, "refused");
});

const reply: fc.Arbitrary<Reply> = fc.oneof(
  fc.record({
    kind: fc.constant("weight" as const),
    command: fc.constant("S" as const),
    stability: fc.constantFrom("stable" as const, "motion" as const),
    value: fc.record({
      mantissa: fc.integer({ min: -9_999_999, max: 99_999_999 }),
      exponent: fc.integer({ min: -4, max: 0 }),
    }),
    unit: fc.constantFrom("g" as const, "kg" as const, "lb" as const, "oz" as const, "t" as const, "mg" as const),
  }),
  fc.record({
    kind: fc.constant("refusal" as const),
    command: fc.constantFrom("S", "Z", "T", "TI", "TAC", "I4"),
    reason: fc.constantFrom("busy" as const, "overload" as const, "underload" as const, "wrong-parameter" as const),
  }),
  fc.record({
    kind: fc.constant("information" as const),
    command: fc.constantFrom("I1", "I2", "I3", "I4"),
    fields: fc.array(fc.stringMatching(/^[A-Za-z. -]{0,12}$/), { maxLength: 5 }),
    last: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("error" as const),
    error: fc.constantFrom(
      "syntax-error" as const,
      "transmission-error" as const,
      "logical-error" as const,
      "cannot-execute" as const,
    ),
  }),
);

test("M3: every reply reads back as it was written", (t) => {
  fc.assert(
    fc.property(reply, (given) => {
      t.deepEqual(parseReply(formatReply(given)), given);
    }),
    { numRuns: 300 },
  );
});

test("M3: flipping one bit of a weight never gives a weight in another unit or of another sign", (t) => {
  const good = encodeLine("S S     100.00 g");
  for (let index = 0; index < good.length; index++) {
    for (let bit = 0; bit < 7; bit++) {
      const answer = decodeFrame(
        "mt-sics",
        good.map((byte, at) => (at === index ? byte ^ (1 << bit) : byte)),
      );
      if (answer.kind !== "quantities") continue;
      const [quantity] = answer.quantities;
      t.true(quantity?.kind === "mass" && quantity.unit === "g" && quantity.value.mantissa >= 0);
    }
  }
});

/** Runs a session over inputs and gives what it sent, as text, and its other effects, in order. */
function talk(serial: string | null, inputs: readonly SessionInput[]): readonly string[] {
  const settings = { pollMs: 100, replyTimeoutMs: 500, settleMs: 50, serial };
  let session: Session | undefined = mtSics.startSession?.(settings);
  const heard: string[] = [];
  for (const input of inputs) {
    const done = session?.step(input);
    session = done?.session;
    for (const effect of done?.effects ?? []) {
      heard.push(effect.kind === "send" ? Buffer.from(effect.bytes).toString().trim() : effect.kind);
    }
  }
  return heard;
}
const opened: SessionInput = { kind: "opened", atMs: 0 };
const tick = (atMs: number): SessionInput => ({ kind: "tick", atMs });
const frame = (line: string, atMs: number): SessionInput => ({ kind: "frame", frame: encodeLine(line), atMs });

test("M7: a session settles, asks who is there, then polls with one command in flight", (t) => {
  const inputs = [
    opened,
    tick(20),
    tick(50),
    frame('I4 A "7"', 60),
    tick(100),
    frame("S S 1.00 g", 110),
    tick(120),
    tick(160),
    frame("S S 1.00 g", 170),
  ];
  t.deepEqual(talk(null, inputs), ["I4", "identified", "SI", "admit", "SI", "admit"]);
});

test("M7: a lost answer is asked for again after the timeout, not before", (t) => {
  const inputs = [opened, tick(50), tick(400), tick(550), frame('I4 A "7"', 560), tick(900), tick(1060)];
  t.deepEqual(talk(null, inputs), ["I4", "I4", "identified", "SI", "SI"]);
});

test("M8: a weight that comes before the identity does not count", (t) => {
  t.deepEqual(talk(null, [opened, frame("S S 1.00 g", 10), tick(50), frame("S S 1.00 g", 60)]), ["I4"]);
});

test("M8: another scale than the configured one is never polled", (t) => {
  const inputs = [opened, tick(50), frame('I4 A "8"', 60), frame("S S 1.00 g", 70), tick(1000)];
  t.deepEqual(talk("7", inputs), ["I4", "wrongDevice"]);
});

test("M8: a scale that cannot say who it is serves only where nobody asked for a certain one", (t) => {
  t.deepEqual(talk(null, [opened, tick(50), frame("ES", 60)]), ["I4", "SI"]);
  t.deepEqual(talk("7", [opened, tick(50), frame("I4 I", 60), tick(550)]), ["I4", "I4"]);
});

test("M9: where all lines had valid parity, one that has not is damaged; lines without parity are taken as they are", (t) => {
  const evenly = (line: string, atMs: number): SessionInput => ({
    kind: "frame",
    frame: encodeLine(line).map((byte) => (byte.toString(2).replaceAll("0", "").length % 2 === 0 ? byte : byte | 0x80)),
    atMs,
  });
  const flipped = (input: SessionInput): SessionInput =>
    input.kind === "frame"
      ? { ...input, frame: input.frame.map((byte, at) => (at === 8 ? byte ^ 0x08 : byte)) }
      : input;
  const polled = [opened, tick(50), evenly('I4 A "7"', 60)];
  const [good, bad] = [evenly("S S     100.00 g", 110), flipped(evenly("S S     100.00 g", 120))];
  t.deepEqual(talk(null, [...polled, good, bad, good]), ["I4", "identified", "SI", "admit", "damaged", "admit"]);
  const plain = [
    opened,
    tick(50),
    frame('I4 A "7"', 60),
    frame("S S     100.00 g", 110),
    frame("S S     100.08 g", 120),
  ];
  t.deepEqual(talk(null, plain), ["I4", "identified", "SI", "admit", "admit"]);
});

test("M5: commands are upper case and end with CR LF", (t) => {
  t.deepEqual(encodeCommand("SI"), new Uint8Array([0x53, 0x49, 0x0d, 0x0a]));
});
