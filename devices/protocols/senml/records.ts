import { addDecimals, compareDecimals, type Decimal, Unreadable } from "../../quantity/index.ts";

/** One SenML record after resolution (RFC 8428 section 4.6): name, unit, time, and one value or none. */
export type SenmlRecord = {
  /** The resolved name up to its last ":" or "/", included, and what follows. */
  readonly prefix: string;
  readonly last: string;
  readonly unit: string | null;
  /** Unix seconds; null when the record gives none, or one relative to now. */
  readonly time: Decimal | null;
  /** A text, a truth, a number, or null: a sum, data or nothing, which are not used here. */
  readonly value: string | boolean | Decimal | null;
};

/** The members of a record as sent; undefined = not there. */
type Labels = {
  bn: string | undefined;
  bt: Decimal | undefined;
  bu: string | undefined;
  bv: Decimal | undefined;
  n: string | undefined;
  u: string | undefined;
  t: Decimal | undefined;
  v: Decimal | undefined;
  vs: string | undefined;
  vb: boolean | undefined;
  vd: boolean;
};

/** What the base members so far say, and what follows from them for every record that adds no more. */
type Base = {
  readonly name: string;
  /** The name alone may stand in front of others. */
  readonly isLegal: boolean;
  /** The name up to its last ":" or "/", included, and what follows. */
  readonly prefix: string;
  readonly rest: string;
  readonly time: Decimal | null;
  /** Null when that time is relative to now. */
  readonly absoluteTime: Decimal | null;
  readonly unit: string | null;
  readonly value: Decimal | null;
};

const NO_BASE: Base = {
  name: "",
  isLegal: true,
  prefix: "",
  rest: "",
  time: null,
  absoluteTime: null,
  unit: null,
  value: null,
};

/** J1: a pack of more records is not one weighing. */
const MOST_RECORDS = 32;
/** RFC 8428 section 4.4. */
const HIGHEST_VERSION = 10;
/** RFC 8428 section 4.5.1; the limit is ours. */
const NAME = /^[A-Za-z0-9][-A-Za-z0-9:./_]*$/;
const LATER_PART = /^[-A-Za-z0-9:./_]*$/;
const MOST_OF_A_NAME = 256;
/** RFC 8428 section 4.5.3: what is smaller is relative to now. */
const FIRST_ABSOLUTE_TIME: Decimal = { mantissa: 2 ** 28, exponent: 0 };

/** What is wrong with a record. */
class Fault extends Error {
  override readonly name = "Fault";
}

/** What the rules of records need of a notation. Its methods throw `Unreadable`. */
export type PackReader = {
  readonly kind: () => string;
  readonly array: (element: (index: number) => void) => void;
  /** Labels by their names in JSON; a label that this notation must not use is given as one that must be understood. */
  readonly object: (member: (label: string) => void) => void;
  readonly string: () => string;
  readonly decimal: () => Decimal | null;
  readonly boolean: () => boolean;
  readonly skip: () => void;
  readonly end: () => void;
};

/** SenML-JSON and SenML-CBOR differ in no more than this. */
export type Notation = {
  /** "JSON", "CBOR". */
  readonly name: string;
  /** Throws `Unreadable`. */
  readonly open: (bytes: Uint8Array) => PackReader;
  /** The kind of a data value (`vd`). */
  readonly data: string;
};

/** Parses and resolves a pack. A string instead of records says what is wrong with it. */
export function parsePack(bytes: Uint8Array, notation: Notation): readonly SenmlRecord[] | string {
  const records: SenmlRecord[] = [];
  let base = NO_BASE;
  try {
    const reader = notation.open(bytes);
    if (reader.kind() !== "array") return `not a ${notation.name} array of SenML records`;
    const labelsOf = labelReader(reader, notation.data);
    reader.array((index) => {
      if (index === MOST_RECORDS) throw new Fault(`a pack holds 1 to ${MOST_RECORDS} records`);
      const labels = labelsOf(index);
      base = baseOf(base, labels);
      records.push(resolve(base, labels, index));
    });
    reader.end();
  } catch (error) {
    // Verdicts for the caller, not failures: a device sent something else.
    if (error instanceof Unreadable) return `not a ${notation.name} array of SenML records`;
    if (error instanceof Fault) return error.message;
    throw error;
  }
  return records.length === 0 ? `a pack holds 1 to ${MOST_RECORDS} records` : records;
}

const noLabels = (): Labels => ({
  bn: undefined,
  bt: undefined,
  bu: undefined,
  bv: undefined,
  n: undefined,
  u: undefined,
  t: undefined,
  v: undefined,
  vs: undefined,
  vb: undefined,
  vd: false,
});

