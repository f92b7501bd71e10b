import { type Decimal, multiplyDecimals } from "./decimal.ts";

export type MassUnit = "mg" | "g" | "kg" | "t" | "oz" | "lb";
export type LengthUnit = "mm" | "cm" | "m" | "in";

/** Q5: every factor is a finite decimal, so that no conversion rounds. International pound and inch (1959 agreement). */
const kilograms: Readonly<Record<MassUnit, Decimal>> = {
  mg: { mantissa: 1, exponent: -6 },
  g: { mantissa: 1, exponent: -3 },
  kg: { mantissa: 1, exponent: 0 },
  t: { mantissa: 1, exponent: 3 },
  // 0.45359237 kg / 16.
  oz: { mantissa: 28_349_523_125, exponent: -12 },
  lb: { mantissa: 45_359_237, exponent: -8 },
};

const metres: Readonly<Record<LengthUnit, Decimal>> = {
  mm: { mantissa: 1, exponent: -3 },
  cm: { mantissa: 1, exponent: -2 },
  m: { mantissa: 1, exponent: 0 },
  in: { mantissa: 254, exponent: -4 },
};

/** Q4: the exact token or null; "Kg", "lbs" or "" are never guessed at. */
export const massUnit = (token: string): MassUnit | null =>
  Object.hasOwn(kilograms, token) ? (token as MassUnit) : null;
export const lengthUnit = (token: string): LengthUnit | null =>
  Object.hasOwn(metres, token) ? (token as LengthUnit) : null;

/** Null when the exact value does not fit (Q5); what `decodeFrame` accepted always fits (P4). */
export const exactKilograms = (value: Decimal, unit: MassUnit): Decimal | null =>
  multiplyDecimals(value, kilograms[unit]);
export const exactMetres = (value: Decimal, unit: LengthUnit): Decimal | null => multiplyDecimals(value, metres[unit]);

/** Exact mass in kg. A value that does not fit is a bug of the caller (P4) and stops the process. */
export const toKilograms = (value: Decimal, unit: MassUnit): Decimal =>
  asserted(exactKilograms(value, unit), value, unit);
/** Exact length in m. A value that does not fit is a bug of the caller (P4) and stops the process. */
export const toMetres = (value: Decimal, unit: LengthUnit): Decimal => asserted(exactMetres(value, unit), value, unit);

function asserted(converted: Decimal | null, value: Decimal, unit: string): Decimal {
  if (converted === null)
    throw new RangeError(`${value.mantissa}e${value.exponent} ${unit} has no exact SI value here`);
  return converted;
}
