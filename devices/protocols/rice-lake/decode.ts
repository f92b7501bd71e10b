import { type UnitWords, weightOf } from "../line/index.ts";
import { type Decoded, type Flag, refused, status } from "../protocol.ts";

/** RL1: polarity, weight in 7, unit, mode, status; without STX and CR LF. */
export const LONGEST_LINE = 11;
const LINE = /^([ -])(.{7})([A-Z])([GNT])([ IMOZ])$/;

/** RL3. T is tons, and whether short or metric is not on the wire. */
const words: UnitWords = { L: "lb", K: "kg", G: "g", O: "oz" };
const modes: Readonly<Record<string, "gross" | "net" | "tare">> = { G: "gross", N: "net", T: "tare" };
const atZero: readonly Flag[] = ["center-of-zero"];

/** RL1-RL3. */
export function decodeLine(line: string | null): Decoded {
  if (line === null) return refused("not one line from STX to CR LF");
  const [, sign, digits = "", unit = "", mode = "", state = ""] = LINE.exec(line) ?? [];
  if (sign === undefined) return refused("no polarity, weight, unit, mode and status");
  if (state === "O") return status(sign === "-" ? "underload" : "overload");
  if (state === "I") return status("invalid");
  const stability = state === "M" ? "motion" : "stable";
  const flags = state === "Z" ? atZero : [];
  return weightOf({ sign, digits, unit, stability, mode: modes[mode] ?? "unknown", flags }, words);
}
