import { benchUnits, weightOf } from "../line/index.ts";
import { type Decoded, refused, status } from "../protocol.ts";

/** SB1: the data block, and the block with an identification in front; without CR LF. */
const BLOCK_COLUMNS = 14;
const ID_COLUMNS = 6;
export const LONGEST_LINE = ID_COLUMNS + BLOCK_COLUMNS;

/** SB1: sign, nine columns of which the first is a digit on fine balances only, blank, unit aligned left. */
const WEIGHT = /^([+ -])([ \d.]{9}) (?=.{3}$)([a-zA-Z%]* *)$/;
/** SB5. */
const ERROR = /^ *(?:Err|ERR|E) +(\d{2,3}) *$/;
const specials: ReadonlyMap<string, string> = new Map([
  ["H", "overload"],
  ["HH", "overload"],
  ["High", "overload"],
  ["L", "underload"],
  ["LL", "underload"],
  ["Low", "underload"],
  ["--", "busy"],
  ["C", "calibrating"],
  ["Cal. Ext.", "calibrating"],
]);

/** SB2: what the identification says of the value. Other names mark figures that are not what lies there now. */
const modes: ReadonlyMap<string, "gross" | "net" | "tare" | "unknown"> = new Map([
  ["", "unknown"],
  ["G#", "gross"],
  ["G", "gross"],
  ["N", "net"],
  ["N1", "net"],
  ["T", "tare"],
  ["T1", "tare"],
  ["T2", "tare"],
  ["PT2", "tare"],
]);

/** SB1-SB5. */
export function decodeLine(line: string | null): Decoded {
  if (line === null) return refused("not one line of printable characters closed by CR LF");
  if (line.length !== BLOCK_COLUMNS && line.length !== LONGEST_LINE) return refused("neither 16 nor 22 bytes");
  const id = line.slice(0, -BLOCK_COLUMNS).trim();
  const block = line.slice(-BLOCK_COLUMNS);
  const special = specials.get(block.trim());
  if (special !== undefined) return status(special);
  const error = ERROR.exec(block);
  if (error !== null) return status(`error-${error[1]}`);
  const [, sign, digits = "", unit = ""] = WEIGHT.exec(block) ?? [];
  if (sign === undefined) return refused("no SBI data block");
  const mode = modes.get(id);
  if (mode === undefined) return status("other-value");
  // SB3: without a unit it is no quantity. The digits are checked all the same: a block of nonsense is none that moves.
  const moving = unit.trim() === "";
  const decoded = weightOf({ sign, digits, unit: moving ? "g" : unit, stability: "stable", mode }, benchUnits);
  return moving && decoded.kind === "quantities" ? status("motion") : decoded;
}
