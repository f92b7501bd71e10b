import { exactKilograms, parseDecimal } from "../../quantity/index.ts";
import { type Decoded, refused, status } from "../protocol.ts";
import { bodyOf } from "./framing.ts";

/** TE4: the unit is not on the wire; the number of decimals is, and must be that unit's. */
export type Toledo8217Unit = "kg" | "lb";
const DECIMALS: Readonly<Record<Toledo8217Unit, number>> = { kg: 3, lb: 2 };
const WEIGHT = /^( {0,2}\d{1,3}\.(\d{1,4}))(N?)$/;
/** The point and up to five digits: 0WW.WW and WW.WWW. */
const WEIGHT_COLUMNS = 6;

/** Decodes one raw reply of a scale that is set to `unit`. */
export const decodeIn =
  (unit: Toledo8217Unit) =>
  (frame: Uint8Array): Decoded => {
    const body = bodyOf(frame);
    if (body === null) return refused("not STX, up to 8 characters and CR");
    if (body === "") return status("self-test-started");
    if (body === "E" || body === "F") return status("echo");
    return body.startsWith("?") ? decodeStatus(body.charCodeAt(1)) : decodeWeight(body, unit);
  };

function decodeWeight(body: string, unit: Toledo8217Unit): Decoded {
  const match = WEIGHT.exec(body);
  if (match === null) return refused("not a weight, a status or an echo");
  const [, field = "", fraction = "", net = ""] = match;
  if (fraction.length !== DECIMALS[unit]) {
    return {
      kind: "refused",
      reason: `${fraction.length} decimals, where a scale in ${unit} shows ${DECIMALS[unit]}: set the scale or the protocol's name to the same unit`,
      shows: `a weight with ${fraction.length} decimals`,
    };
  }
  if (field.length > WEIGHT_COLUMNS)
    return refused(`the weight has ${field.length} columns, more than ${WEIGHT_COLUMNS}`);
  const value = parseDecimal(field.trimStart());
  if (value === null || exactKilograms(value, unit) === null) return refused("the weight has no exact value in kg");
  const mode = net === "N" ? "net" : "gross";
  // TE3: a scale that is not at rest, or out of its range, gives its status instead of a weight.
  return { kind: "quantities", quantities: [{ kind: "mass", value, unit, stability: "stable", mode }] };
}

/**
 * TE5: the first that applies. Net is no error. Below zero and outside the range of zero at once may be a zero that was
 * never captured, so it does not count as an empty scale.
 */
const TROUBLES: readonly (readonly [bit: number, status: string])[] = [
  [1, "overload"],
  [0, "motion"],
  [3, "outside-zero-range"],
  [2, "underload"],
  [4, "center-of-zero"],
];

function decodeStatus(byte: number): Decoded {
  if (((byte >> 6) & 1) === 0) return refused("bit 6 of the status byte is not set");
  return status(TROUBLES.find(([bit]) => ((byte >> bit) & 1) === 1)?.[1] ?? "ready");
}
