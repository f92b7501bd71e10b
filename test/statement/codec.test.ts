import { decode as decodeLibrary, Tagged } from "cborg";
import test from "ava";
import fc from "fast-check";
import { type CborValue, decimal, encode } from "../../ledger/cbor/index.ts";
import { decodeStatement, encodeStatement, type Statement } from "../../ledger/statement/index.ts";
import { fixedStatement } from "../vectors/site.ts";
import { statement } from "./arbitrary.ts";
// Behind the door on purpose: S10 is a claim about the two readers.
import { decodeSlowly } from "../../ledger/statement/decode.ts";
import { guessStatement } from "../../ledger/statement/guess.ts";

type Pack = Map<number, CborValue>[];

/** The records of a statement as any CBOR library sees them, to be tampered with. */
const packOf = (original: Statement): Pack =>
  decodeLibrary(encodeStatement(original), { useMaps: true, tags: Tagged.preserve(4) }) as Pack;

const reasonOf = (bytes: Uint8Array): string => {
  const decoded = decodeStatement(bytes);
  return decoded.kind === "reject" ? decoded.reason : "accepted";
};

test("S9: any statement within the rules comes back as it was", (t) => {
  fc.assert(
    fc.property(statement, (original) => {
      const decoded = decodeStatement(encodeStatement(original));
      t.deepEqual(decoded, { kind: "accept", statement: original });
    }),
    { numRuns: 200 },
  );
});

test("S9: any bytes are answered; what is accepted is what the statement encodes to", (t) => {
  const base = encodeStatement(fixedStatement(1));
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(base.length - 1), fc.nat(255)), { minLength: 1, maxLength: 3 }), (changes) => {
      const bytes = Uint8Array.from(base);
      for (const [at, byte] of changes) bytes[at] = byte;
      const decoded = decodeStatement(bytes);
      return decoded.kind === "reject" || Buffer.compare(encodeStatement(decoded.statement), bytes) === 0;
    }),
    { numRuns: 2000 },
  );
  fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => decodeStatement(bytes).kind === "reject"));
  t.pass();
});

test("S2: the pack begins with the base fields and holds the records in their order", (t) => {
  const pack = packOf(fixedStatement(2));
  t.deepEqual(
    pack.map((record) => record.get(0)),
    [
      "net",
      "e",
      "length",
      "width",
      "height",
      "stable",
      "item",
      "seq",
      "predicted",
      "low",
      "high",
      "model",
      "verdict",
      "reason",
      "frame/scale-1",
      "frame/dimensioner-1",
    ],
  );
  t.is(pack[0]?.get(-2), "urn:dev:ops:32473-tallystick-line-1:");
  t.deepEqual(pack[0]?.get(-3), decimal({ mantissa: 1_790_000_003_000, exponent: -3 }));
  for (const record of pack.slice(1)) for (const label of record.keys()) t.true(Number(label) >= 0);
});

const change = (index: number, edit: (record: Map<number, CborValue>) => void) => (pack: Pack) => {
  const record = pack[index];
  if (record !== undefined) edit(record);
};

/** Each of these is well-formed deterministic CBOR of a SenML pack, and still no statement. */
const TAMPERED: readonly (readonly [string, (pack: Pack) => void, RegExp])[] = [
  ["a record is missing", (pack) => pack.splice(5, 1), /.+/],
  ["a record is doubled", (pack) => pack.splice(5, 0, ...pack.slice(5, 6)), /.+/],
  ["two records are swapped", (pack) => pack.splice(3, 2, ...pack.slice(3, 5).toReversed()), /misplaced/],
  ["a frame stands before a reason", (pack) => pack.splice(13, 2, ...pack.slice(13, 15).toReversed()), /misplaced/],
  [
    "an unknown record is added",
    (pack) =>
      pack.push(
        new Map<number, CborValue>([
          [0, "tare"],
          [8, Uint8Array.of(1)],
        ]),
      ),
    /neither a reason nor a frame/,
  ],
  ["a record has a label too many", change(6, (record) => record.set(6, 5)), /label too many/],
  ["a base unit is added", change(0, (record) => record.set(-4, "kg")), /label too many/],
  [
    "a must-understand label is added",
    change(0, (record) => record.set("x_" as unknown as number, 1)),
    /label too many/,
  ],
  ["the weighing was not stable", change(5, (record) => record.set(4, false)), /misspelt/],
  ["the unit is gram", change(0, (record) => record.set(1, "g")), /misspelt/],
  ["the mass is a plain integer", change(0, (record) => record.set(2, 12)), /net.*decimal fraction/],
  [
    "the mass is negative",
    change(0, (record) => record.set(2, decimal({ mantissa: -5, exponent: -3 }))),
    /net has mantissa -5/,
  ],
  [
    "an exponent is beyond all devices",
    change(0, (record) => record.set(2, decimal({ mantissa: 5, exponent: 19 }))),
    /net has exponent 19/,
  ],
  [
    "the division is zero",
    change(1, (record) => record.set(2, decimal({ mantissa: 0, exponent: -3 }))),
    /e has mantissa 0/,
  ],
  ["the time is relative", change(0, (record) => record.set(-3, decimal({ mantissa: 5, exponent: -3 }))), /time 5/],
  [
    "the time is in microseconds",
    change(0, (record) => record.set(-3, decimal({ mantissa: 1_790_000_000_000_000, exponent: -6 }))),
    /milliseconds/,
  ],
  [
    "the station has capitals",
    change(0, (record) => record.set(-2, "urn:dev:ops:32473-tallystick-Line-1:")),
    /station "Line-1"/,
  ],
  ["the station is empty", change(0, (record) => record.set(-2, "urn:dev:ops:32473-tallystick-:")), /station ""/],
  [
    "prefix and suffix of the name overlap",
    change(0, (record) => record.set(-2, "urn:dev:ops:32473-tallystick:")),
    /base name/,
  ],
  [
    "another enterprise number",
    change(0, (record) => record.set(-2, "urn:dev:ops:32474-tallystick-line-1:")),
    /base name/,
  ],
  ["the item is empty", change(6, (record) => record.set(3, "")), /item ""/],
  ["the item has a line feed", change(6, (record) => record.set(3, "A\n")), /item "A\\n"/],
  ["the item is not ASCII", change(6, (record) => record.set(3, "\u00e4")), /item/],
  ["the item has 65 characters", change(6, (record) => record.set(3, "x".repeat(65))), /item/],
  ["the number is negative", change(7, (record) => record.set(2, -1)), /seq -1/],
  ["the number is a text", change(7, (record) => record.set(2, "1")), /seq is not a number/],
  [
    "the prediction is in milligrams",
    change(8, (record) => record.set(2, decimal({ mantissa: 1, exponent: -6 }))),
    /whole grams/,
  ],
  ["high is below low", change(10, (record) => record.set(2, decimal({ mantissa: 1, exponent: -3 }))), /high 1/],
  ["the model is a SHA-1", change(11, (record) => record.set(8, new Uint8Array(20))), /model/],
  ["the verdict is new", change(12, (record) => record.set(3, "maybe")), /verdict/],
  ["a reason is not a code", change(13, (record) => record.set(3, "Too Heavy")), /reason "Too Heavy"/],
  ["a reason stands twice", (pack) => pack.splice(13, 0, ...pack.slice(13, 14)), /not above the one before/],
  ["a frame is empty", change(14, (record) => record.set(8, new Uint8Array())), /frame of scale-1 has 0 bytes/],
  ["a frame has 513 bytes", change(14, (record) => record.set(8, new Uint8Array(513))), /513 bytes/],
  ["a frame's device is not a name", change(14, (record) => record.set(0, "frame/Scale")), /frame device "Scale"/],
  [
    "there are 17 frames",
    (pack) => pack.push(...Array.from({ length: 15 }, () => pack.at(-1) as Map<number, CborValue>)),
    /17 frames/,
  ],
];

