import { type UnitWords, weightOf } from "../line/index.ts";
import { type Decoded, refused, status } from "../protocol.ts";

/** AD1: header, limit of a comparator, sign and eight columns, unit in three columns. */
export const LONGEST_LINE = 18;

/** AD2. Troy ounces, carats, taels and the like are not among the units of this gateway (Q4) and are refused by name. */
const words: UnitWords = { mg: "mg", g: "g", kg: "kg", oz: "oz", lb: "lb", PC: "counting", "%": "percent" };

/** AD1, AD3: `HH,`, the comparator's `HI,`, `OK,` or `LO,` where there is one, sign, digits, unit. */
export const weighingLine = /^(ST|US|QT),(?:(?:HI|OK|LO),)?([+-])([\d.]{8})([ a-zA-Z%]{3})$/;
const overload = /^OL,([+-])[\d.E+]{8}(?:...)$/;
/** AD5: the balance refuses a command: `EC,E11`. */
const refusal = /^EC,E(\d\d)$/;

const stabilities = { ST: "stable", US: "motion", QT: "stable" } as const;

/** AD1-AD5. */
export function decodeLine(line: string | null): Decoded {
  if (line === null) return refused("not one line of printable characters closed by CR LF");
  const outside = overload.exec(line);
  if (outside !== null) return status(outside[1] === "-" ? "underload" : "overload");
  const error = refusal.exec(line);
  if (error !== null) return status(`error-e${error[1]}`);
  const weighing = weighingLine.exec(line);
  if (weighing === null) return refused("no line of the A&D standard format");
  const [, header = "", sign = "", digits = "", unit = ""] = weighing;
  const stability = stabilities[header as keyof typeof stabilities];
  // AD4: whether a tare was taken off is not on the wire.
  const decoded = weightOf({ sign, digits, unit, stability, mode: "unknown" }, words);
  if (decoded.kind === "quantities" && header === "QT") return refused("a counting header with a unit of mass");
  return decoded;
}
