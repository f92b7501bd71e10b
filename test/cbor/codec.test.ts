import { encode as encodeLibrary, rfc8949EncodeOptions } from "cborg";
import test from "ava";
import fc from "fast-check";
import { type CborValue, contentOf, decimal, decimalOf, decode, encode, tagged } from "../../ledger/cbor/index.ts";
import { toHex } from "../../ledger/crypto/index.ts";

const bytesOf = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));

/** Any value of the profile. */
const value: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.maxSafeInteger().map((integer) => integer + 0),
    fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
    fc.uint8Array(),
    fc.constantFrom(true, false, null),
    fc.record({ mantissa: fc.maxSafeInteger(), exponent: fc.integer({ min: -20, max: 20 }) }).map(decimal),
    fc.array(tie("value"), { maxLength: 4 }).map((values) => values as CborValue),
    fc
      .uniqueArray(
        fc.oneof(
          fc.maxSafeInteger(),
          fc.string({ unit: "binary" }).filter((text) => text.isWellFormed()),
        ),
        { maxLength: 5 },
      )
      .chain((keys) => fc.tuple(...keys.map((key) => fc.tuple(fc.constant(key), tie("value")))))
      .map((entries) => new Map(entries) as CborValue),
    tie("value").map((inner) => tagged(18, inner)),
  ),
})).value;

