import type { Decimal, Statement } from "./statement.ts";

/** S3: names of stations, devices, gateways and sites. They stand in URNs, SenML names and key names unescaped. */
export const NAME_PATTERN = /^[a-z0-9][a-z0-9-]{0,31}$/;
const ITEM_PATTERN = /^[\x20-\x7e]{1,64}$/;
const MODEL_PATTERN = /^[0-9a-f]{64}$/;
const REASON_PATTERN = /^[a-z0-9][a-z0-9-]{0,63}$/;
/** S4: SenML reads a time below 2^28 seconds as relative to now (RFC 8428 section 4.5.3). */
const EARLIEST_MS = 2 ** 28 * 1000;
/** The last millisecond that calendars can name (ECMA-262 section 21.4.1.1). */
const LATEST_MS = 8.64e15;
const EXPONENT_LIMIT = 18;
const FRAMES_LIMIT = 16;
const FRAME_LIMIT_BYTES = 512;
const REASONS_LIMIT = 16;

/** S3-S8: what is wrong with a statement, as a clause that names the field; null when nothing is. */
export function faultOf(statement: Statement): string | null {
  const { measurement, assessment } = statement;
  if (!isCount(statement.number)) return `seq ${statement.number} is not a whole number from 0`;
  if (!NAME_PATTERN.test(measurement.station)) return `station ${quoted(measurement.station)} is not a name`;
  if (!ITEM_PATTERN.test(measurement.item))
    return `item ${quoted(measurement.item)} is not 1 to 64 printable ASCII characters`;
  if (!(isCount(measurement.at) && measurement.at >= EARLIEST_MS && measurement.at <= LATEST_MS)) {
    return `time ${measurement.at} is not unix milliseconds from ${EARLIEST_MS}`;
  }
  return faultOfQuantities(statement) ?? faultOfFrames(statement) ?? faultOfAssessment(assessment);
}

function faultOfQuantities({ measurement: { mass, division, dimensions } }: Statement): string | null {
  return (
    faultOfDecimal("net", mass, 0) ??
    faultOfDecimal("e", division, 1) ??
    faultOfDecimal("length", dimensions.length, 0) ??
    faultOfDecimal("width", dimensions.width, 0) ??
    faultOfDecimal("height", dimensions.height, 0)
  );
}

function faultOfDecimal(name: string, value: Decimal, least: 0 | 1): string | null {
  if (!isCount(value.mantissa) || value.mantissa < least)
    return `${name} has mantissa ${value.mantissa}, not a whole number from ${least}`;
  if (!Number.isInteger(value.exponent) || Math.abs(value.exponent) > EXPONENT_LIMIT) {
    return `${name} has exponent ${value.exponent}, not one from -${EXPONENT_LIMIT} to ${EXPONENT_LIMIT}`;
  }
  return null;
}

function faultOfFrames({ measurement: { frames } }: Statement): string | null {
  if (frames.length > FRAMES_LIMIT) return `there are ${frames.length} frames, more than ${FRAMES_LIMIT}`;
  for (const { device, bytes } of frames) {
    if (!NAME_PATTERN.test(device)) return `frame device ${quoted(device)} is not a name`;
    if (bytes.length === 0 || bytes.length > FRAME_LIMIT_BYTES) {
      return `frame of ${device} has ${bytes.length} bytes, not 1 to ${FRAME_LIMIT_BYTES}`;
    }
  }
  return null;
}

function faultOfAssessment(assessment: Statement["assessment"]): string | null {
  const { predictedGrams, lowGrams, highGrams, reasons } = assessment;
  if (!isCount(predictedGrams)) return `predicted ${predictedGrams} is not whole grams from 0`;
  if (!isCount(lowGrams)) return `low ${lowGrams} is not whole grams from 0`;
  if (!isCount(highGrams) || highGrams < lowGrams) return `high ${highGrams} is not whole grams from low, ${lowGrams}`;
  if (!MODEL_PATTERN.test(assessment.model)) return "model is not the 32 bytes of a SHA-256";
  if (reasons.length > REASONS_LIMIT) return `there are ${reasons.length} reasons, more than ${REASONS_LIMIT}`;
  for (const [index, reason] of reasons.entries()) {
    if (!REASON_PATTERN.test(reason)) return `reason ${quoted(reason)} is not a code`;
    const previous = reasons[index - 1];
    if (previous !== undefined && previous >= reason) return `reason ${quoted(reason)} is not above the one before it`;
  }
  return null;
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0);
const quoted = (text: string): string => JSON.stringify(text.slice(0, 80));
