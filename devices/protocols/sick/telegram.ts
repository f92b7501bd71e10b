import { INCOMPLETE, NOISE_BYTE, type Taken } from "../protocol.ts";

const STX = 0x02;
const ETX = 0x03;

/** K1: ten fixed fields of 49 characters, ten semicolons, a barcode of at most 64, a wide volume, STX and ETX. */
export const SICK_FRAME_BYTES = 160;

/** The eleven fields of a Master Data Analyzer telegram (K2), as text. */
export type Telegram = {
  /** Object number, 4 digits. */
  readonly objectNumber: string;
  /** `NoRead` when no code was read. */
  readonly barcode: string;
  /** 9 digits, zeroed on error. */
  readonly weight: string;
  readonly weightUnit: string;
  /** 0 = in order, 1 = not connected. */
  readonly scaleError: string;
  /** 4 digits each, zeroed on error. */
  readonly length: string;
  readonly width: string;
  readonly height: string;
  readonly lengthUnit: string;
  /** 4 hex digits: 0000 in order, 0001 outside the field. */
  readonly status: string;
  /** 7 digits, more when the volume needs them. */
  readonly volume: string;
};

/** Takes one telegram off `bytes` from `from` on (K1): STX to ETX. A second STX starts anew. Never throws. */
export function takeFrame(bytes: Uint8Array, from = 0): Taken {
  if (bytes.length === from) return INCOMPLETE;
  if (bytes[from] !== STX) {
    const start = bytes.indexOf(STX, from);
    return { kind: "noise", size: (start === -1 ? bytes.length : start) - from };
  }
  const limit = Math.min(bytes.length, from + SICK_FRAME_BYTES);
  for (let at = from + 1; at < limit; at++) {
    const byte = bytes[at];
    if (byte === ETX) return { kind: "frame", size: at + 1 - from };
    if (byte === STX) return { kind: "noise", size: at - from };
  }
  return limit < from + SICK_FRAME_BYTES ? INCOMPLETE : NOISE_BYTE;
}

const TELEGRAM =
  /^(\d{4});([^;]{1,64});(\d{9});([a-z]{1,2});([01]);(\d{4});(\d{4});(\d{4});([a-z]{1,2});([0-9A-Fa-f]{4});(\d{7,15})$/;

/** Reads a whole frame, STX and ETX included; null when it is not eleven fields of the right shape (K2). */
export function parseTelegram(frame: Uint8Array): Telegram | null {
  const taken = takeFrame(frame);
  if (taken.kind !== "frame" || taken.size !== frame.length) return null;
  const inner = frame.subarray(1, -1);
  if (inner.some((byte) => byte < 0x20 || byte > 0x7e)) return null;
  const match = TELEGRAM.exec(String.fromCharCode(...inner));
  if (match === null) return null;
  const field = (index: number): string => match[index] ?? "";
  return {
    objectNumber: field(1),
    barcode: field(2),
    weight: field(3),
    weightUnit: field(4),
    scaleError: field(5),
    length: field(6),
    width: field(7),
    height: field(8),
    lengthUnit: field(9),
    status: field(10),
    volume: field(11),
  };
}

/** The wire bytes of a telegram; `parseTelegram` gives it back. */
export function encodeTelegram(telegram: Telegram): Uint8Array {
  const { objectNumber, barcode, weight, weightUnit, scaleError, length, width, height, lengthUnit } = telegram;
  const fields = [objectNumber, barcode, weight, weightUnit, scaleError, length, width, height, lengthUnit];
  const text = [...fields, telegram.status, telegram.volume].join(";");
  return Uint8Array.from(`\x02${text}\x03`, (character) => character.charCodeAt(0));
}
