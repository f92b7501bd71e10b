import { addDecimals, type Decimal, type MassUnit, massUnit, parseDecimal } from "../../quantity/index.ts";

/** What a weight line shows (NC3, NC5). */
export type WeightLine =
  | { readonly kind: "weight"; readonly value: Decimal; readonly unit: MassUnit }
  | { readonly kind: "fill"; readonly status: "overload" | "underload" | "zero-error" }
  /** The reply to U: a unit alone. */
  | { readonly kind: "unit" };

const DECIMAL = /^ *(-?) *(\d+\.?\d*|\.\d+) *([A-Za-z]+) *$/;
const POUNDS_OUNCES = /^ *(-?) *(\d+) *(LB|lb) +(\d{1,2}(?:\.\d+)?) *(OZ|oz) *$/;
const FILL = /^ *([\^_-])\1+ *([A-Za-z]*) *$/;
const FILLS = { "^": "overload", _: "underload", "-": "zero-error" } as const;
const OUNCES_PER_POUND = 16;
/** Six characters, seven in high resolution, and room for wider displays; more is a digit too many. */
const WEIGHT_COLUMNS = 9;

/** Reads a weight line; a string says why it is none. */
export function weightLine(line: string): WeightLine | string {
  const fill = FILL.exec(line);
  if (fill !== null) return { kind: "fill", status: FILLS[fill[1] as keyof typeof FILLS] };
  const both = POUNDS_OUNCES.exec(line);
  if (both !== null) return poundsAndOunces(both);
  const decimal = DECIMAL.exec(line);
  if (decimal === null) return unitOf(line) === null ? "not a weight with its unit" : { kind: "unit" };
  const [, sign = "", digits = "", token = ""] = decimal;
  if (digits.length > WEIGHT_COLUMNS) return `the weight has ${digits.length} columns, more than ${WEIGHT_COLUMNS}`;
  const unit = unitOf(token);
  if (unit === null) return `unit "${token}" is not known`;
  const value = parseDecimal(sign + digits);
  return value === null ? `"${digits}" is not an exact decimal` : { kind: "weight", value, unit };
}

/** NC5: exact, in ounces at the displayed resolution. */
function poundsAndOunces(match: RegExpExecArray): WeightLine | string {
  const [, sign = "", pounds = "", , ounces = ""] = match;
  if (Number(ounces) >= OUNCES_PER_POUND) return `${ounces} ounces are more than a pound`;
  const whole = parseDecimal(`${sign}${Number(pounds) * OUNCES_PER_POUND}`);
  const rest = parseDecimal(sign + ounces);
  const value = whole === null || rest === null ? null : addDecimals(whole, rest);
  return value === null ? `"${pounds}" is not an exact decimal` : { kind: "weight", value, unit: "oz" };
}

/** NC3: whole upper or whole lower case, by maker; "Kg" is nobody's. What "T" would be (tonne, short ton) no manual says. */
const UNITS = ["lb", "oz", "kg", "g"];
function unitOf(token: string): MassUnit | null {
  const unit = UNITS.find((known) => token === known || token === known.toUpperCase());
  return unit === undefined ? null : massUnit(unit);
}
