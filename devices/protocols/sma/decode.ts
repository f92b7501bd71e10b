import { exactKilograms, massUnit, parseDecimal } from "../../quantity/index.ts";
import { type Decoded, type Flag, refused, status } from "../protocol.ts";
import { lineOf } from "./framing.ts";

/** SM3: `s r n m f`, ten characters of weight, three of unit. */
const STANDARD = /^([ ZOUEIT])(\d)([GTNgn])([ M])(.)(.{10})(.{3})$/;
const ERROR_DASHES = "-".repeat(10);
/** SM4: right aligned; the minus stands at the digits or at the left edge. */
const WEIGHT = /^ *(-?) *(\d+(?:\.\d+)?|\.\d+)$/;
/** SM6. */
const INFORMATION = /^[A-Z]{3}:/;
const DIAGNOSIS = /^([R _])([E _])([C _])[ _]$/;

/** Decodes one raw reply. */
export function decodeFrame(frame: Uint8Array): Decoded {
  const line = lineOf(frame);
  if (line === null) return refused("not one line of LF, characters and CR");
  if (line === "?") return status("syntax-error");
  if (line === "!") return status("transmission-error");
  if (INFORMATION.test(line)) return status("information");
  const diagnosis = DIAGNOSIS.exec(line);
  if (diagnosis !== null) return status(diagnosisOf(diagnosis));
  const standard = STANDARD.exec(line);
  if (standard === null) return refused("not a standard reply, an answer to a question or an error");
  const [, state = "", range = "", mode = "", motion = "", , weight = "", unit = ""] = standard;
  return decodeStandard({ state, range, mode, motion, weight, unit });
}

/** Whether a frame has the columns of a standard reply, whatever they say (SM3). */
export const isStandard = (frame: Uint8Array): boolean => STANDARD.test(lineOf(frame) ?? "");

function diagnosisOf([, memory = "", eeprom = "", calibration = ""]: RegExpExecArray): string {
  if (memory === "R" || eeprom === "E") return "memory-error";
  return calibration === "C" ? "calibration-error" : "ready";
}

type Standard = Readonly<Record<"state" | "range" | "mode" | "motion" | "weight" | "unit", string>>;

/** SM3: what makes the weight beside it no measurement. */
const TROUBLES: Readonly<Record<string, string>> = {
  O: "overload",
  U: "underload",
  E: "zero-error",
  I: "zero-not-captured",
  T: "tare-error",
};
const MODES = { G: "gross", g: "gross", N: "net", n: "net", T: "tare" } as const;

function decodeStandard({ state, range, mode, motion, weight, unit }: Standard): Decoded {
  const trouble = TROUBLES[state];
  if (trouble !== undefined) return status(trouble);
  // SM5: the time to come to rest is over, without an error letter.
  if (weight === ERROR_DASHES) return status("busy");
  const match = WEIGHT.exec(weight);
  const value = match === null ? null : parseDecimal(`${match[1]}${match[2]}`);
  if (value === null) return refused(`weight "${weight}" is not an exact decimal`);
  const known = massUnit(unit.trimEnd());
  if (known === null) return refused(`unit "${unit}" is not known`);
  if (state === "Z" && value.mantissa !== 0 && mode === "G") return refused("at zero, but the gross weight is not");
  if (exactKilograms(value, known) === null) return refused("the weight has no exact value in kg");
  const stability = motion === "M" ? "motion" : "stable";
  const quantity = { kind: "mass", value, unit: known, stability, mode: MODES[mode as keyof typeof MODES] } as const;
  return { kind: "quantities", quantities: [quantity], flags: flagsOf(state, range, mode) };
}

const RANGES: Readonly<Record<string, Flag>> = { "2": "range-2", "3": "range-3" };

/** SM7. A single range scale always says range 1, so that is nothing to tell. */
function flagsOf(state: string, range: string, mode: string): readonly Flag[] {
  const flags: Flag[] = [];
  if (state === "Z") flags.push("center-of-zero");
  const flag = RANGES[range];
  if (flag !== undefined) flags.push(flag);
  if (mode === "g" || mode === "n") flags.push("high-resolution");
  return flags;
}
