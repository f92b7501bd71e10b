import { type Decimal, formatDecimal, type MassUnit, massUnit, parseDecimal } from "../../quantity/index.ts";

/** A reply line of MT-SICS levels 0 and 1 (M3). */
export type Reply =
  | {
      readonly kind: "weight";
      /** `S` for S, SI, SIR, SR; `T`, `TI`, `TA` when a tare is reported. */
      readonly command: "S" | "T" | "TI" | "TA";
      readonly stability: "stable" | "motion" | "unknown";
      readonly value: Decimal;
      readonly unit: MassUnit;
    }
  | { readonly kind: "refusal"; readonly command: string; readonly reason: Refusal }
  | { readonly kind: "done"; readonly command: string; readonly stability: "stable" | "motion" | "unknown" }
  | {
      readonly kind: "information";
      readonly command: string;
      readonly fields: readonly string[];
      readonly last: boolean;
    }
  | { readonly kind: "error"; readonly error: CommandError };

/** `I`, `+`, `-`, `L` after the command: it was understood and not carried out. */
type Refusal = "busy" | "overload" | "underload" | "wrong-parameter";
/** Whole-line errors ES, ET, EL, EI. */
type CommandError = "syntax-error" | "transmission-error" | "logical-error" | "cannot-execute";

const refusals: Readonly<Record<string, Refusal>> = {
  I: "busy",
  "+": "overload",
  "-": "underload",
  L: "wrong-parameter",
};
const errors: Readonly<Record<string, CommandError>> = {
  ES: "syntax-error",
  ET: "transmission-error",
  EL: "logical-error",
  EI: "cannot-execute",
};
const stabilities = { S: "stable", D: "motion", A: "unknown" } as const;

// M3: the sign may stand apart from its digits inside the right-aligned field, but digits are never split.
const WEIGHT = /^(S|T|TI|TA) ([SDA]) ( *([+-]?) *([\d.]+)) +(\S{1,4}) *$/;
/** M3. */
const WEIGHT_COLUMNS = 10;
const REFUSAL = /^(SI?|Z|ZI|T|TI|TA|TAC|I\d|@|D|DW) ([I+\-L])$/;
const DONE = /^(Z|ZI|TAC|T|TI|D|DW) ([SDA])$/;
const INFORMATION = /^(I\d) ([AB])((?: (?:"[^"]*"|\S+))*)$/;
const FIELD = /"([^"]*)"|(\S+)/g;

/** Reads one line. A string instead of a reply says why the line is not one; it never guesses (M4). */
export function parseReply(line: string): Reply | string {
  const error = errors[line];
  if (error !== undefined) return { kind: "error", error };
  const weight = WEIGHT.exec(line);
  if (weight !== null) return weightReply(weight);
  const refusal = REFUSAL.exec(line);
  if (refusal !== null) {
    const [, command = "", sign = ""] = refusal;
    return { kind: "refusal", command, reason: refusals[sign] ?? "busy" };
  }
  const done = DONE.exec(line);
  if (done !== null) {
    const [, command = "", letter = "A"] = done;
    return { kind: "done", command, stability: stabilityOf(letter) };
  }
  const information = INFORMATION.exec(line);
  if (information === null) return "not a reply of MT-SICS level 0 or 1";
  const [, command = "", continues = "A", rest = ""] = information;
  const fields = Array.from(rest.matchAll(FIELD), (match) => match[1] ?? match[2] ?? "");
  return { kind: "information", command, fields, last: continues === "A" };
}

function weightReply(match: RegExpExecArray): Reply | string {
  const [, command = "S", letter = "A", field = "", sign = "", digits = "", token = ""] = match;
  if (command === "S" && letter === "A") return "a weight says S or D";
  // A character too many is a digit too many: 1700.00 for 100.00.
  if (field.length > WEIGHT_COLUMNS) return `the weight has ${field.length} columns, more than ${WEIGHT_COLUMNS}`;
  const unit = massUnit(token);
  if (unit === null) return `unit "${token}" is not known`;
  const value = parseDecimal(sign + digits);
  if (value === null) return `"${sign}${digits}" is not an exact decimal`;
  return { kind: "weight", command: command as "S", stability: stabilityOf(letter), value, unit };
}

const stabilityOf = (letter: string): "stable" | "motion" | "unknown" =>
  stabilities[letter as keyof typeof stabilities] ?? "unknown";

/** The text of a reply line; `parseReply` gives the reply back. */
export function formatReply(reply: Reply): string {
  switch (reply.kind) {
    case "weight":
      // Right aligned (M3).
      return `${reply.command} ${letterOf(reply.stability)} ${formatDecimal(reply.value).padStart(WEIGHT_COLUMNS)} ${reply.unit}`;
    case "refusal":
      return `${reply.command} ${keyOf(refusals, reply.reason)}`;
    case "done":
      return `${reply.command} ${letterOf(reply.stability)}`;
    case "information":
      return [
        reply.command,
        reply.last ? "A" : "B",
        ...reply.fields.map((field, index) => written(reply.command, field, index)),
      ].join(" ");
    case "error":
      return keyOf(errors, reply.error);
  }
}

const letterOf = (stability: "stable" | "motion" | "unknown"): string => keyOf(stabilities, stability);
const keyOf = (table: Readonly<Record<string, string>>, value: string): string =>
  Object.keys(table).find((key) => table[key] === value) ?? "";
/** Level numbers of I0 stand bare, everything else in quotes. */
const written = (command: string, field: string, index: number): string =>
  command === "I0" && index === 0 ? field : `"${field}"`;
