import { encodeBy, type Writer } from "../cbor/index.ts";
import { BASE_NAME_PREFIX, BASE_NAME_SUFFIX, FIXED_RECORDS, FRAME_PREFIX } from "./labels.ts";
import * as layout from "./layout.ts";
import { faultOf } from "./rules.ts";
import type { Decimal, Statement } from "./statement.ts";

/**
 * S1-S8: the SenML-CBOR pack of a statement. Throws on a statement that breaks a rule: a gateway that would sign it has a bug.
 */
export function encodeStatement(statement: Statement): Uint8Array {
  const fault = faultOf(statement);
  if (fault !== null) throw new Error(`Statement ${statement.number} cannot be encoded: ${fault}.`);
  return encodeChecked(statement);
}

/** The pack of a statement that `faultOf` has passed. */
export function encodeChecked(statement: Statement): Uint8Array {
  return encodeBy((writer) => writePack(writer, statement));
}

function writePack(writer: Writer, { number, measurement, assessment }: Statement): void {
  const { dimensions } = measurement;
  writer.array(FIXED_RECORDS + assessment.reasons.length + measurement.frames.length);
  writeDecimal(writer, layout.NET, measurement.mass);
  writer.raw(layout.STATION);
  writer.text(BASE_NAME_PREFIX + measurement.station + BASE_NAME_SUFFIX);
  writeThousandths(writer, layout.TIME, measurement.at);
  writeDecimal(writer, layout.DIVISION, measurement.division);
  writeDecimal(writer, layout.LENGTH, dimensions.length);
  writeDecimal(writer, layout.WIDTH, dimensions.width);
  writeDecimal(writer, layout.HEIGHT, dimensions.height);
  writer.raw(layout.STABLE_AND_ITEM);
  writer.text(measurement.item);
  writer.raw(layout.NUMBER);
  writer.integer(number);
  writeThousandths(writer, layout.PREDICTED, assessment.predictedGrams);
  writeThousandths(writer, layout.LOW, assessment.lowGrams);
  writeThousandths(writer, layout.HIGH, assessment.highGrams);
  writer.raw(layout.MODEL);
  writer.hexBytes(assessment.model);
  writer.raw(layout.VERDICT);
  writer.text(assessment.verdict);
  for (const reason of assessment.reasons) {
    writer.raw(layout.REASON);
    writer.text(reason);
  }
  for (const { device, bytes } of measurement.frames) {
    writer.raw(layout.FRAME);
    writer.text(FRAME_PREFIX + device);
    writer.raw(layout.DATA);
    writer.bytes(bytes);
  }
}

function writeDecimal(writer: Writer, before: Uint8Array, { mantissa, exponent }: Decimal): void {
  writer.raw(before);
  writer.raw(layout.DECIMAL);
  writer.integer(exponent);
  writer.integer(mantissa);
}

/** S6: grams as kg, milliseconds as seconds. */
function writeThousandths(writer: Writer, before: Uint8Array, mantissa: number): void {
  writeDecimal(writer, before, { mantissa, exponent: -3 });
}
