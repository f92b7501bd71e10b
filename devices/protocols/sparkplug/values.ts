import { type Decimal, exactDecimal, floatDecimal, parseDecimal } from "../../quantity/index.ts";
import type { MetricValue } from "./payload.ts";

/** Sparkplug 3.0 section 6.4.16: the data types whose values are read here. */
export const DATATYPE = {
  int8: 1,
  int16: 2,
  int32: 3,
  int64: 4,
  uint8: 5,
  uint16: 6,
  uint32: 7,
  uint64: 8,
  float: 9,
  double: 10,
  boolean: 11,
  string: 12,
  dateTime: 13,
  text: 14,
  uuid: 15,
} as const;

const WIDTHS: ReadonlyMap<number, { readonly bits: bigint; readonly signed: boolean }> = new Map([
  [DATATYPE.int8, { bits: 8n, signed: true }],
  [DATATYPE.int16, { bits: 16n, signed: true }],
  [DATATYPE.int32, { bits: 32n, signed: true }],
  [DATATYPE.int64, { bits: 64n, signed: true }],
  [DATATYPE.uint8, { bits: 8n, signed: false }],
  [DATATYPE.uint16, { bits: 16n, signed: false }],
  [DATATYPE.uint32, { bits: 32n, signed: false }],
  [DATATYPE.uint64, { bits: 64n, signed: false }],
]);

/** SP6: the exact number of a value of this data type; null = it is none, or does not fit its type. */
export function decimalOf(value: MetricValue, datatype: number): Decimal | null {
  switch (value.kind) {
    case "integer": {
      const whole = integerOf(value.value, datatype);
      return whole === null ? null : exactDecimal(whole, 0);
    }
    case "float": {
      const wanted = value.precision === "single" ? DATATYPE.float : DATATYPE.double;
      return datatype === wanted ? floatDecimal(value.value, value.precision) : null;
    }
    case "text":
      return isText(datatype) ? parseDecimal(value.value) : null;
    case "none":
    case "null":
    case "boolean":
    case "other":
      return null;
  }
}

/** SP6: signed integers travel as unsigned ones, in two's complement of their own width, of 32 bits or of 64. */
function integerOf(value: bigint, datatype: number): bigint | null {
  const width = WIDTHS.get(datatype);
  if (width === undefined) return null;
  const { bits, signed } = width;
  if (!signed) return value < 1n << bits ? value : null;
  const half = 1n << (bits - 1n);
  if (value < half) return value;
  for (const carrier of [bits, 32n, 64n]) {
    if (carrier < bits) continue;
    const negative = value - (1n << carrier);
    if (negative < 0n && negative >= -half) return negative;
  }
  return null;
}

/** SP6: the text of a value, null when it is none. */
export const textOf = (value: MetricValue, datatype: number): string | null =>
  value.kind === "text" && isText(datatype) ? value.value : null;

export const booleanOf = (value: MetricValue, datatype: number): boolean | null =>
  value.kind === "boolean" && datatype === DATATYPE.boolean ? value.value : null;

const isText = (datatype: number): boolean =>
  datatype === DATATYPE.string || datatype === DATATYPE.text || datatype === DATATYPE.uuid;

/** SP4: the same value with `decimals` decimals; null when it has more than that, or no longer fits. */
export function atDecimals(value: Decimal, decimals: number): Decimal | null {
  let { mantissa, exponent } = value;
  while (exponent < -decimals && mantissa % 10 === 0) {
    mantissa /= 10;
    exponent += 1;
  }
  if (exponent < -decimals) return null;
  return exactDecimal(BigInt(mantissa) * 10n ** BigInt(exponent + decimals), -decimals);
}
