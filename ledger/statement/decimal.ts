import type { Decimal, Measurement } from "./statement.ts";

/** Exact decimal text of a mass in kg as grams, with the resolution displayed: 12.340 kg is "12340", 0.10000 kg "100.00". */
export const massGrams = (kilograms: Decimal): string => decimalText(kilograms, 3);

/** Exact decimal texts of length, width and height in millimetres. */
export function dimensionsMm(measurement: Measurement): readonly [string, string, string] {
  const { length, width, height } = measurement.dimensions;
  return [decimalText(length, 3), decimalText(width, 3), decimalText(height, 3)];
}

/** The text of value x 10^shift. Trailing zeros that were displayed stay; a scale that displays tens gets zeros, not an exponent. */
function decimalText(value: Decimal, shift: number): string {
  const exponent = value.exponent + shift;
  const sign = value.mantissa < 0 ? "-" : "";
  const digits = Math.abs(value.mantissa).toString();
  if (exponent >= 0) return value.mantissa === 0 ? "0" : sign + digits + "0".repeat(exponent);
  const padded = digits.padStart(1 - exponent, "0");
  return `${sign}${padded.slice(0, exponent)}.${padded.slice(exponent)}`;
}
