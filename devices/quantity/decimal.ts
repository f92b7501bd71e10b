/**
 * Exact decimal: value = mantissa * 10^exponent, both safe integers (Q1). `{ mantissa: 10000, exponent: -2 }` is 100.00:
 * trailing zeros are the resolution that the device displayed and are kept.
 */
export type Decimal = { readonly mantissa: number; readonly exponent: number };

/** Q3: no scale or dimensioner shows more; beyond it an exponent is an attack or a fault. */
const EXPONENT_LIMIT = 24;

const PLAIN = /^([+-]?)(\d*)(?:\.(\d+))?$/;
const SCIENTIFIC = /^(-?(?:0|[1-9]\d*)(?:\.\d+)?)(?:[eE]([+-]?\d{1,3}))?$/;

/** Decimal text as devices print it: optional sign, digits, optional point and digits. Null = not such a text (Q2, Q3). */
export function parseDecimal(text: string): Decimal | null {
  const match = PLAIN.exec(text);
  if (match === null) return null;
  const [, sign = "", whole = "", fraction = ""] = match;
  if (whole === "" && fraction === "") return null;
  return exactDecimal(BigInt(whole + fraction) * (sign === "-" ? -1n : 1n), -fraction.length);
}

/** A number as the JSON grammar (RFC 8259 section 6) writes it, exponent included. Null = not one, or not exact here. */
export function parseJsonDecimal(text: string): Decimal | null {
  const match = SCIENTIFIC.exec(text);
  if (match === null) return null;
  const [, digits = "", power = "0"] = match;
  const plain = parseDecimal(digits);
  return plain === null ? null : exactDecimal(BigInt(plain.mantissa), plain.exponent + Number(power));
}

/** Q1, Q3: null when the value cannot be held exactly. */
function exactDecimal(mantissa: bigint, exponent: number): Decimal | null {
  const narrow = Number(mantissa);
  if (!Number.isSafeInteger(narrow) || Math.abs(exponent) > EXPONENT_LIMIT) return null;
  // Neither is ever -0 (Number(-0n) is 0, -0 + 0 is 0): a signed encoder would write that as a float.
  return { mantissa: narrow, exponent: exponent + 0 };
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
  return exactDecimal(scaled(a, exponent) + scaled(b, exponent), exponent);
}

/** Exact product; null when it cannot be held exactly. */
export function multiplyDecimals(a: Decimal, b: Decimal): Decimal | null {
  return exactDecimal(BigInt(a.mantissa) * BigInt(b.mantissa), a.exponent + b.exponent);
}

/** Order by value: 1.0 and 1.00 compare equal. */
export function compareDecimals(a: Decimal, b: Decimal): -1 | 0 | 1 {
  const exponent = Math.min(a.exponent, b.exponent);
  const left = scaled(a, exponent);
  const right = scaled(b, exponent);
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

const scaled = (value: Decimal, exponent: number): bigint =>
  BigInt(value.mantissa) * 10n ** BigInt(value.exponent - exponent);
