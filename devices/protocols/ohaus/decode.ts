import { benchUnits, signedField, type UnitWords, weightOf } from "../line/index.ts";
import { type Decoded, refused } from "../protocol.ts";

/** OH1: Defender and Ranger; a Scout's line may be longer by its unit. */
export const LONGEST_LINE = 20;

/** OH3. */
const words: UnitWords = { ...benchUnits, PCS: "counting" };

/** OH1: three layouts, each with the groups field, unit, stability, legend. They never fit the same line. */
const layouts = [
  // Defender: polarity, blank, weight in 7, blank, unit in 5 aligned right, stability, legend in 3.
  /^([ -] [ \d.]{7}) ([ a-zA-Z%]{5})([ ?])(G {2}|NET|T {2}| {3})$/,
  // Ranger: polarity, two blanks, weight in 7, blank, unit in 2, blank, stability, blank, legend in 3.
  /^([ -] {2}[ \d.]{7}) ([ a-zA-Z%]{2}) ([ ?]) (G {2}|B\/G|NET| {3})$/,
  // Scout: weight in 11, blank, unit, and only while it moves a blank and "?".
  /^([ \d.-]{11}) ([a-zA-Z%]{1,5})( \?)?$/,
] as const;

const modes: Readonly<Record<string, "gross" | "net" | "tare">> = { G: "gross", "B/G": "gross", NET: "net", T: "tare" };

/** OH1-OH3. */
export function decodeLine(line: string | null): Decoded {
  if (line === null) return refused("not one line of printable characters closed by CR LF");
  for (const layout of layouts) {
    const [, field = "", unit = "", moving = "", legend = ""] = layout.exec(line) ?? [];
    const columns = signedField(field);
    if (columns === null) continue;
    const stability = moving.trim() === "?" ? "motion" : "stable";
    return weightOf({ ...columns, unit, stability, mode: modes[legend.trim()] ?? "unknown" }, words);
  }
  return refused("no line of an Ohaus Defender, Ranger or Scout");
}
