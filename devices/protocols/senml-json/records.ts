import { addDecimals, compareDecimals, type Decimal, parseJsonDecimal } from "../../quantity/index.ts";

/** One SenML record after resolution (RFC 8428 section 4.6): full name, unit, time, and one value or none. */
export type SenmlRecord = {
  readonly name: string;
  readonly unit: string | null;
  /** Unix seconds; null when the record gives none, or one relative to now. */
  readonly time: Decimal | null;
  readonly value: SenmlValue;
};
type SenmlValue =
  | { readonly kind: "number"; readonly number: Decimal }
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "boolean"; readonly boolean: boolean }
  /** A sum, data or nothing: not used here. */
  | { readonly kind: "other" };

/** Marks a JSON number as the sender wrote it (J2). A symbol, because no JSON object can carry one and pose as a number. */
const SOURCE = Symbol("source");
type NumberText = { readonly [SOURCE]: string };
type RawRecord = Readonly<Record<string, unknown>>;

/** J1: a pack of more records is not one weighing. */
const MOST_RECORDS = 32;
/** RFC 8428 section 4.4. */
const HIGHEST_VERSION = "10";
const NAME = /^[A-Za-z0-9][-A-Za-z0-9:./_]{0,255}$/;
const VALUE_LABELS = ["v", "vs", "vb", "vd"];

/** RFC 8428 section 4.5.3: what is smaller is relative to now. */
const FIRST_ABSOLUTE_TIME: Decimal = { mantissa: 2 ** 28, exponent: 0 };

type Base = {
  readonly name: string;
  readonly time: Decimal | null;
  readonly unit: string | null;
  readonly value: Decimal | null;
};

/** Parses and resolves a pack. A string instead of records says what is wrong with it. */
export function parsePack(bytes: Uint8Array): readonly SenmlRecord[] | string {
  const pack = parseJson(bytes);
  if (!Array.isArray(pack)) return "not a JSON array of SenML records";
  if (pack.length === 0 || pack.length > MOST_RECORDS) return `a pack holds 1 to ${MOST_RECORDS} records`;
  const records: SenmlRecord[] = [];
  let base: Base = { name: "", time: null, unit: null, value: null };
  for (const [index, raw] of pack.entries()) {
    if (!isRecord(raw)) return `record ${index} is not an object`;
    const fault = labelFault(raw);
    if (fault !== null) return `record ${index}: ${fault}`;
    base = baseOf(base, raw);
    const resolved = resolve(base, raw);
    if (typeof resolved === "string") return `record ${index}: ${resolved}`;
    records.push(resolved);
  }
  return records;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes), keepNumberText as Reviver);
  } catch {
    // Not UTF-8 or not JSON: a verdict for the caller, not a failure.
    return null;
  }
}

type Reviver = (key: string, value: unknown) => unknown;
/** The third argument of a reviver (ECMAScript, JSON.parse source text access) is not yet in the type library. */
const keepNumberText = (_key: string, value: unknown, context: { readonly source?: string }): unknown =>
  typeof value === "number" ? { [SOURCE]: context.source ?? "" } : value;

const isRecord = (raw: unknown): raw is RawRecord =>
  typeof raw === "object" && raw !== null && !Array.isArray(raw) && !isNumberText(raw);
const isNumberText = (raw: unknown): raw is NumberText => typeof raw === "object" && raw !== null && SOURCE in raw;

/** J3: type of every label that SenML defines; labels unknown to it are ignored, unless they say "must understand". */
function labelFault(raw: RawRecord): string | null {
  for (const [label, value] of Object.entries(raw)) {
    if (label.endsWith("_")) return `label "${label}" must be understood and is not`;
    if (["bn", "n", "bu", "u", "vs", "vd"].includes(label) && typeof value !== "string")
      return `${label} is not a string`;
    if (label === "vb" && typeof value !== "boolean") return "vb is not true or false";
    if (["bt", "bv", "bs", "bver", "v", "s", "t", "ut"].includes(label)) {
      if (!isNumberText(value) || parseJsonDecimal(value[SOURCE]) === null)
        return `${label} is not an exact decimal number`;
    }
  }
  const version = raw["bver"];
  if (isNumberText(version) && version[SOURCE] !== HIGHEST_VERSION)
    return `SenML version ${version[SOURCE]} is not known`;
  return VALUE_LABELS.filter((label) => label in raw).length > 1 ? "more than one value" : null;
}

const baseOf = (base: Base, raw: RawRecord): Base => ({
  name: typeof raw["bn"] === "string" ? raw["bn"] : base.name,
  time: decimalOf(raw["bt"]) ?? base.time,
  unit: typeof raw["bu"] === "string" ? raw["bu"] : base.unit,
  value: decimalOf(raw["bv"]) ?? base.value,
});

function resolve(base: Base, raw: RawRecord): SenmlRecord | string {
  const name = base.name + (typeof raw["n"] === "string" ? raw["n"] : "");
  if (!NAME.test(name)) return "the resolved name is empty or has characters that SenML does not allow";
  const value = valueOf(base, raw);
  if (value === null) return "base value and value have no exact sum";
  return { name, unit: typeof raw["u"] === "string" ? raw["u"] : base.unit, time: timeOf(base, raw), value };
}

function timeOf(base: Base, raw: RawRecord): Decimal | null {
  const own = decimalOf(raw["t"]);
  const time = base.time === null || own === null ? (base.time ?? own) : addDecimals(base.time, own);
  return time === null || compareDecimals(time, FIRST_ABSOLUTE_TIME) < 0 ? null : time;
}

function valueOf(base: Base, raw: RawRecord): SenmlValue | null {
  if (typeof raw["vs"] === "string") return { kind: "text", text: raw["vs"] };
  if (typeof raw["vb"] === "boolean") return { kind: "boolean", boolean: raw["vb"] };
  const own = decimalOf(raw["v"]);
  if (own === null) return { kind: "other" };
  const number = base.value === null ? own : addDecimals(base.value, own);
  return number === null ? null : { kind: "number", number };
}

const decimalOf = (value: unknown): Decimal | null => (isNumberText(value) ? parseJsonDecimal(value[SOURCE]) : null);
