import { signedField, type UnitWords, weightOf } from "../line/index.ts";
import { type Decoded, type Flag, refused, status } from "../protocol.ts";

/** SG5. */
const words: UnitWords = {
  mg: "mg",
  g: "g",
  kg: "kg",
  Kg: "kg",
  KG: "kg",
  t: "t",
  oz: "oz",
  lb: "lb",
  LB: "lb",
  PC: "counting",
  pc: "counting",
};

const HEADERS = "(ST|US|OL|UL),(GS|NT|TR)";
/** SG1: the layouts, told apart by length and commas. Each has the groups header, what, field, unit. */
const layouts = {
  and18: new RegExp(`^${HEADERS},(.{8})([ a-zA-Z]{2})$`),
  dini: new RegExp(`^(?:\\d\\d)?${HEADERS},(.{8}),([ a-zA-Z]{2})$`),
  kern: new RegExp(`^${HEADERS}(.{7})([ a-zA-Z]{2})$`),
} as const;
/** SG2: the byte before the second last comma is the lamp byte, which is not part of this text. */
const CAS_22 = new RegExp(`^${HEADERS},[0-=],(.{8}) ([ a-zA-Z]{2})$`);
/** SG6: a Dini Argeo in its service menu. */
const RAW = /^(?:\d\d)?(?:ST|US),(?:VL|RZ),.{8},.{2}$/;

export const LONGEST_LINE = 20;
export const LAMP_AT = 7;
const FIRST_ID = 0x30;
const LAST_ID = 0x3d;
const COMMA = 0x2c;

/** SG2: bits of the lamp byte. Bit 5 depends on the model; 3 (printer) and 1 (tare) say nothing about the value. */
const lamp = { always: 0x80, stable: 0x40, hold: 0x10, gross: 0x04, zero: 0x01 } as const;

/** SG2: the lamp byte may look like any control character. It is known by the id before it and by its bit 7. */
export function lampAt(bytes: Uint8Array, from = 0): number {
  const id = bytes[from + LAMP_AT - 1] ?? 0;
  if (bytes[from + 2] !== COMMA || bytes[from + 5] !== COMMA || id < FIRST_ID || id > LAST_ID) return -1;
  return ((bytes[from + LAMP_AT] ?? 0) & lamp.always) === 0 ? -1 : from + LAMP_AT;
}

/** SG1-SG6. `line` is the frame's text, null when it is no line. */
export function decodeLine(line: string | null, frame: Uint8Array): Decoded {
  if (line === null) return refused("not one line closed by CR LF");
  if (lampAt(frame) !== -1) {
    const fields = CAS_22.exec(line.slice(0, LAMP_AT) + line.slice(LAMP_AT + 1));
    return fields === null ? refused("no CAS line of 22 bytes") : decodeFields(fields, frame[LAMP_AT] ?? 0);
  }
  if (RAW.test(line)) return status("raw-signal");
  const fields = layouts.and18.exec(line) ?? layouts.dini.exec(line) ?? layouts.kern.exec(line);
  return fields === null ? refused("no line of the ST,GS family") : decodeFields(fields, null);
}

const modes = { GS: "gross", NT: "net", TR: "tare" } as const;

function decodeFields([, header = "", what = "", field = "", unit = ""]: RegExpExecArray, lit: number | null): Decoded {
  if (lit !== null && !agrees(lit, header, what)) return refused("the lamp byte contradicts the header");
  // SG4: the field of a line out of range is blank, or holds what was there before.
  if (header === "OL") return status("overload");
  if (header === "UL") return status("underload");
  const columns = signedField(field);
  if (columns === null) return refused(`"${field}" is not an exact decimal`);
  const stability = header === "ST" ? "stable" : "motion";
  const mode = modes[what as keyof typeof modes];
  return weightOf({ ...columns, unit, stability, mode, flags: lit === null ? [] : flagsOf(lit) }, words);
}

/** SG3: the header says in letters what the lamps say in bits. */
function agrees(lit: number, header: string, what: string): boolean {
  const isStable = (lit & lamp.stable) !== 0;
  const isGross = (lit & lamp.gross) !== 0;
  const outside = header === "OL" || header === "UL";
  return (outside || isStable === (header === "ST")) && isGross === (what === "GS");
}

const flagsOf = (lit: number): readonly Flag[] => [
  ...((lit & lamp.zero) === 0 ? [] : (["center-of-zero"] as const)),
  ...((lit & lamp.hold) === 0 ? [] : (["hold"] as const)),
];
