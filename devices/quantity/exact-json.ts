/**
 * Q6: JSON (RFC 8259) whose numbers are exact decimals and never floats. JSON.parse gives number text to a reviver only, which makes it
 * ten times slower, and every gateway of a site reads every frame.
 */
import { type Decimal, parseJsonDecimal } from "./decimal.ts";

/** A number as it was written. `exact` is null when it has no decimal here (Q3). */
export class JsonNumber {
  readonly text: string;
  readonly exact: Decimal | null;
  constructor(text: string) {
    this.text = text;
    this.exact = parseJsonDecimal(text);
  }
}

/** Objects are maps: no member name has a meaning of its own. Of two equal names in one object the last counts. */
export type JsonValue = null | boolean | string | JsonNumber | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** Deeper text is no frame of a device, and must not use up the stack. */
const DEPTH_LIMIT = 64;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

class NotJson extends Error {
  override readonly name = "NotJson";
}

/** What is being read, and where; reading is synchronous and never nested. */
let source = "";
let at = 0;

/** The value of a JSON text in UTF-8; undefined = it is none. Never throws. */
export function parseExactJson(bytes: Uint8Array): JsonValue | undefined {
  try {
    source = decoder.decode(bytes);
    at = 0;
    const value = readValue(0);
    if (next() !== "") throw new NotJson();
    return value;
  } catch {
    // Not UTF-8 or not JSON: a verdict for the caller, not a failure.
    return undefined;
  }
}

/** The next character that is no white space, "" at the end; it is not taken yet. */
function next(): string {
  for (; at < source.length; at += 1) {
    const code = source.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return source.charAt(at);
  }
  return "";
}

function readValue(depth: number): JsonValue {
  if (depth > DEPTH_LIMIT) throw new NotJson();
  switch (next()) {
    case "{":
      return readObject(depth);
    case "[":
      return readArray(depth);
    case '"':
      return readString();
    case "t":
      return readWord("true", true);
    case "f":
      return readWord("false", false);
    case "n":
      return readWord("null", null);
    default:
      return readNumber();
  }
}

function readWord<T extends boolean | null>(word: string, value: T): T {
  if (!source.startsWith(word, at)) throw new NotJson();
  at += word.length;
  return value;
}

function readNumber(): JsonNumber {
  NUMBER.lastIndex = at;
  const text = NUMBER.exec(source)?.[0];
  if (text === undefined) throw new NotJson();
  at += text.length;
  return new JsonNumber(text);
}

function readString(): string {
  const start = at;
  for (at += 1; at < source.length; at += 1) {
    const code = source.charCodeAt(at);
    if (code === 0x22) {
      at += 1;
      return source.slice(start + 1, at - 1);
    }
    if (code === 0x5c) return readEscaped(start);
    if (code < 0x20) throw new NotJson();
  }
  throw new NotJson();
}

/** A string with escapes is rare in frames, and JSON.parse knows them all. */
function readEscaped(start: number): string {
  for (; at < source.length; at += 1) {
    const character = source.charAt(at);
    if (character === "\\") at += 1;
    else if (character === '"') {
      at += 1;
      return JSON.parse(source.slice(start, at)) as string;
    }
  }
  throw new NotJson();
}

function readArray(depth: number): readonly JsonValue[] {
  const values: JsonValue[] = [];
  at += 1;
  if (next() === "]") {
    at += 1;
    return values;
  }
  do values.push(readValue(depth + 1));
  while (goesOn("]"));
  return values;
}

function readObject(depth: number): JsonObject {
  const members = new Map<string, JsonValue>();
  at += 1;
  if (next() === "}") {
    at += 1;
    return members;
  }
  do {
    if (next() !== '"') throw new NotJson();
    const name = readString();
    if (next() !== ":") throw new NotJson();
    at += 1;
    members.set(name, readValue(depth + 1));
  } while (goesOn("}"));
  return members;
}

/** Takes a comma (true) or the closing bracket (false). */
function goesOn(end: "]" | "}"): boolean {
  const character = next();
  if (character !== "," && character !== end) throw new NotJson();
  at += 1;
  return character === ",";
}
