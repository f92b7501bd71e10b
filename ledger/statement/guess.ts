import { BASE_NAME_PREFIX, BASE_NAME_SUFFIX, FIXED_RECORDS, FRAME_PREFIX } from "./labels.ts";
import * as layout from "./layout.ts";
import type { Decimal, Frame, Statement } from "./statement.ts";

/** More than any statement has (S7, S8): a hostile count must not make the guess work. */
const RECORDS_LIMIT = 64;

/** Where the guess reads; reading is synchronous and never nested. */
let source: Buffer = Buffer.alloc(0);
let at = 0;

/**
 * S10: reads a statement from where an honest gateway's encoder puts its fields, checking nothing: null or nonsense for any other
 * bytes. The caller encodes the result again and compares, which alone decides; so a wrong guess costs time, never safety.
 */
export function guessStatement(bytes: Uint8Array): Statement | null {
  source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  at = 0;
  const records = length();
  if (records < FIXED_RECORDS || records > RECORDS_LIMIT) return null;
  const mass = decimalBehind(layout.NET);
  at += layout.STATION.length;
  const station = text().slice(BASE_NAME_PREFIX.length, -BASE_NAME_SUFFIX.length);
  const time = decimalBehind(layout.TIME);
  const division = decimalBehind(layout.DIVISION);
  const dimensions = {
    length: decimalBehind(layout.LENGTH),
    width: decimalBehind(layout.WIDTH),
    height: decimalBehind(layout.HEIGHT),
  };
  at += layout.STABLE_AND_ITEM.length;
  const item = text();
  at += layout.NUMBER.length;
  const number = integer();
  const predicted = decimalBehind(layout.PREDICTED);
  const low = decimalBehind(layout.LOW);
  const high = decimalBehind(layout.HIGH);
  at += layout.MODEL.length;
  const digest = length();
  const model = source.toString("hex", at, at + digest);
  at += digest + layout.VERDICT.length;
  const verdict = text() === "accept" ? "accept" : "flag";
  const { reasons, frames } = tail(records - FIXED_RECORDS);
  return {
    number,
    measurement: { station, item, at: time.mantissa, mass, division, dimensions, frames },
    assessment: {
      model,
      predictedGrams: predicted.mantissa,
      lowGrams: low.mantissa,
      highGrams: high.mantissa,
      verdict,
      reasons,
    },
  };
}

function tail(records: number): { reasons: string[]; frames: Frame[] } {
  const reasons: string[] = [];
  const frames: Frame[] = [];
  for (let record = 0; record < records; record += 1) {
    // The third byte is the head of the record's name: "reason" has six letters, "frame/..." more.
    if (source[at + 2] === layout.REASON[2]) {
      at += layout.REASON.length;
      reasons.push(text());
    } else {
      at += layout.FRAME.length;
      const device = text().slice(FRAME_PREFIX.length);
      at += layout.DATA.length;
      const size = length();
      frames.push({ device, bytes: view(at, at + size) });
      at += size;
    }
  }
  return { reasons, frames };
}

/** Shares the statement's memory. */
function view(start: number, end: number): Uint8Array {
  const from = Math.min(start, source.length);
  return new Uint8Array(source.buffer, source.byteOffset + from, Math.min(end, source.length) - from);
}

function decimalBehind(before: Uint8Array): Decimal {
  at += before.length + layout.DECIMAL.length;
  const exponent = integer();
  return { exponent, mantissa: integer() };
}

function text(): string {
  const size = length();
  const value = source.toString("latin1", at, at + size);
  at += size;
  return value;
}

function integer(): number {
  const negative = ((source[at] ?? 0) & 0xe0) === 0x20;
  const value = length();
  return negative ? -1 - value : value;
}

/** The argument of a CBOR head of any major type; 0 behind the end. */
function length(): number {
  const argument = (source[at] ?? 0) & 0x1f;
  at += 1;
  if (argument < 24) return argument;
  const width = 1 << (argument & 3);
  if (argument > 27 || at + width > source.length) return 0;
  at += width;
  if (width <= 4) return source.readUIntBE(at - width, width);
  return source.readUInt32BE(at - 8) * 0x1_00_00_00_00 + source.readUInt32BE(at - 4);
}
