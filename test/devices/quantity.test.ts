import test from "ava";
import * as fc from "fast-check";
import {
  addDecimals,
  compareDecimals,
  formatDecimal,
  isMultipleOf,
  JsonNumber,
  type JsonValue,
  lengthUnit,
  massUnit,
  parseDecimal,
  parseExactJson,
  toKilograms,
  toMetres,
} from "../../devices/quantity/index.ts";

const exactOf = (text: string) => {
  const value = parseExactJson(new TextEncoder().encode(text));
  return value instanceof JsonNumber ? value.exact : null;
};

const decimal = fc.record({
  mantissa: fc.maxSafeInteger(),
  exponent: fc.integer({ min: -12, max: 0 }),
});

test("Q2: the displayed resolution is kept", (t) => {
  t.deepEqual(parseDecimal("100.00"), { mantissa: 10_000, exponent: -2 });
  t.deepEqual(parseDecimal("000081212"), { mantissa: 81_212, exponent: 0 });
  t.deepEqual(parseDecimal("-18.3"), { mantissa: -183, exponent: -1 });
  t.deepEqual(parseDecimal(".5"), { mantissa: 5, exponent: -1 });
});

test("Q2: minus zero is zero", (t) => {
  t.true(Object.is(parseDecimal("-0.00")?.mantissa, 0));
});

test("Q3: digits that a safe integer cannot hold have no value", (t) => {
  t.deepEqual(parseDecimal("9007199254740991"), { mantissa: Number.MAX_SAFE_INTEGER, exponent: 0 });
  t.is(parseDecimal("9007199254740992"), null);
  t.is(parseDecimal("0.00000000000000000000000001"), null);
});

test("Q1: text that is not a plain decimal has no value", (t) => {
  for (const text of ["", "+", ".", "1.", "1e3", "0x10", "1,5", " 1", "1 0", "--1", "NaN", "Infinity", "٣"]) {
    t.is(parseDecimal(text), null, text);
  }
});

test("Q1: JSON numbers keep their digits and their exponent", (t) => {
  t.deepEqual(exactOf("1.50"), { mantissa: 150, exponent: -2 });
  t.deepEqual(exactOf("1.5e-3"), { mantissa: 15, exponent: -4 });
  t.deepEqual(exactOf("2E+2"), { mantissa: 2, exponent: 2 });
  for (const text of ["01", "+1", "1.", ".5", "1e400", "1e25"]) t.is(exactOf(text), null, text);
});

test("Q1: format and parse are inverse, digit by digit", (t) => {
  fc.assert(
    fc.property(decimal, (value) => {
      t.deepEqual(parseDecimal(formatDecimal(value)), { ...value, mantissa: value.mantissa + 0 });
    }),
    { numRuns: 300 },
  );
});

test("Q1: no text makes the parser throw or give an unsafe integer", (t) => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[+-]?\d{0,30}\.?\d{0,30}$/)), (text) => {
      const value = parseDecimal(text);
      t.true(value === null || Number.isSafeInteger(value.mantissa));
    }),
    { numRuns: 500 },
  );
});

test("Q1: addition is exact", (t) => {
  t.deepEqual(addDecimals({ mantissa: 1, exponent: -1 }, { mantissa: 20, exponent: -2 }), {
    mantissa: 30,
    exponent: -2,
  });
  t.is(addDecimals({ mantissa: Number.MAX_SAFE_INTEGER, exponent: 0 }, { mantissa: 1, exponent: 0 }), null);
});

test("Q1: order is by value, not by resolution", (t) => {
  t.is(compareDecimals({ mantissa: 10, exponent: -1 }, { mantissa: 100, exponent: -2 }), 0);
  t.is(compareDecimals({ mantissa: -1, exponent: 3 }, { mantissa: 1, exponent: -3 }), -1);
});

test("Q4: units are exact tokens", (t) => {
  t.is(massUnit("kg"), "kg");
  t.is(lengthUnit("in"), "in");
  for (const token of ["", "Kg", "KG", "lbs", "toString", "__proto__", "ozt"]) t.is(massUnit(token), null, token);
});

