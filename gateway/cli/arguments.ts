import { parseArgs } from "node:util";
import { nearestName } from "../config/index.ts";

/** Wrong usage: one sentence, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

type OptionKinds = Readonly<Record<string, "text" | "flag">>;

export type Arguments<Kinds extends OptionKinds> = {
  readonly options: { readonly [Name in keyof Kinds]: Kinds[Name] extends "flag" ? boolean : string | null };
  readonly positionals: readonly string[];
};

/**
 * Reads what follows a command. `positionals` names them in order; all are needed. Throws UsageError for an unknown option
 * (with the nearest known one), a missing value, a missing or superfluous argument.
 */
export function readArguments<const Kinds extends OptionKinds>(
  command: string,
  argv: readonly string[],
  kinds: Kinds,
  positionals: readonly string[] = [],
): Arguments<Kinds> {
  const options = Object.fromEntries(
    [...Object.entries(kinds), ["help", "flag"]].map(([name, kind]) => [
      name,
      kind === "flag" ? ({ type: "boolean" } as const) : ({ type: "string" } as const),
    ]),
  );
  const short = { o: "out" } as const;
  const {
    tokens,
    values,
    positionals: found,
  } = parseArgs({
    args: argv.map((argument) => (argument === "-o" && "out" in kinds ? `--${short.o}` : argument)),
    options,
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  for (const token of tokens) {
    if (token.kind !== "option") continue;
    const kind = token.name === "help" ? "flag" : kinds[token.name];
    if (kind === undefined) throw unknownOption(command, token.rawName, Object.keys(kinds));
    if (kind === "text" && token.value === undefined)
      throw new UsageError(`${token.rawName} wants a value; see "tallystick ${command} --help"`);
    if (kind === "flag" && token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`);
  }
  const missing = positionals[found.length];
  if (missing !== undefined) throw new UsageError(`${missing} is missing; see "tallystick ${command} --help"`);
  const extra = found[positionals.length];
  if (extra !== undefined)
    throw new UsageError(`"${extra}" is one argument too many; see "tallystick ${command} --help"`);
  const read = Object.entries(kinds).map(([name, kind]) => [
    name,
    kind === "flag" ? values[name] === true : (values[name] ?? null),
  ]);
  return { options: Object.fromEntries(read) as Arguments<Kinds>["options"], positionals: found };
}

function unknownOption(command: string, rawName: string, known: readonly string[]): UsageError {
  const near = nearestName(rawName.replace(/^-+/, ""), [...known, "help"]);
  const hint = near === null ? `see "tallystick ${command} --help"` : `did you mean --${near}?`;
  return new UsageError(`tallystick ${command} does not know ${rawName}; ${hint}`);
}

/** A whole number of an option. Throws UsageError. */
export function wholeNumber(name: string, text: string | null, fallback: number, least: number, most: number): number {
  if (text === null) return fallback;
  const value = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most))
    throw new UsageError(`--${name} is "${text}", but must be a whole number from ${least} to ${most}`);
  return value;
}

/** A number of an option, above or equal to zero. Throws UsageError. */
export function positiveNumber(name: string, text: string | null, fallback: number): number {
  if (text === null) return fallback;
  const value = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(value >= 0)) throw new UsageError(`--${name} is "${text}", but must be a number from 0`);
  return value;
}

export function needed(command: string, name: string, value: string | null): string {
  if (value === null) throw new UsageError(`--${name} is missing; see "tallystick ${command} --help"`);
  return value;
}
