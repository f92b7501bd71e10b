import { exactDecimal, exactKilograms, type MassUnit, type Stability } from "../../quantity/index.ts";
import { type Decoded, refused, status } from "../protocol.ts";
import { REPORT_BYTES, signed, takeFrame } from "./framing.ts";

/** UH3. */
const units: Readonly<Record<number, MassUnit>> = { 1: "mg", 2: "g", 3: "kg", 8: "t", 11: "oz", 12: "lb" };
const foreignUnits: Readonly<Record<number, string>> = {
  4: "carat",
  5: "tael",
  6: "grain",
  7: "pennyweight",
  9: "avoirdupois ton",
  10: "troy ounce",
};

/** UH4, UH5. */
const statuses: Readonly<Record<number, string>> = {
  1: "fault",
  5: "under-zero",
  6: "overload",
  7: "needs-calibration",
  8: "needs-zero",
};
const STABLE_AT_ZERO = 2;
const MOTION = 3;

export function decodeFrame(frame: Uint8Array): Decoded {
  const taken = takeFrame(frame);
  const [, code = 0, unitCode = 0, exponent = 0, low = 0, high = 0] = frame;
  if (taken.kind !== "frame" || frame.length !== REPORT_BYTES) return refused("not one data report of a scale");
  const said = statuses[code];
  if (said !== undefined) return status(said);
  const unit = units[unitCode];
  if (unit === undefined) {
    const foreign = foreignUnits[unitCode] ?? "unknown";
    return { kind: "refused", reason: `the unit ${foreign} is not read`, shows: foreign };
  }
  const weight = low + 256 * high;
  if (code === STABLE_AT_ZERO && weight !== 0) return refused("it says zero and a weight at once");
  const value = exactDecimal(weight, signed(exponent));
  if (value === null || exactKilograms(value, unit) === null) return refused("the weight has no exact value in kg");
  const stability: Stability = code === MOTION ? "motion" : "stable";
  const quantities = [{ kind: "mass", value, unit, stability, mode: "unknown" } as const];
  return code === STABLE_AT_ZERO
    ? { kind: "quantities", quantities, flags: ["center-of-zero"] }
    : { kind: "quantities", quantities };
}
