import { type MassUnit, massUnit } from "../../quantity/index.ts";
import { type LineFraming, lineFraming, type UnitWords } from "../line/index.ts";
import type { ProtocolSettings } from "../protocol.ts";
import { parsePattern, PatternFault } from "./grammar.ts";
import { compile, type Program } from "./program.ts";

/** PT4: what the settings of a device say about its lines. */
export type Description = {
  readonly framing: LineFraming;
  readonly line: Program;
  /** Lines that say nothing about a weight: headings, tickets. */
  readonly ignored: Program | null;
  readonly stability: Meaning<"stable" | "motion" | "unknown">;
  readonly mode: Meaning<"gross" | "net" | "tare" | "unknown">;
  readonly units: UnitWords;
  /** Null = the unit stands in the line. */
  readonly unit: MassUnit | null;
  /** Places behind a point that is not on the wire; null = the point is. */
  readonly decimals: number | null;
  readonly decimalComma: boolean;
  readonly ask: Uint8Array | null;
};

/** What the words of a group mean; a word that is not among them refuses the line. */
type Meaning<Sense> = {
  readonly words: ReadonlyMap<string, Sense>;
  /** Where the pattern has no such group. */
  readonly always: Sense;
};

/** PT5: the groups that a pattern may name. */
const GROUPS: readonly string[] = [
  "value",
  "unit",
  "sign",
  "stability",
  "mode",
  "overload",
  "underload",
  "error",
  "zero",
];
const DEFAULT_LONGEST = 64;
const LONGEST_LINE = 128;
const LONGEST_ASK = 16;
/** PT6: how the word of a group is written that holds blanks only, or took no part. */
export const BLANK = "blank";

const starts: ReadonlyMap<string, number> = new Map([
  ["soh", 0x01],
  ["stx", 0x02],
  ["lf", 0x0a],
  ["cr", 0x0d],
]);
const ends: ReadonlyMap<string, readonly [number, number?]> = new Map([
  ["crlf", [0x0d, 0x0a]],
  ["cr", [0x0d]],
  ["lf", [0x0a]],
  ["etx", [0x03]],
  ["eot", [0x04]],
]);

/** Settings that are wrong; the message is a sentence without its end. */
class SettingsFault extends Error {}

/** PT4-PT8: the description that settings make, or a sentence: which setting, what is wrong, what to write. Never throws. */
export function describe(settings: ProtocolSettings): Description | string {
  try {
    return described(new Reader(settings));
  } catch (error) {
    if (error instanceof SettingsFault) return error.message;
    throw error;
  }
}

function described(given: Reader): Description {
  const line = given.pattern("line");
  if (line === null) throw new SettingsFault('pattern needs the setting "line": the pattern of a line with a weight');
  const unknown = line.names.find((name) => !GROUPS.includes(name));
  if (unknown !== undefined)
    throw new SettingsFault(`"line" names the group "${unknown}", which has no meaning here: use ${GROUPS.join(", ")}`);
  if (!line.names.includes("value")) throw new SettingsFault('"line" has no group (?<value>...): name the digits so');
  const has = (group: string): boolean => line.names.includes(group);
  const unit = unitOf(given, has("unit"));
  const description: Description = {
    framing: framingOf(given),
    line,
    ignored: given.pattern("ignore"),
    stability: {
      words: given.words([
        ["stable", "stable"],
        ["moving", "motion"],
      ]),
      always: given.choice("stability", ["stable", "unknown"]) ?? "unknown",
    },
    mode: {
      words: given.words([
        ["gross", "gross"],
        ["net", "net"],
        ["tare", "tare"],
      ]),
      always: given.choice("mode", ["gross", "net", "unknown"]) ?? "unknown",
    },
    units: given.units(),
    unit,
    decimals: given.number("decimals", 0, 6),
    decimalComma: given.truth("decimalComma"),
    ask: given.bytes("ask"),
  };
  contradictions(description, given, has);
  given.nothingElse();
  return description;
}

/** PT6: a group without words, or words without a group, would read every line as something that nobody meant. */
function contradictions(
  { stability, mode, decimals, decimalComma }: Description,
  given: Reader,
  has: (group: string) => boolean,
): void {
  for (const [group, { words }, names] of [
    ["stability", stability, "stable, moving"],
    ["mode", mode, "gross, net, tare"],
  ] as const) {
    if (has(group) && words.size === 0)
      throw new SettingsFault(`"line" has a group "${group}", but no setting says what its words mean: add ${names}`);
    if (!has(group) && words.size > 0)
      throw new SettingsFault(`the settings ${names} give words, but "line" has no group (?<${group}>...): add it`);
    if (has(group) && given.has(group))
      throw new SettingsFault(`"${group}" is a group of "line" and a setting: keep one`);
  }
  if (decimals !== null && decimalComma)
    throw new SettingsFault('"decimals" and "decimalComma" exclude each other: keep one');
}

function framingOf(given: Reader): LineFraming {
  const start = given.choice("starts", [...starts.keys()]);
  const end = given.choice("ends", [...ends.keys()]) ?? "crlf";
  const bits = given.number("dataBits", 7, 8) ?? 7;
  const longest = given.number("longest", 1, LONGEST_LINE) ?? DEFAULT_LONGEST;
  const [first, second] = ends.get(end) ?? [0x0d, 0x0a];
  const lead = start === null ? undefined : starts.get(start);
  if (lead === first) throw new SettingsFault(`lines cannot start and end with ${start}: leave "starts" away`);
  return lineFraming({
    longest,
    ends: second === undefined ? [first] : [first, second],
    bits: 2 ** bits - 1,
    ...(lead === undefined ? {} : { start: lead }),
  });
}