test("Q5: conversions are exact", (t) => {
  t.deepEqual(toKilograms({ mantissa: 100, exponent: -2 }, "lb"), { mantissa: 4_535_923_700, exponent: -10 });
  t.deepEqual(toKilograms({ mantissa: 16, exponent: 0 }, "oz"), { mantissa: 453_592_370_000, exponent: -12 });
  t.deepEqual(toKilograms({ mantissa: 500, exponent: 0 }, "g"), { mantissa: 500, exponent: -3 });
  t.deepEqual(toKilograms({ mantissa: 2, exponent: 0 }, "t"), { mantissa: 2, exponent: 3 });
  t.deepEqual(toMetres({ mantissa: 321, exponent: 0 }, "mm"), { mantissa: 321, exponent: -3 });
  t.deepEqual(toMetres({ mantissa: 195, exponent: -1 }, "in"), { mantissa: 49_530, exponent: -5 });
});

test("Q5: sixteen ounces are one pound, whatever their number", (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 15_000 }), (pounds) => {
      const ounces = toKilograms({ mantissa: 16 * pounds, exponent: 0 }, "oz");
      t.is(compareDecimals(ounces, toKilograms({ mantissa: pounds, exponent: 0 }, "lb")), 0);
    }),
  );
});

test("Q5: a product that does not fit is an error, not a rounded value", (t) => {
  t.throws(() => toKilograms({ mantissa: Number.MAX_SAFE_INTEGER, exponent: 0 }, "lb"), { instanceOf: RangeError });
});

const wide = fc.record({
  mantissa: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -1000, max: 1000 })),
  exponent: fc.integer({ min: -24, max: 24 }),
});
/** The same by BigInt alone, over the exponent -48. */
const unscaled = ({ mantissa, exponent }: { mantissa: number; exponent: number }) =>
  BigInt(mantissa) * 10n ** BigInt(exponent + 48);

test("Q1: sums, products, order and multiples are those of arithmetic without bounds, or null", (t) => {
  fc.assert(
    fc.property(wide, wide, (a, b) => {
      const sum = addDecimals(a, b);
      if (sum !== null) t.is(unscaled(sum), unscaled(a) + unscaled(b));
      const digits = (unscaled(a) + unscaled(b)) / 10n ** BigInt(Math.min(a.exponent, b.exponent) + 48);
      t.is(sum === null, !Number.isSafeInteger(Number(digits)));
      const order = unscaled(a) - unscaled(b);
      t.is(compareDecimals(a, b), order < 0n ? -1 : order > 0n ? 1 : 0);
      if (b.mantissa > 0) t.is(isMultipleOf(a, b), unscaled(a) % unscaled(b) === 0n);
    }),
    { numRuns: 2000 },
  );
});

/** What JSON.parse makes of the same text. */
function plain(value: JsonValue): unknown {
  if (value instanceof JsonNumber) return Number(value.text);
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Map) return Object.fromEntries([...value].map(([name, each]) => [name, plain(each)]));
  return value;
}

const parsed = (text: string): { readonly value: unknown } | null => {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return null;
  }
};

test("Q6: a text is JSON exactly when JSON.parse says so, with the same values", (t) => {
  const spaced = fc.json().map((text) => text.replace(/([[{,:])/g, "$1 \n\t"));
  const broken = fc
    .tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom("", '"', "\\", ",", "]", "}", "0", "-", ".", "e5", "\u0001", "\ud800", "tru"),
    )
    .map(
      ([text, at, piece]) => text.slice(0, at % (text.length + 1)) + piece + text.slice((at % (text.length + 1)) + 1),
    );
  fc.assert(
    fc.property(fc.oneof(fc.json(), spaced, broken, fc.string()), (text) => {
      // A lone surrogate becomes the replacement character on its way through UTF-8.
      const wellFormed = text.toWellFormed();
      const value = parseExactJson(new TextEncoder().encode(wellFormed));
      const expected = parsed(wellFormed);
      t.deepEqual(value === undefined ? null : { value: plain(value) }, expected);
    }),
    { numRuns: 3000 },
  );
});

test("Q6: bytes that are not UTF-8, and nesting without end, are not JSON here", (t) => {
  t.is(parseExactJson(Uint8Array.of(0x22, 0xff, 0x22)), undefined);
  t.is(parseExactJson(new TextEncoder().encode("[".repeat(100_000))), undefined);
  t.is(parseExactJson(new TextEncoder().encode(`${"[".repeat(66)}${"]".repeat(66)}`)), undefined);
  t.is(parseExactJson(new TextEncoder().encode("\ufeff[]")), undefined);
});
