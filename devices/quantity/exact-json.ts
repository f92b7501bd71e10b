/**
 * Q6: reads JSON (RFC 8259) member by member, numbers as exact decimals and never as floats. JSON.parse gives number text to a reviver
 * only, which makes it ten times slower, and every gateway of a site reads every frame.
 */
import { type Decimal, exactDecimal, SAFE_DIGITS } from "./decimal.ts";
import { Unreadable } from "./unreadable.ts";

/** The text is not JSON, or not of the kind that was asked for. */
export class NotJson extends Unreadable {
  override readonly name = "NotJson";
}

export type JsonKind = "object" | "array" | "string" | "number" | "boolean" | "null";

/** Deeper text is no frame of a device, and must not use up the stack. */
const DEPTH_LIMIT = 64;
const LITERALS = { t: "true", f: "false", n: "null" } as const;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Owns a position in one text. Every method takes what it reads, and throws `NotJson` when it is not there. */
export class JsonReader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  /** Throws `NotJson` on bytes that are not UTF-8. */
  constructor(bytes: Uint8Array) {
    try {
      this.#text = decoder.decode(bytes);
    } catch {
      throw new NotJson("the bytes are not UTF-8");
    }
  }

  /** What comes next; takes nothing. */
  kind(): JsonKind {
    const code = this.#next();
    if (code === 0x7b) return "object";
    if (code === 0x5b) return "array";
    if (code === 0x22) return "string";
    if (code === 0x2d || isDigit(code)) return "number";
    if (code === 0x74 || code === 0x66) return "boolean";
    if (code === 0x6e) return "null";
    return this.#refuse("a value");
  }

  /** `element` must take the element. */
  array(element: (index: number) => void): void {
    this.#enter(0x5b);
    if (this.#next() === 0x5d) this.#at += 1;
    else {
      let index = 0;
      do {
        element(index);
        index += 1;
      } while (this.#goesOn(0x5d));
    }
    this.#depth -= 1;
  }

  /** `member` must take the value of the member of this name. */
  object(member: (name: string) => void): void {
    this.#enter(0x7b);
    if (this.#next() === 0x7d) this.#at += 1;
    else {
      do {
        const name = this.string();
        if (this.#next() !== 0x3a) this.#refuse("a colon");
        this.#at += 1;
        member(name);
      } while (this.#goesOn(0x7d));
    }
    this.#depth -= 1;
  }

  string(): string {
    if (this.#next() !== 0x22) this.#refuse("a string");
    const text = this.#text;
    const start = this.#at + 1;
    for (let at = start; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === 0x22) {
        this.#at = at + 1;
        return text.slice(start, at);
      }
      if (code === 0x5c) return this.#escapedString(start);
      if (code < 0x20) break;
    }
    return this.#refuse("the end of a string");
  }

  /** Null: a number that has no exact decimal here (Q3). */
  decimal(): Decimal | null {
    const negative = this.#next() === 0x2d;
    const first = this.#at + (negative ? 1 : 0);
    let at = this.#digits(first);
    if (this.#text.charCodeAt(first) === 0x30 && at > first + 1) this.#refuse("a number without leading zeros");
    let digits = this.#text.slice(first, at);
    let exponent = 0;
    if (this.#text.charCodeAt(at) === 0x2e) {
      const fraction = at + 1;
      at = this.#digits(fraction);
      digits += this.#text.slice(fraction, at);
      exponent = fraction - at;
    }
    const mark = this.#text.charCodeAt(at);
    if (mark === 0x65 || mark === 0x45) {
      const sign = this.#text.charCodeAt(at + 1);
      const power = at + (sign === 0x2b || sign === 0x2d ? 2 : 1);
      const end = this.#digits(power);
      exponent += Number(this.#text.slice(at + 1, end));
      at = end;
    }
    this.#at = at;
    if (digits.length > SAFE_DIGITS) return exactDecimal(BigInt(digits) * (negative ? -1n : 1n), exponent);
    return exactDecimal(negative ? -Number(digits) : Number(digits), exponent);
  }

  boolean(): boolean {
    return this.#literal() === "true";
  }

  /** Takes a value of any kind. */
  skip(): void {
    switch (this.kind()) {
      case "object":
        return this.object(() => this.skip());
      case "array":
        return this.array(() => this.skip());
      case "string":
        return void this.string();
      case "number":
        return void this.decimal();
      case "boolean":
      case "null":
        return void this.#literal();
    }
  }

  end(): void {
    if (!Number.isNaN(this.#next())) this.#refuse("the end");
  }

  #literal(): string {
    this.#next();
    const word = LITERALS[this.#text.charAt(this.#at) as keyof typeof LITERALS];
    if (word === undefined || !this.#text.startsWith(word, this.#at)) return this.#refuse("true, false or null");
    this.#at += word.length;
    return word;
  }

  /** Moves over white space; the next character's code, NaN at the end. */
  #next(): number {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.#at += 1;
    }
  }

  /** Behind the digits that begin at `from`; there must be one. */
  #digits(from: number): number {
    let at = from;
    while (isDigit(this.#text.charCodeAt(at))) at += 1;
    if (at === from) this.#refuse("a digit");
    return at;
  }

  /** A string with escapes is rare in frames, and JSON.parse knows them all. */
  #escapedString(start: number): string {
    for (let at = start; at < this.#text.length; at += 1) {
      const code = this.#text.charCodeAt(at);
      if (code === 0x5c) at += 1;
      else if (code === 0x22) {
        this.#at = at + 1;
        try {
          return JSON.parse(this.#text.slice(start - 1, this.#at)) as string;
        } catch {
          return this.#refuse("an escape of JSON");
        }
      }
    }
    return this.#refuse("the end of a string");
  }

  #enter(bracket: number): void {
    this.#depth += 1;
    if (this.#next() !== bracket || this.#depth > DEPTH_LIMIT) this.#refuse("an object or array of less depth");
    this.#at += 1;
  }

  /** Takes a comma (true) or the closing bracket (false). */
  #goesOn(end: number): boolean {
    const code = this.#next();
    if (code !== 0x2c && code !== end) this.#refuse("a comma or a closing bracket");
    this.#at += 1;
    return code === 0x2c;
  }

  #refuse(what: string): never {
    throw new NotJson(`at character ${this.#at} ${what} is missing`);
  }
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39;