function unitOf(given: Reader, hasGroup: boolean): MassUnit | null {
  const text = given.text("unit");
  if (hasGroup && text !== null) throw new SettingsFault('"unit" is a group of "line" and a setting: keep one');
  if (hasGroup) return null;
  if (text === null)
    throw new SettingsFault(
      'no unit: name the group (?<unit>...) in "line", or add the setting "unit", for example kg',
    );
  const unit = massUnit(text);
  if (unit === null) throw new SettingsFault(`"unit" is "${text}": use mg, g, kg, t, oz or lb`);
  return unit;
}

/** Takes settings one by one, so that what nobody took is known. */
class Reader {
  readonly #settings: ProtocolSettings;
  readonly #taken = new Set<string>();

  constructor(settings: ProtocolSettings) {
    this.#settings = settings;
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#settings, name);
  }

  text(name: string): string | null {
    const value = this.#take(name);
    if (value === undefined) return null;
    if (typeof value !== "string") throw new SettingsFault(`"${name}" is ${value}, but must be a text`);
    return value;
  }

  number(name: string, least: number, most: number): number | null {
    const value = this.#take(name);
    if (value === undefined) return null;
    if (typeof value !== "number" || value < least || value > most)
      throw new SettingsFault(`"${name}" is ${value}, but must be a whole number from ${least} to ${most}`);
    return value;
  }

  truth(name: string): boolean {
    const value = this.#take(name) ?? false;
    if (typeof value !== "boolean") throw new SettingsFault(`"${name}" is ${value}, but must be true or false`);
    return value;
  }

  choice<Word extends string>(name: string, words: readonly Word[]): Word | null {
    const value = this.text(name);
    const word = words.find((one) => one === value);
    if (value !== null && word === undefined)
      throw new SettingsFault(`"${name}" is "${value}", but must be one of ${words.join(", ")}`);
    return word ?? null;
  }

  pattern(name: string): Program | null {
    const text = this.text(name);
    if (text === null) return null;
    try {
      return compile(parsePattern(text));
    } catch (error) {
      if (error instanceof PatternFault) throw new SettingsFault(`"${name}" ${error.message}`);
      throw error;
    }
  }

  /** PT6: words separated by commas. */
  words<Sense>(senses: readonly (readonly [name: string, sense: Sense])[]): ReadonlyMap<string, Sense> {
    const words = new Map<string, Sense>();
    for (const [name, sense] of senses) {
      for (const written of this.text(name)?.split(",") ?? []) {
        const word = written.trim() === BLANK ? "" : written.trim();
        if (written.trim() === "") throw new SettingsFault(`"${name}" holds an empty word: write ${BLANK} for a blank`);
        if (words.has(word))
          throw new SettingsFault(`"${name}" holds "${written.trim()}", which has a meaning already: remove one`);
        words.set(word, sense);
      }
    }
    return words;
  }

  /** PT6: `KG=kg, LBS=lb`; the units' own names mean themselves. */
  units(): UnitWords {
    const units = new Map<string, MassUnit | "counting" | "percent">(own);
    for (const written of this.text("units")?.split(",") ?? []) {
      const [word = "", meaning = "", more] = written.split("=").map((part) => part.trim());
      const unit = meaning === "counting" || meaning === "percent" ? meaning : massUnit(meaning);
      if (word === "" || unit === null || more !== undefined)
        throw new SettingsFault(
          `"units" holds "${written.trim()}": write word=unit, for example KG=kg, with mg, g, kg, t, oz, lb, counting or percent`,
        );
      units.set(word, unit);
    }
    return Object.fromEntries(units);
  }

  /** PT8: a command with its control characters written as \r, \n or \xHH. */
  bytes(name: string): Uint8Array | null {
    const text = this.text(name);
    if (text === null) return null;
    if (!/^(?:[\x20-\x5b\x5d-\x7e]|\\\\|\\r|\\n|\\x[0-9A-Fa-f]{2})+$/.test(text))
      throw new SettingsFault(`"${name}" holds something else than printable characters, \\\\, \\r, \\n and \\xHH`);
    const bytes = Array.from(text.matchAll(/\\x(..)|\\(.)|(.)/g), ([, hex, escape, plain]) =>
      hex === undefined
        ? (controls.get(escape ?? "") ?? (escape ?? plain ?? "").charCodeAt(0))
        : Number.parseInt(hex, 16),
    );
    if (bytes.length > LONGEST_ASK)
      throw new SettingsFault(`"${name}" is longer than ${LONGEST_ASK} bytes: no scale asks for so much`);
    return Uint8Array.from(bytes);
  }

  nothingElse(): void {
    const unknown = Object.keys(this.#settings).find((name) => !this.#taken.has(name));
    if (unknown !== undefined)
      throw new SettingsFault(`"${unknown}" is no setting of pattern: use ${[...this.#taken].join(", ")}`);
  }

  #take(name: string): string | number | boolean | undefined {
    this.#taken.add(name);
    return this.has(name) ? this.#settings[name] : undefined;
  }
}

const own = (["mg", "g", "kg", "t", "oz", "lb"] as const).map((unit) => [unit, unit] as const);
const controls: ReadonlyMap<string, number> = new Map([
  ["r", 0x0d],
  ["n", 0x0a],
]);
