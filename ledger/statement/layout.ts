import { encode } from "../cbor/index.ts";
import { BASE_NAME, BASE_TIME, BOOLEAN_VALUE, DATA_VALUE, NAME, TEXT_VALUE, UNIT, VALUE } from "./labels.ts";

/**
 * S2: the constant begin of each record, up to its value: every gateway encodes each statement once to make it and once to
 * check it, so that names and units are copied and not encoded again.
 */
export const NET = Buffer.concat([mapHead(5), entry(NAME, "net"), entry(UNIT, "kg"), encode(VALUE)]);
export const DIVISION = quantity("e", "kg");
export const LENGTH = quantity("length", "m");
export const WIDTH = quantity("width", "m");
export const HEIGHT = quantity("height", "m");
export const STABLE_AND_ITEM = Buffer.concat([
  record("stable", BOOLEAN_VALUE),
  encode(true),
  record("item", TEXT_VALUE),
]);
export const NUMBER = quantity("seq", "count");
export const PREDICTED = quantity("predicted", "kg");
export const LOW = quantity("low", "kg");
export const HIGH = quantity("high", "kg");
export const MODEL = record("model", DATA_VALUE);
export const VERDICT = record("verdict", TEXT_VALUE);
export const REASON = record("reason", TEXT_VALUE);
export const STATION = encode(BASE_NAME);
export const TIME = encode(BASE_TIME);
export const FRAME = Buffer.concat([mapHead(2), encode(NAME)]);
export const DATA = encode(DATA_VALUE);
/** C3: tag 4 and the head of its array of two. */
export const DECIMAL = Uint8Array.of(0xc4, 0x82);

function quantity(name: string, unit: string): Uint8Array {
  return Buffer.concat([mapHead(3), entry(NAME, name), entry(UNIT, unit), encode(VALUE)]);
}

function record(name: string, label: number): Uint8Array {
  return Buffer.concat([mapHead(2), entry(NAME, name), encode(label)]);
}

function entry(label: number, value: string): Uint8Array {
  return Buffer.concat([encode(label), encode(value)]);
}

function mapHead(entries: number): Uint8Array {
  return Uint8Array.of(0xa0 | entries);
}