for (const [name, tamper, expected] of TAMPERED) {
  test(`S3-S8: refused, naming what and where: ${name}`, (t) => {
    const pack = packOf(fixedStatement(2));
    tamper(pack);
    t.regex(reasonOf(encode(pack)), expected);
  });
}

test("S1: what is no SenML pack at all is refused", (t) => {
  for (const wrong of [0, "x", [], [1, 2, 3], new Map(), Array.from({ length: 13 }, () => 1)] as CborValue[]) {
    t.regex(reasonOf(encode(wrong)), /SenML pack/);
  }
  t.regex(reasonOf(new Uint8Array()), /.+/);
});

test("S9: a float that equals the integer is still refused", (t) => {
  const bytes = Buffer.from(encodeStatement(fixedStatement(1)));
  const seq = bytes.indexOf(Buffer.from("65636f756e740201", "hex"));
  t.true(seq > 0);
  const floated = Buffer.concat([bytes.subarray(0, seq + 7), Buffer.from("f93c00", "hex"), bytes.subarray(seq + 8)]);
  t.regex(reasonOf(floated), /deterministic/);
});

test("S3-S8: a statement that breaks a rule is never encoded", (t) => {
  const good = fixedStatement(1);
  t.throws(() => encodeStatement({ ...good, number: 0.5 }), { message: /seq 0.5/ });
  t.throws(() => encodeStatement({ ...good, number: -0 }), { message: /seq/ });
  t.throws(() => encodeStatement({ ...good, measurement: { ...good.measurement, item: "" } }), { message: /item/ });
  t.throws(() => encodeStatement({ ...good, measurement: { ...good.measurement, at: 5 } }), { message: /time 5/ });
  t.throws(
    () => encodeStatement({ ...good, measurement: { ...good.measurement, mass: { mantissa: 1.5, exponent: 0 } } }),
    { message: /net/ },
  );
  t.throws(() => encodeStatement({ ...good, assessment: { ...good.assessment, reasons: ["b", "a"] } }), {
    message: /reason "a"/,
  });
  t.throws(() => encodeStatement({ ...good, assessment: { ...good.assessment, model: "AB".repeat(32) } }), {
    message: /model/,
  });
});

test("S10: for honest bytes the guess is right, so that the slow reader only ever explains refusals", (t) => {
  fc.assert(
    fc.property(statement, (original) => {
      t.deepEqual(guessStatement(encodeStatement(original)), original);
    }),
    { numRuns: 200 },
  );
});

test("S10: with and without the guess the verdict on any bytes is the same", (t) => {
  const bases = [0, 1, 2].map((number) => encodeStatement(fixedStatement(number)));
  const change = fc.tuple(fc.nat(500), fc.nat(3), fc.uint8Array({ maxLength: 3 }));
  fc.assert(
    fc.property(fc.constantFrom(...bases), fc.array(change, { maxLength: 3 }), (base, changes) => {
      let bytes = base;
      for (const [at, removed, added] of changes) {
        bytes = Uint8Array.from([...bytes.subarray(0, at), ...added, ...bytes.subarray(at + removed)]);
      }
      t.deepEqual(decodeStatement(bytes), decodeSlowly(bytes));
    }),
    { numRuns: 2000 },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
      t.deepEqual(decodeStatement(bytes), decodeSlowly(bytes));
    }),
  );
});

test("S9: the hand-written layout is the deterministic encoding of the same records", (t) => {
  fc.assert(
    fc.property(statement, (original) => {
      t.deepEqual(encode(packOf(original)), encodeStatement(original));
    }),
    { numRuns: 200 },
  );
});
