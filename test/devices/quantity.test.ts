import test from "ava";
import * as fc from "fast-check";
import {
  addDecimals,
  compareDecimals,
  floatDecimal,
  formatDecimal,
  isMultipleOf,
  JsonReader,
  lengthUnit,
  massUnit,
  Unreadable,
  parseDecimal,
  toKilograms,
  toMetres,
} from "../../devices/quantity/index.ts";

/** The whole text as JSON.parse would give it, with decimals where it has numbers. Throws `Unreadable`. */
function treeOf(text: string | Uint8Array): unknown {
  const reader = new JsonReader(typeof text === "string" ? new TextEncoder().encode(text) : text);
  const value = (): unknown => {
    switch (reader.kind()) {
      case "object": {
        const members: [string, unknown][] = [];
        reader.object((name) => members.push([name, value()]));
        return Object.fromEntries(members);
      }
      case "array": {
        const elements: unknown[] = [];
        reader.array(() => elements.push(value()));
        return elements;
      }
      case "string":
        return reader.string();
      case "number":
        return reader.decimal();
      case "boolean":
        return reader.boolean();
      case "null":
        reader.skip();
        return null;
    }
  };
  const all = value();
  reader.end();
  return all;
}

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

test("Q1, Q3, Q6: JSON numbers keep their digits and their exponent", (t) => {
  t.deepEqual(treeOf("1.50"), { mantissa: 150, exponent: -2 });
  t.deepEqual(treeOf(" 1.5e-3 "), { mantissa: 15, exponent: -4 });
  t.deepEqual(treeOf("2E+2"), { mantissa: 2, exponent: 2 });
  t.deepEqual(treeOf("-0.00"), { mantissa: 0, exponent: -2 });
  t.deepEqual(treeOf("-9007199254740991"), { mantissa: Number.MIN_SAFE_INTEGER, exponent: 0 });
  for (const text of ["9007199254740992", "1e400", "1e25", "0.12345678901234567"]) t.is(treeOf(text), null, text);
  for (const text of ["01", "+1", "1.", ".5", "-", "1e", "1e+"])
    t.throws(() => treeOf(text), { instanceOf: Unreadable }, text);
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

/** The same JSON: decimals are the numbers nearest to them, and null where there is none (Q3). */
function agrees(exact: unknown, plain: unknown): boolean {
  if (typeof plain === "number") {
    if (exact === null) return true;
    const { mantissa, exponent } = exact as { readonly mantissa: number; readonly exponent: number };
    return Number(`${mantissa}e${exponent}`) === plain;
  }
  if (typeof plain !== "object" || plain === null) return exact === plain;
  if (typeof exact !== "object" || exact === null || Array.isArray(exact) !== Array.isArray(plain)) return false;
  const entries = Object.entries(plain);
  return (
    entries.length === Object.keys(exact).length &&
    entries.every(
      ([name, each]) => Object.hasOwn(exact, name) && agrees((exact as Record<string, unknown>)[name], each),
    )
  );
}

function verdictOf(parse: () => unknown): { readonly value: unknown } | "not JSON" {
  try {
    return { value: parse() };
  } catch (error) {
    if (error instanceof Unreadable || error instanceof SyntaxError) return "not JSON";
    throw error;
  }
}

test("Q6: a text is JSON exactly when JSON.parse says so, with the same values", (t) => {
  const json = fc.json();
  const spaced = json.map((text) => text.replace(/([[{,:])/g, "$1 \n\t"));
  const pieces = ["", '"', "\\", ",", "]", "}", "0", "-", ".", "e5", "\u0001", "tru", "\\u12", "null"];
  const broken = fc.tuple(json, fc.nat(), fc.constantFrom(...pieces)).map(([text, place, piece]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + piece + text.slice(at + 1);
  });
  fc.assert(
    fc.property(fc.oneof(json, spaced, broken, fc.string()), (raw) => {
      // A lone surrogate becomes the replacement character on its way through UTF-8.
      const text = raw.toWellFormed();
      const expected = verdictOf(() => JSON.parse(text) as unknown);
      const got = verdictOf(() => treeOf(text));
      if (got === "not JSON" || expected === "not JSON") t.is(got, expected as never, text);
      else t.true(agrees(got.value, expected.value), text);
    }),
    { numRuns: 3000 },
  );
});

test("Q6: what is skipped is checked like what is read", (t) => {
  const skipped = (text: string) => {
    const reader = new JsonReader(new TextEncoder().encode(text));
    reader.skip();
    reader.end();
  };
  t.notThrows(() => skipped('{"a":[1,true,null,"x\\n",{}]}'));
  for (const text of ['{"a":[1,true,nul]}', '{"a" 1}', "[1,]", '["\\x"]', "[1", '{"a":1,}', "[1]]", ""])
    t.throws(() => skipped(text), { instanceOf: Unreadable }, text);
});

test("Q6: bytes that are not UTF-8, and nesting without end, are not JSON here", (t) => {
  for (const bytes of [Uint8Array.of(0x22, 0xff, 0x22), new TextEncoder().encode("\ufeff[]")])
    t.throws(() => treeOf(bytes), { instanceOf: Unreadable });
  for (const depth of [65, 100_000])
    t.throws(() => treeOf("[".repeat(depth) + "]".repeat(depth)), { instanceOf: Unreadable });
  t.notThrows(() => treeOf("[".repeat(64) + "]".repeat(64)));
});

test("Q8: a float stands for the decimal of the fewest digits that rounds to it in its precision", (t) => {
  t.deepEqual(floatDecimal(12.34, "double"), { mantissa: 1234, exponent: -2 });
  t.deepEqual(floatDecimal(Math.fround(12.34), "single"), { mantissa: 1234, exponent: -2 });
  t.deepEqual(floatDecimal(Math.fround(12.34), "double"), { mantissa: 1_234_000_015_258_789, exponent: -14 });
  t.deepEqual(floatDecimal(100, "double"), { mantissa: 100, exponent: 0 });
  t.deepEqual(floatDecimal(Math.fround(16_777_200), "single"), { mantissa: 16_777_200, exponent: 0 });
  t.deepEqual(floatDecimal(-0, "double"), { mantissa: 0, exponent: 0 });
  for (const none of [Number.NaN, Number.POSITIVE_INFINITY, 1e300, 5e-324]) t.is(floatDecimal(none, "double"), null);
  fc.assert(
    fc.property(
      fc.integer({ min: -9_999_999, max: 9_999_999 }),
      fc.integer({ min: 0, max: 6 }),
      (mantissa, decimals) => {
        const value = Number(`${mantissa}e-${decimals}`);
        const decimal = floatDecimal(value, "double") ?? { mantissa: Number.NaN, exponent: 0 };
        t.is(Number(`${decimal.mantissa}e${decimal.exponent}`), value);
        t.true(String(Math.abs(decimal.mantissa)).length <= String(Math.abs(mantissa)).length);
        // Six digits survive single precision (FLT_DIG of C).
        if (Math.abs(mantissa) < 1_000_000) t.deepEqual(floatDecimal(Math.fround(value), "single"), decimal);
      },
    ),
  );
});