/**
 * J3: type of every label that SenML defines; labels unknown to it are ignored, unless they say "must understand". What it gives is good
 * until the next record: every gateway reads every frame, and garbage is what that costs most.
 */
function labelReader(reader: PackReader, data: string): (index: number) => Labels {
  const labels = noLabels();
  let record = 0;
  const text = (label: string): string => {
    if (reader.kind() !== "string") throw new Fault(`record ${record}: ${label} is not a string`);
    return reader.string();
  };
  const decimal = (label: string): Decimal => {
    const value = reader.kind() === "number" ? reader.decimal() : null;
    if (value === null) throw new Fault(`record ${record}: ${label} is not an exact decimal number`);
    return value;
  };
  const member = (label: string): void => {
    switch (label) {
      case "bn":
      case "n":
      case "bu":
      case "u":
      case "vs":
        labels[label] = text(label);
        break;
      case "vd":
        if (reader.kind() !== data) throw new Fault(`record ${record}: vd is not ${data}`);
        reader.skip();
        labels.vd = true;
        break;
      case "vb":
        if (reader.kind() !== "boolean") throw new Fault(`record ${record}: vb is not true or false`);
        labels.vb = reader.boolean();
        break;
      case "bt":
      case "bv":
      case "v":
      case "t":
        labels[label] = decimal(label);
        break;
      case "bs":
      case "s":
      case "ut":
        decimal(label);
        break;
      case "bver":
        checkVersion(decimal(label), record);
        break;
      default:
        if (label.endsWith("_")) throw new Fault(`record ${record}: label "${label}" must be understood and is not`);
        reader.skip();
    }
  };
  return (index) => {
    record = index;
    if (reader.kind() !== "object") throw new Fault(`record ${record} is not an object`);
    clear(labels);
    reader.object(member);
    const { v, vs, vb, vd } = labels;
    if (Number(v !== undefined) + Number(vs !== undefined) + Number(vb !== undefined) + Number(vd) > 1)
      throw new Fault(`record ${record}: more than one value`);
    return labels;
  };
}

function clear(labels: Labels): void {
  labels.bn = labels.bu = labels.n = labels.u = labels.vs = undefined;
  labels.bt = labels.bv = labels.t = labels.v = undefined;
  labels.vb = undefined;
  labels.vd = false;
}

function checkVersion({ mantissa, exponent }: Decimal, record: number): void {
  if (mantissa === HIGHEST_VERSION && exponent === 0) return;
  throw new Fault(`record ${record}: SenML version ${mantissa}${exponent === 0 ? "" : `e${exponent}`} is not known`);
}

function baseOf(base: Base, { bn, bt, bu, bv }: Labels): Base {
  if (bn === undefined && bt === undefined && bu === undefined && bv === undefined) return base;
  const name = bn ?? base.name;
  const cut = lastSegmentOf(name);
  const time = bt ?? base.time;
  return {
    name,
    isLegal: name === "" || NAME.test(name),
    prefix: name.slice(0, cut),
    rest: name.slice(cut),
    time,
    absoluteTime: absolute(time),
    unit: bu ?? base.unit,
    value: bv ?? base.value,
  };
}

function resolve(base: Base, labels: Labels, index: number): SenmlRecord {
  const own = labels.n ?? "";
  if (!isName(base, own))
    throw new Fault(`record ${index}: the resolved name is empty or has characters that SenML does not allow`);
  const cut = lastSegmentOf(own);
  return {
    prefix: cut === 0 ? base.prefix : base.name + own.slice(0, cut),
    last: cut === 0 ? base.rest + own : own.slice(cut),
    unit: labels.u ?? base.unit,
    time: timeOf(base, labels),
    value: valueOf(base, labels, index),
  };
}

/** Whether base name and name together are one that SenML allows. */
function isName({ name, isLegal }: Base, own: string): boolean {
  if (name.length + own.length > MOST_OF_A_NAME) return false;
  return name === "" ? NAME.test(own) : isLegal && LATER_PART.test(own);
}

const lastSegmentOf = (name: string): number => Math.max(name.lastIndexOf(":"), name.lastIndexOf("/")) + 1;

function timeOf({ time, absoluteTime }: Base, { t }: Labels): Decimal | null {
  if (t === undefined) return absoluteTime;
  return absolute(time === null ? t : addDecimals(time, t));
}

const absolute = (time: Decimal | null): Decimal | null =>
  time === null || compareDecimals(time, FIRST_ABSOLUTE_TIME) < 0 ? null : time;

function valueOf(base: Base, { v, vs, vb }: Labels, index: number): SenmlRecord["value"] {
  if (v === undefined) return vs ?? vb ?? null;
  if (base.value === null) return v;
  const sum = addDecimals(base.value, v);
  if (sum === null) throw new Fault(`record ${index}: base value and value have no exact sum`);
  return sum;
}
