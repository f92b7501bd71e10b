import { exactKilograms, parseDecimal } from "../../quantity/index.ts";
import { DATA_BITS } from "../line/index.ts";
import { type Decoded, type Flag, refused, status } from "../protocol.ts";
import { CHECKED_BYTES, checksumHolds, PLAIN_BYTES, takeChecked, takePlain } from "./framing.ts";
import { type StatusWords, statusWords } from "./status-words.ts";

/** Decodes a frame without a checksum: exactly 17 bytes (TC1). */
export function decodePlain(frame: Uint8Array): Decoded {
  if (frame.length !== PLAIN_BYTES) return refused(`${frame.length} bytes, not ${PLAIN_BYTES}`);
  if (takePlain(frame).kind !== "frame") return refused("not STX, 15 printable characters and CR");
  return decodeWords(frame);
}

/** Decodes a frame with a checksum: exactly 18 bytes (TC2). Without its checksum it is not one. */
export function decodeChecked(frame: Uint8Array): Decoded {
  if (frame.length !== CHECKED_BYTES) return refused(`${frame.length} bytes, not ${CHECKED_BYTES}`);
  if (!checksumHolds(frame)) return refused("the checksum is wrong");
  if (takeChecked(frame).kind !== "frame") return refused("not STX, 15 printable characters, CR and a checksum");
  return decodeWords(frame);
}

// Leading zeros may be blanks; a digit never has a blank behind it (TC5).
const DIGITS = /^ *\d+$/;

function decodeWords(frame: Uint8Array): Decoded {
  const [a = 0, b = 0, c = 0] = frame.subarray(1, 4).map((byte) => byte & DATA_BITS);
  const words = statusWords(a, b, c);
  if (typeof words === "string") return refused(words);
  // TC6: the digits of these frames mean nothing.
  const trouble = troubleOf(words);
  if (trouble !== null) return status(trouble);
  const weight = textOf(frame, 4);
  const tare = textOf(frame, 10);
  if (!DIGITS.test(weight)) return refused(`weight "${weight}" is not a number`);
  if (!DIGITS.test(tare)) return refused(`tare "${tare}" is not a number`);
  return decodeWeight(words, weight.trimStart());
}

/** TC6, TC7. */
function troubleOf({ outOfRange, negative, notZeroed, expanded }: StatusWords): string | null {
  if (outOfRange) return negative ? "underload" : "overload";
  if (notZeroed) return "zero-not-captured";
  return expanded ? "high-resolution" : null;
}

function decodeWeight(words: StatusWords, digits: string): Decoded {
  const { exponent, negative, unit, motion, mode, printRequest } = words;
  const mantissa = parseDecimal(negative ? `-${digits}` : digits)?.mantissa ?? 0;
  const value = { mantissa, exponent };
  if (exactKilograms(value, unit) === null) return refused("the weight has no exact value in kg");
  const flags: readonly Flag[] = printRequest ? ["print-request"] : [];
  const quantity = { kind: "mass", value, unit, stability: motion ? "motion" : "stable", mode } as const;
  return { kind: "quantities", quantities: [quantity], flags };
}

const textOf = (frame: Uint8Array, from: number): string =>
  String.fromCharCode(...frame.subarray(from, from + 6).map((byte) => byte & DATA_BITS));