test("C5: every value of the profile survives encoding and decoding, and its bytes survive too", (t) => {
  fc.assert(
    fc.property(value, (original) => {
      const bytes = encode(original);
      const decoded = decode(bytes);
      return decoded.kind === "accept" && Buffer.compare(encode(decoded.value), bytes) === 0;
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test("C4: our encoder and that of the library give the same deterministic bytes", (t) => {
  fc.assert(
    fc.property(value, (original) => toHex(encode(original)) === toHex(encodeLibrary(original, rfc8949EncodeOptions))),
    { numRuns: 500 },
  );
  t.pass();
});

/** RFC 8949 Appendix A, those of its examples that the profile has. */
const EXAMPLES: readonly (readonly [CborValue, string])[] = [
  [0, "00"],
  [23, "17"],
  [24, "1818"],
  [100, "1864"],
  [1000, "1903e8"],
  [1_000_000, "1a000f4240"],
  [1_000_000_000_000, "1b000000e8d4a51000"],
  [-1, "20"],
  [-100, "3863"],
  [-1000, "3903e7"],
  [Number.MAX_SAFE_INTEGER, "1b001fffffffffffff"],
  [Number.MIN_SAFE_INTEGER, "3b001ffffffffffffe"],
  [false, "f4"],
  [true, "f5"],
  [null, "f6"],
  ["", "60"],
  ["IETF", "6449455446"],
  ["\u00fc", "62c3bc"],
  ["\u6c34", "63e6b0b4"],
  [Uint8Array.of(1, 2, 3, 4), "4401020304"],
  [[1, [2, 3], [4, 5]], "8301820203820405"],
  [
    new Map([
      [1, 2],
      [3, 4],
    ]),
    "a201020304",
  ],
  [decimal({ mantissa: 27_315, exponent: -2 }), "c48221196ab3"],
];

test("C1: the examples of RFC 8949 Appendix A encode and decode as printed there", (t) => {
  for (const [original, hex] of EXAMPLES) {
    t.is(toHex(encode(original)), hex);
    t.is(decode(bytesOf(hex)).kind, "accept", hex);
  }
});

test("C4: map keys come in the bytewise order of their encodings, whatever the order of insertion", (t) => {
  const keys = [10, 100, -1, -100, "z", "aa", "\ud83d\ude00", "\uffff\uffff", 0];
  const expected = encode(new Map(keys.map((key) => [key, 0])));
  for (let turn = 0; turn < keys.length; turn += 1) {
    const turned = [...keys.slice(turn), ...keys.slice(0, turn)];
    t.deepEqual(encode(new Map(turned.map((key) => [key, 0]))), expected);
  }
});

/** C2: what a lenient decoder lets through, and signed bytes must not. */
const HOSTILE: readonly (readonly [string, string])[] = [
  ["nothing", ""],
  ["integer longer than needed (1 byte)", "1817"],
  ["integer longer than needed (2 bytes)", "190017"],
  ["integer longer than needed (4 bytes)", "1a00000017"],
  ["integer longer than needed (8 bytes)", "1b0000000000000017"],
  ["negative integer longer than needed", "3800"],
  ["text length longer than needed", "780161"],
  ["byte string length longer than needed", "580161"],
  ["array length longer than needed", "980101"],
  ["map length longer than needed", "b8010101"],
  ["tag longer than needed", "d8048220 01"],
  ["integer above 2^53", "1b0020000000000000"],
  ["integer 2^64 - 1", "1bffffffffffffffff"],
  ["negative integer below -2^53", "3b001fffffffffffff"],
  ["big integer tag", "c24101"],
  ["negative big integer tag", "c34101"],
  ["big integer inside a decimal fraction", "c48221c24101"],
  ["bigfloat", "c5822003"],
  ["indefinite byte string", "5f4101ff"],
  ["indefinite text", "7f6161ff"],
  ["indefinite array", "9f01ff"],
  ["indefinite map", "bf0101ff"],
  ["break alone", "ff"],
  ["break in an array", "8201ff"],
  ["duplicate integer key", "a201010102"],
  ["duplicate text key", "a2616101616102"],
  ["unsorted integer keys", "a202000100"],
  ["unsorted text keys (length first)", "a262616100616200"],
  ["text key before integer key", "a26161000100"],
  ["negative key before positive key", "a220000100"],
  ["array as key", "a1810100"],
  ["map as key", "a1a000"],
  ["byte string as key", "a1410100"],
  ["true as key", "a1f500"],
  ["float as key", "a1f93e0000"],
  ["half float 1.5", "f93e00"],
  ["half float 1.0", "f93c00"],
  ["single float 1.5", "fa3fc00000"],
  ["double float 1.5", "fb3ff8000000000000"],
  ["double float 2.0", "fb4000000000000000"],
  ["double float 0.1", "fb3fb999999999999a"],
  ["negative zero", "f98000"],
  ["infinity", "f97c00"],
  ["NaN", "f97e00"],
  ["single NaN", "fa7fc00000"],
  ["undefined", "f7"],
  ["undefined in an array", "81f7"],
  ["undefined as payload", "d28440a0f740"],
  ["simple value 16", "f0"],
  ["simple value 32 in two bytes", "f820"],
  ["false in two bytes", "f814"],
  ["reserved length 28", "1c"],
  ["invalid UTF-8", "61ff"],
  ["overlong UTF-8", "62c080"],
  ["UTF-8 of a surrogate", "63eda080"],
  ["UTF-8 cut short", "61c3"],
  ["trailing byte", "0000"],
  ["trailing break", "00ff"],
  ["two values", "8080"],
  ["array cut short", "8201"],
  ["map without value", "a101"],
  ["byte string cut short", "4201"],
  ["text cut short", "6261"],
  ["byte string of 2^32 bytes", "5b0000000100000000"],
  ["array of 2^32 values", "9b0000000100000000"],
  ["array of 2^53 values", "9b0020000000000000"],
  ["map of 2^32 entries", "bb0000000100000000"],
  ["tag without content", "c4"],
  ["date tag", "c074323031332d30332d32315432303a30343a30305a"],
  ["time tag", "c11a514b67b0"],
  ["encoded CBOR tag", "d8184101"],
  ["untagged COSE inside an unknown tag", "d28440a04040d9ffff00"],
  ["nesting of a thousand arrays", `${"81".repeat(1000)}00`],
  ["nesting of fifty thousand arrays", `${"81".repeat(50_000)}00`],
  ["nesting of fifty thousand tags", `${"c4".repeat(50_000)}00`],
  ["nesting of seventeen arrays", `${"81".repeat(17)}00`],
];

for (const [name, hex] of HOSTILE) {
  test(`C2: refused with a reason: ${name}`, (t) => {
    const decoded = decode(bytesOf(hex));
    t.is(decoded.kind, "reject");
    t.true(decoded.kind === "reject" && decoded.reason.length > 10);
    // The decoder keeps nothing of what it refused.
    t.is(decode(bytesOf("8301820203820405")).kind, "accept");
  });
}

test("C2: any bytes are answered, and what is accepted is its own encoding", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const decoded = decode(bytes);
      return decoded.kind === "reject" || Buffer.compare(encode(decoded.value), bytes) === 0;
    }),
    { numRuns: 3000 },
  );
  t.pass();
});

test("C6: input above one mebibyte is refused without being read", (t) => {
  const decoded = decode(new Uint8Array(2 ** 20 + 1));
  t.regex(decoded.kind === "reject" ? decoded.reason : "", /1048577 bytes/);
});

test("C1: the encoder throws on what the profile does not have", (t) => {
  for (const wrong of [0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53, "\ud800", undefined, 1n, () => 1]) {
    t.throws(() => encode(wrong as CborValue));
  }
  t.throws(() => encode(new Map([[true, 1]]) as unknown as CborValue), { message: /key/ });
});

test("C6: a failed encoding leaves nothing behind for the next one", (t) => {
  t.throws(() => encode([1, 2, 0.5]));
  t.is(toHex(encode([3])), "8103");
});

test("C6: an encoding larger than the encoder's buffer is whole", (t) => {
  const large = new Uint8Array(200_000).fill(7);
  const bytes = encode(["a", large, "b".repeat(70_000)]);
  const decoded = decode(bytes);
  t.deepEqual(decoded.kind === "accept" ? decoded.value : null, ["a", large, "b".repeat(70_000)]);
});

test("C3: a decimal fraction keeps its resolution: 1.50 is not 1.5", (t) => {
  const displayed = { mantissa: 150, exponent: -2 };
  const decoded = decode(encode(decimal(displayed)));
  t.deepEqual(decoded.kind === "accept" ? decimalOf(decoded.value) : null, displayed);
  t.not(toHex(encode(decimal(displayed))), toHex(encode(decimal({ mantissa: 15, exponent: -1 }))));
});

test("C3: what is no decimal fraction is not taken for one", (t) => {
  for (const wrong of [
    1,
    [1, 2],
    tagged(4, [1]),
    tagged(4, [1, 2, 3]),
    tagged(4, ["1", 2]),
    tagged(18, [1, 2]),
    undefined,
  ]) {
    t.is(decimalOf(wrong), null);
  }
  t.is(contentOf(tagged(18, 5), 4), null);
  t.is(contentOf(tagged(18, 5), 18), 5);
});
