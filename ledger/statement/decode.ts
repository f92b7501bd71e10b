import { type CborValue, decimalOf, decodeUnchecked, NOT_DETERMINISTIC } from "../cbor/index.ts";
import { bytesEqual, toHex } from "../crypto/index.ts";
import { encodeChecked } from "./encode.ts";
import { guessStatement } from "./guess.ts";
import {
  BASE_NAME,
  BASE_NAME_PREFIX,
  BASE_NAME_SUFFIX,
  BASE_TIME,
  DATA_VALUE,
  FIXED_RECORDS,
  FRAME_PREFIX,
  NAME,
  TEXT_VALUE,
  VALUE,
} from "./labels.ts";
import { faultOf } from "./rules.ts";
import type { Decimal, Frame, Statement } from "./statement.ts";

export type DecodedStatement =
  | { readonly kind: "accept"; readonly statement: Statement }
  | { readonly kind: "reject"; readonly reason: string };

/**
 * S1-S9: reads a statement from bytes that anybody may have made. Never throws. What is accepted is exactly the image of
 * `encodeStatement`: the last step encodes again and compares, so that no byte is without meaning (S9). Its frames share the memory of `bytes`.
 */
export function decodeStatement(bytes: Uint8Array): DecodedStatement {
  const guess = guessStatement(bytes);
  if (guess !== null && faultOf(guess) === null && bytesEqual(encodeChecked(guess), bytes)) {
    return { kind: "accept", statement: guess };
  }
  return decodeSlowly(bytes);
}

/**
 * The same for bytes that passed S9 before they were stored: without a second comparison, which would take as long as everything
 * else that execution does. A damaged record is rejected where it cannot be read.
 */
export function decodeHeld(bytes: Uint8Array): DecodedStatement {
  const guess = guessStatement(bytes);
  return guess !== null && faultOf(guess) === null ? { kind: "accept", statement: guess } : decodeSlowly(bytes);
}

/** S9 without the guess of S10: reads any CBOR, so that a refusal says what is wrong. */
export function decodeSlowly(bytes: Uint8Array): DecodedStatement {
  const decoded = decodeUnchecked(bytes);
  if (decoded.kind === "reject") return rejected(decoded.reason);
  const records = decoded.value;
  if (!Array.isArray(records) || records.length < FIXED_RECORDS || !records.every((record) => record instanceof Map)) {
    return rejected(`a statement is a SenML pack of at least ${FIXED_RECORDS} records`);
  }
  const statement = statementOf(records as readonly Record[]);
  if (typeof statement === "string") return rejected(statement);
  const fault = faultOf(statement);
  if (fault !== null) return rejected(fault);
  if (!bytesEqual(encodeChecked(statement), bytes)) {
    return rejected(`${NOT_DETERMINISTIC}, or a record is missing, misplaced, misspelt or has a label too many`);
  }
  return { kind: "accept", statement };
}

function rejected(reason: string): DecodedStatement {
  return { kind: "reject", reason };
}

type Record = ReadonlyMap<number | string, CborValue>;

/** Reads the fields from where S2 puts them; whatever it does not look at, the comparison at the end sees. */
function statementOf(records: readonly Record[]): Statement | string {
  const [net, e, length, width, height, , item, seq, predicted, low, high, model, verdict] = records;
  const at = decimalOf(net?.get(BASE_TIME));
  if (at === null || at.exponent !== -3) return "the base time is not a decimal fraction in milliseconds";
  const station = stationOf(net?.get(BASE_NAME));
  if (station === null) return `the base name is not ${BASE_NAME_PREFIX}<station>${BASE_NAME_SUFFIX}`;
  const quantities = [net, e, length, width, height].map((record) => decimalOf(record?.get(VALUE)));
  const [mass, division, longest, across, high_] = quantities;
  if (!mass || !division || !longest || !across || !high_) {
    return "net, e, length, width or height is not a decimal fraction";
  }
  const grams = [predicted, low, high].map((record) => gramsOf(decimalOf(record?.get(VALUE))));
  const [predictedGrams, lowGrams, highGrams] = grams;
  if (typeof predictedGrams !== "number" || typeof lowGrams !== "number" || typeof highGrams !== "number") {
    return "predicted, low or high is not a decimal fraction in whole grams";
  }
  const identity = item?.get(TEXT_VALUE);
  const number = seq?.get(VALUE);
  const digest = model?.get(DATA_VALUE);
  const judgement = verdict?.get(TEXT_VALUE);
  if (typeof identity !== "string") return "item is not a text";
  if (typeof number !== "number") return "seq is not a number";
  if (!(digest instanceof Uint8Array)) return "model is not a byte string";
  if (judgement !== "accept" && judgement !== "flag") return "verdict is neither accept nor flag";
  const tail = tailOf(records);
  if (typeof tail === "string") return tail;
  return {
    number,
    measurement: {
      station,
      item: identity,
      at: at.mantissa,
      mass,
      division,
      dimensions: { length: longest, width: across, height: high_ },
      frames: tail.frames,
    },
    assessment: {
      model: toHex(digest),
      predictedGrams,
      lowGrams,
      highGrams,
      verdict: judgement,
      reasons: tail.reasons,
    },
  };
}

function stationOf(name: CborValue | undefined): string | null {
  if (typeof name !== "string" || !name.startsWith(BASE_NAME_PREFIX) || !name.endsWith(BASE_NAME_SUFFIX)) return null;
  return name.slice(BASE_NAME_PREFIX.length, -BASE_NAME_SUFFIX.length);
}

const gramsOf = (value: Decimal | null): number | null => (value?.exponent === -3 ? value.mantissa : null);

function tailOf(records: readonly Record[]): { reasons: string[]; frames: Frame[] } | string {
  const reasons: string[] = [];
  const frames: Frame[] = [];
  for (const record of records.slice(FIXED_RECORDS)) {
    const name = record.get(NAME);
    const text = record.get(TEXT_VALUE);
    const data = record.get(DATA_VALUE);
    if (name === "reason" && typeof text === "string") reasons.push(text);
    else if (typeof name === "string" && name.startsWith(FRAME_PREFIX) && data instanceof Uint8Array) {
      frames.push({ device: name.slice(FRAME_PREFIX.length), bytes: data });
    } else return "a record behind verdict is neither a reason nor a frame";
  }
  return { reasons, frames };
}
