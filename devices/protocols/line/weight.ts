import { exactKilograms, type MassUnit, parseDecimal, type Quantity } from "../../quantity/index.ts";
import { type Decoded, type Flag, refused, status } from "../protocol.ts";

type Mass = Extract<Quantity, { kind: "mass" }>;

/** What the fields of a line say, still as text. */
export type WeightFields = {
  /** "-" below zero; "+", blank or nothing otherwise. */
  readonly sign: string;
  /** As the device aligns it: blanks in front, one point (L4). */
  readonly digits: string;
  readonly unit: string;
  readonly stability: Mass["stability"];
  readonly mode: Mass["mode"];
  readonly flags?: readonly Flag[];
};

/** L5: what the unit words of a protocol mean. A text that is no mass unit is the status of such a line. */
export type UnitWords = Readonly<Record<string, MassUnit | "counting" | "percent">>;

/** The words that laboratory and bench scales of many makers share. */
export const benchUnits = {
  mg: "mg",
  g: "g",
  kg: "kg",
  t: "t",
  oz: "oz",
  lb: "lb",
  pcs: "counting",
  "%": "percent",
} as const satisfies UnitWords;

const SIGNED = /^ *([+-]?)( *[\d.]+)$/;

/** L4: a field that holds the sign as well, in front or next to the digits; null when it is no such field. */
export function signedField(columns: string): { readonly sign: string; readonly digits: string } | null {
  const match = SIGNED.exec(columns);
  return match === null ? null : { sign: match[1] ?? "", digits: match[2] ?? "" };
}

const DIGITS = /^ *(\d*\.?\d+)$/;

/** L3-L6: a line's fields as quantities, or why they are none. */
export function weightOf(fields: WeightFields, words: UnitWords): Decoded {
  const unit = unitOf(fields.unit, words);
  if (unit === null) return refused(`unit "${fields.unit.trim()}" is not known`);
  const digits = DIGITS.exec(fields.digits)?.[1];
  const value = digits === undefined ? null : parseDecimal(`${fields.sign === "-" ? "-" : ""}${digits}`);
  if (value === null) return refused(`"${fields.sign}${fields.digits}" is not an exact decimal`);
  if (unit === "counting" || unit === "percent") return status(unit);
  if (exactKilograms(value, unit) === null) return refused("the weight has no exact value in kg");
  const { stability, mode, flags = [] } = fields;
  const quantities = [{ kind: "mass", value, unit, stability, mode } as const];
  return flags.length === 0 ? { kind: "quantities", quantities } : { kind: "quantities", quantities, flags };
}

const unitOf = (text: string, words: UnitWords): UnitWords[string] | null => {
  const word = text.trim();
  return Object.hasOwn(words, word) ? (words[word] ?? null) : null;
};
