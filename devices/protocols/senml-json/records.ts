import {
  addDecimals,
  compareDecimals,
  type Decimal,
  JsonNumber,
  type JsonObject,
  type JsonValue,
  parseExactJson,
} from "../../quantity/index.ts";

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

type RawRecord = JsonObject;

/** J1: a pack of more records is not one weighing. */
const MOST_RECORDS = 32;
/** RFC 8428 section 4.4. */
const HIGHEST_VERSION = "10";
const NAME = /^[A-Za-z0-9][-A-Za-z0-9:./_]{0,255}$/;
const VALUE_LABELS: ReadonlySet<string> = new Set(["v", "vs", "vb", "vd"]);

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
  const pack = parseExactJson(bytes);
  if (!Array.isArray(pack)) return "not a JSON array of SenML records";
  const raws: readonly JsonValue[] = pack;
  if (raws.length === 0 || raws.length > MOST_RECORDS) return `a pack holds 1 to ${MOST_RECORDS} records`;
  const records: SenmlRecord[] = [];
  let base: Base = { name: "", time: null, unit: null, value: null };
  for (const [index, raw] of raws.entries()) {
    if (!(raw instanceof Map)) return `record ${index} is not an object`;
    const fault = labelFault(raw);
    if (fault !== null) return `record ${index}: ${fault}`;
    base = baseOf(base, raw);
    const resolved = resolve(base, raw);
    if (typeof resolved === "string") return `record ${index}: ${resolved}`;
    records.push(resolved);
  }
  return records;
}

/** J3: type of every label that SenML defines; labels unknown to it are ignored, unless they say "must understand". */
function labelFault(raw: RawRecord): string | null {
  let values = 0;
  for (const [label, value] of raw) {
    switch (label) {
      case "bn":
      case "n":
      case "bu":
      case "u":
      case "vs":
      case "vd":
        if (typeof value !== "string") return `${label} is not a string`;
        break;
      case "vb":
        if (typeof value !== "boolean") return "vb is not true or false";
        break;
      case "bt":
      case "bv":
      case "bs":
      case "bver":
      case "v":
      case "s":
      case "t":
      case "ut":
        if (decimalOf(value) === null) return `${label} is not an exact decimal number`;
        if (label === "bver" && value instanceof JsonNumber && value.text !== HIGHEST_VERSION)
          return `SenML version ${value.text} is not known`;
        break;
      default:
        if (label.endsWith("_")) return `label "${label}" must be understood and is not`;
    }
    if (VALUE_LABELS.has(label)) values += 1;
  }
  return values > 1 ? "more than one value" : null;
}

const baseOf = (base: Base, raw: RawRecord): Base => ({
  name: textOf(raw.get("bn")) ?? base.name,
  time: decimalOf(raw.get("bt")) ?? base.time,
  unit: textOf(raw.get("bu")) ?? base.unit,
  value: decimalOf(raw.get("bv")) ?? base.value,
});

function resolve(base: Base, raw: RawRecord): SenmlRecord | string {
  const name = base.name + (textOf(raw.get("n")) ?? "");
  if (!NAME.test(name)) return "the resolved name is empty or has characters that SenML does not allow";
  const value = valueOf(base, raw);
  if (value === null) return "base value and value have no exact sum";
  return { name, unit: textOf(raw.get("u")) ?? base.unit, time: timeOf(base, raw), value };
}

function timeOf(base: Base, raw: RawRecord): Decimal | null {
  const own = decimalOf(raw.get("t"));
  const time = base.time === null || own === null ? (base.time ?? own) : addDecimals(base.time, own);
  return time === null || compareDecimals(time, FIRST_ABSOLUTE_TIME) < 0 ? null : time;
}

function valueOf(base: Base, raw: RawRecord): SenmlValue | null {
  const text = textOf(raw.get("vs"));
  if (text !== null) return { kind: "text", text };
  const truth = raw.get("vb");
  if (typeof truth === "boolean") return { kind: "boolean", boolean: truth };
  const own = decimalOf(raw.get("v"));
  if (own === null) return { kind: "other" };
  const number = base.value === null ? own : addDecimals(base.value, own);
  return number === null ? null : { kind: "number", number };
}

const textOf = (value: JsonValue | undefined): string | null => (typeof value === "string" ? value : null);
const decimalOf = (value: JsonValue | undefined): Decimal | null => (value instanceof JsonNumber ? value.exact : null);
