/**
 * Exact decimal: value = mantissa * 10^exponent, both safe integers (Q1). `{ mantissa: 10000, exponent: -2 }` is 100.00:
 * trailing zeros are the resolution that the device displayed and are kept.
 */
export type Decimal = { readonly mantissa: number; readonly exponent: number };

/** Q3: no scale or dimensioner shows more; beyond it an exponent is an attack or a fault. */
const EXPONENT_LIMIT = 24;

const PLAIN = /^([+-]?)(\d*)(?:\.(\d+))?$/;
/** So many digits are a safe integer whatever they are; all that scales show. Longer ones take the way through BigInt. */
export const SAFE_DIGITS = 15;
const POWERS = Array.from({ length: SAFE_DIGITS + 1 }, (_, power) => Number(10n ** BigInt(power)));

/** Decimal text as devices print it: optional sign, digits, optional point and digits. Null = not such a text (Q2, Q3). */
export function parseDecimal(text: string): Decimal | null {
  const match = PLAIN.exec(text);
  if (match === null) return null;
  const [, sign = "", whole = "", fraction = ""] = match;
  if (whole === "" && fraction === "") return null;
  const digits = whole + fraction;
  if (digits.length <= SAFE_DIGITS)
    return exactDecimal(sign === "-" ? -Number(digits) : Number(digits), -fraction.length);
  return exactDecimal(BigInt(digits) * (sign === "-" ? -1n : 1n), -fraction.length);
}

/** Q1, Q3: null when the value cannot be held exactly. */
export function exactDecimal(mantissa: number | bigint, exponent: number): Decimal | null {
  const narrow = Number(mantissa);
  if (!Number.isSafeInteger(narrow) || !(Math.abs(exponent) <= EXPONENT_LIMIT)) return null;
  // Neither part is ever -0 (-0 + 0 is 0): a signed encoder would write that as a float.
  return { mantissa: narrow + 0, exponent: exponent + 0 };
}

/** What a shortest decimal of a float of single precision may need. */
const SINGLE_DIGITS = 9;
const SCIENTIFIC = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/;

/**
 * Q8: the decimal with the fewest digits that rounds to this float of the given precision: what a device meant that computes in floats. Null: no
 * number, or none within Q1 and Q3. It shows no resolution: 12.340 and 12.34 are one float.
 */
export function floatDecimal(value: number, precision: "single" | "double"): Decimal | null {
  const match = SCIENTIFIC.exec(precision === "single" ? shortestSingle(value) : value.toExponential());
  if (match === null) return null;
  const [, sign = "", first = "", rest = "", power = ""] = match;
  const exponent = Number(power) - rest.length;
  const mantissa = BigInt(sign + first + rest);
  // 100 is mantissa 100, as in every text, and not 1 at a resolution of a hundred.
  return exponent <= 0 ? exactDecimal(mantissa, exponent) : exactDecimal(mantissa * 10n ** BigInt(exponent), 0);
}

function shortestSingle(value: number): string {
  for (let digits = 0; digits < SINGLE_DIGITS - 1; digits += 1) {
    const text = value.toExponential(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toExponential(SINGLE_DIGITS - 1);
}

/** Plain decimal text with all kept digits, e.g. "100.00"; never an exponent. Inverse of `parseDecimal` for exponent <= 0. */
export function formatDecimal(value: Decimal): string {
  const sign = value.mantissa < 0 ? "-" : "";
  const digits = Math.abs(value.mantissa).toString();
  if (value.exponent >= 0) return sign + (value.mantissa === 0 ? "0" : digits + "0".repeat(value.exponent));
  const padded = digits.padStart(1 - value.exponent, "0");
  return `${sign}${padded.slice(0, value.exponent)}.${padded.slice(value.exponent)}`;
}

/** Exact sum at the finer of both resolutions; null when it cannot be held exactly. */
export function addDecimals(a: Decimal, b: Decimal): Decimal | null {
  const exponent = Math.min(a.exponent, b.exponent);
  const sum = (safelyScaled(a, exponent) ?? Number.NaN) + (safelyScaled(b, exponent) ?? Number.NaN);
  // A sum that rounds is at or beyond 2^53 and therefore not safe.
  if (Number.isSafeInteger(sum)) return exactDecimal(sum, exponent);
  return exactDecimal(scaled(a, exponent) + scaled(b, exponent), exponent);
}

/** Exact product; null when it cannot be held exactly. */
export function multiplyDecimals(a: Decimal, b: Decimal): Decimal | null {
  // A product that rounds is at or beyond 2^53 and therefore not safe.
  return exactDecimal(a.mantissa * b.mantissa, a.exponent + b.exponent);
}

/** Order by value: 1.0 and 1.00 compare equal. */
export function compareDecimals(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const exponent = Math.min(a.exponent, b.exponent);
  const left = safelyScaled(a, exponent) ?? scaled(a, exponent);
  const right = safelyScaled(b, exponent) ?? scaled(b, exponent);
  // Comparing a number with a BigInt is exact (ECMA-262 section 7.2.13).
  return left < right ? -1 : left > right ? 1 : 0;
}

/** True when `value` is a whole number of `step`s; `step` is above zero. */
export function isMultipleOf(value: Decimal, step: Decimal): boolean {
  const exponent = Math.min(value.exponent, step.exponent);
  const whole = safelyScaled(value, exponent);
  const part = safelyScaled(step, exponent);
  if (whole !== null && part !== null) return whole % part === 0;
  return scaled(value, exponent) % scaled(step, exponent) === 0n;
}

/** The mantissa at a finer exponent, when that is a safe integer. */
function safelyScaled({ mantissa, exponent }: Decimal, finer: number): number | null {
  const scaledUp = mantissa * (POWERS[exponent - finer] ?? Number.NaN);
  return Number.isSafeInteger(scaledUp) ? scaledUp : null;
}

const scaled = (value: Decimal, exponent: number): bigint =>
  BigInt(value.mantissa) * 10n ** BigInt(value.exponent - exponent);
