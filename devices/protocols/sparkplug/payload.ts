import { Fault, walk } from "./fields.ts";

/**
 * The part of the Sparkplug B payload (Sparkplug 3.0 chapter 6, `sparkplug_b.proto`) that a host reads. Field numbers:
 * Payload 1 timestamp, 2 metrics, 3 seq; Metric 1 name, 2 alias, 3 timestamp, 4 datatype, 5 is_historical, 7 is_null,
 * 9 properties, 10 int_value, 11 long_value, 12 float_value, 13 double_value, 14 boolean_value, 15 string_value,
 * 16 to 19 bytes, data set, template, extension; PropertySet 1 keys, 2 values; PropertyValue 3 int_value.
 */
export type Payload = {
  /** Unix ms; null when it does not say. */
  readonly timestamp: number | null;
  readonly seq: number | null;
  readonly metrics: readonly Metric[];
};

export type Metric = {
  readonly name: string | null;
  /** A decimal number: aliases may have 64 bits. */
  readonly alias: string | null;
  readonly timestamp: number | null;
  readonly datatype: number | null;
  readonly isHistorical: boolean;
  readonly value: MetricValue;
  /** The metric's bytes as sent, without the head of the field. */
  readonly raw: Uint8Array;
};

export type MetricValue =
  /** Neither a value nor a null: a definition. */
  | { readonly kind: "none" }
  /** It has no value now, or one that the edge node calls bad or stale (its Quality). */
  | { readonly kind: "null" }
  | { readonly kind: "integer"; readonly value: bigint }
  | { readonly kind: "float"; readonly value: number; readonly precision: "single" | "double" }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "text"; readonly value: string }
  /** Bytes, data set, template, extension. */
  | { readonly kind: "other" };

/** SP1: more is no edge node of a warehouse. */
const MOST_METRICS = 4_096;
const QUALITY = "Quality";
/** Chapter 6: 192 is good, 0 bad, 500 stale. */
const GOOD = 192n;

/** SP1: reads a payload; a text = what is wrong with it. Never throws. */
export function readPayload(bytes: Uint8Array): Payload | string {
  let timestamp: number | null = null;
  let seq: number | null = null;
  const metrics: Metric[] = [];
  try {
    walk(bytes, "the payload", [2], (field, take) => {
      if (field === 1) timestamp = whole(take.varint(), "the payload's timestamp");
      else if (field === 2) {
        if (metrics.length === MOST_METRICS) throw new Fault(`more than ${MOST_METRICS} metrics`);
        metrics.push(readMetric(take.bytes(), metrics.length));
      } else if (field === 3) seq = sequenceNumber(take.varint());
      else take.skip();
    });
  } catch (error) {
    if (error instanceof Fault) return error.message;
    // The codec's own words for bytes that are no protocol buffer: RangeError, TypeError (UTF-8) and Error.
    return `not a Sparkplug payload: ${error instanceof Error ? error.message : String(error)}`;
  }
  return { timestamp, seq, metrics };
}

function readMetric(bytes: Uint8Array, index: number): Metric {
  const metric: { -readonly [Key in keyof Metric]: Metric[Key] } = {
    name: null,
    alias: null,
    timestamp: null,
    datatype: null,
    isHistorical: false,
    value: { kind: "none" },
    raw: bytes,
  };
  let isNull = false;
  let isGood = true;
  let values = 0;
  const value = (one: MetricValue): void => {
    metric.value = one;
    values += 1;
  };
  walk(bytes, `metric ${index}`, [], (field, take) => {
    if (field === 1) metric.name = take.text();
    else if (field === 2) metric.alias = take.varint().toString();
    else if (field === 3) metric.timestamp = whole(take.varint(), `the timestamp of metric ${index}`);
    else if (field === 4) metric.datatype = whole(take.varint(), `the datatype of metric ${index}`);
    else if (field === 5) metric.isHistorical = take.varint() !== 0n;
    else if (field === 7) isNull = take.varint() !== 0n;
    else if (field === 9) isGood = isGoodQuality(take.bytes());
    else if (field === 10 || field === 11) value({ kind: "integer", value: take.varint() });
    else if (field === 12) value({ kind: "float", value: take.single(), precision: "single" });
    else if (field === 13) value({ kind: "float", value: take.double(), precision: "double" });
    else if (field === 14) value({ kind: "boolean", value: take.varint() !== 0n });
    else if (field === 15) value({ kind: "text", value: take.text() });
    else {
      if (field >= 16 && field <= 19) value({ kind: "other" });
      take.skip();
    }
  });
  if (values > 1) throw new Fault(`metric ${index} has more than one value`);
  if (isNull && values > 0) throw new Fault(`metric ${index} has a value and is null`);
  if (isNull || (values > 0 && !isGood)) metric.value = { kind: "null" };
  return metric;
}

/** SP5: a property set without a quality is good. */
function isGoodQuality(bytes: Uint8Array): boolean {
  const keys: string[] = [];
  const values: (bigint | null)[] = [];
  walk(bytes, "a property set", [1, 2], (field, take) => {
    if (field === 1) keys.push(take.text());
    else if (field === 2) {
      let found: bigint | null = null;
      walk(take.bytes(), "a property", [], (inner, part) => {
        if (inner === 3) found = part.varint();
        else part.skip();
      });
      values.push(found);
    } else take.skip();
  });
  const at = keys.indexOf(QUALITY);
  return at === -1 || values[at] === GOOD;
}

function sequenceNumber(value: bigint): number {
  if (value > 255n) throw new Fault(`seq is ${value}, beyond 255`);
  return Number(value);
}

function whole(value: bigint, what: string): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Fault(`${what} is beyond 2^53`);
  return Number(value);
}
