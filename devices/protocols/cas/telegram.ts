import { textOf, type UnitWords, weightOf } from "../line/index.ts";
import { type Decoded, INCOMPLETE, NOISE_BYTE, refused, status, type Taken } from "../protocol.ts";

/** CA1: as on the wire, without parity. */
export const ENQ = 0x05;
export const ACK = 0x06;
export const DC1 = 0x11;
export const NAK = 0x15;
const SOH = 0x01;
const STX = 0x02;
const ETX = 0x03;
const EOT = 0x04;
/** CA2: bit 7 is the parity bit of a 7E1 scale read at 8N1: such a scale begins with 81. */
const DATA_BITS = 0x7f;

export const CAS_FRAME_BYTES = 15;
const LRC_AT = 12;
/** CA1: what must stand where. */
const fixed = [
  [0, SOH],
  [1, STX],
  [13, ETX],
  [14, EOT],
] as const;

/** CA1: ACK, NAK, or a block of 15 bytes. Never throws. A block whose LRC is wrong is a frame, and refused (CA3). */
export function takeFrame(bytes: Uint8Array, from = 0): Taken {
  const first = bytes[from];
  if (first === undefined) return INCOMPLETE;
  if (isControl(first, ACK) || isControl(first, NAK)) return { kind: "frame", size: 1 };
  for (const [at, wanted] of fixed) {
    const byte = bytes[from + at];
    if (byte === undefined) return INCOMPLETE;
    // One byte: a block may begin right behind a stray SOH.
    if ((byte & DATA_BITS) !== wanted) return NOISE_BYTE;
  }
  return { kind: "frame", size: CAS_FRAME_BYTES };
}

export const isControl = (byte: number | undefined, wanted: number): boolean =>
  byte !== undefined && (byte & DATA_BITS) === wanted;

/** CA4. */
const BLOCK = /^([SU])([ F-])([ \d.F]{6})([ a-zA-Z]{2})$/;
const words: UnitWords = { kg: "kg", Kg: "kg", KG: "kg", g: "g", lb: "lb", Lb: "lb", LB: "lb" };

/** CA3, CA4: a raw frame as `takeFrame` cuts it. */
export function decodeFrame(frame: Uint8Array): Decoded {
  const taken = takeFrame(frame);
  if (taken.kind !== "frame" || taken.size !== frame.length) return refused("neither ACK, NAK nor a block of 15 bytes");
  if (isControl(frame[0], ACK)) return status("ready");
  if (isControl(frame[0], NAK)) return status("busy");
  const checked = frame.subarray(2, LRC_AT);
  if (lrcOf(checked) !== ((frame[LRC_AT] ?? 0) & DATA_BITS)) return refused("the LRC does not hold");
  const [, state = "", sign = "", digits = "", unit = ""] = BLOCK.exec(textOf(checked)) ?? [];
  if (state === "") return refused("no status, sign, six digits and unit");
  if (sign === "F" || digits.includes("F")) return status("overload");
  return weightOf({ sign, digits, unit, stability: state === "S" ? "stable" : "motion", mode: "unknown" }, words);
}

/** CA3: the exclusive or of all bytes from the status to the unit, without parity bits. */
const lrcOf = (bytes: Uint8Array): number => bytes.reduce((sum, byte) => sum ^ (byte & DATA_BITS), 0);
