/**
 * Q7: reads CBOR (RFC 8949) item by item, numbers as exact decimals. cborg cuts the items; it is told to be strict, and what it is lenient
 * about (UTF-8, equal labels, depth) is checked here, so that one value has few spellings and no hostile one costs anything.
 */
import { type Token, Tokenizer, Type } from "cborg";
import { type Decimal, exactDecimal, floatDecimal } from "./decimal.ts";
import { Unreadable } from "./unreadable.ts";

/** The bytes are not CBOR as it is read here, or not of the kind that was asked for. */
export class NotCbor extends Unreadable {
  override readonly name = "NotCbor";
}

export type CborKind = "object" | "array" | "string" | "data" | "number" | "boolean" | "other";

const DEPTH_LIMIT = 16;
const DECIMAL_FRACTION = 4;
/** Bytes of a float of single precision with its head. */
const SINGLE_BYTES = 5;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const STRICT = {
  strict: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  // So that a number beyond Q1 is read, and then refused as what it is.
  allowBigInt: true,
  retainStringBytes: true,
} as const;

/** Owns a position in one item. Every method takes what it reads, and throws `NotCbor` when it is not there. */
export class CborReader {
  readonly #tokens: Tokenizer;
  #ahead: Token | null = null;
  #depth = 0;

  constructor(bytes: Uint8Array) {
    this.#tokens = new Tokenizer(bytes, STRICT);
  }

  /** What comes next; takes nothing. `other`: a null, a tag that is no decimal fraction. */
  kind(): CborKind {
    const token = this.#peek();
    switch (token.type) {
      case Type.map:
        return "object";
      case Type.array:
        return "array";
      case Type.string:
        return "string";
      case Type.bytes:
        return "data";
      case Type.uint:
      case Type.negint:
      case Type.float:
        return "number";
      case Type.tag:
        return token.value === DECIMAL_FRACTION ? "number" : "other";
      case Type.true:
      case Type.false:
        return "boolean";
      default:
        return "other";
    }
  }

  /** `element` must take the element. */
  array(element: (index: number) => void): void {
    const size = this.#enter(Type.array);
    for (let index = 0; index < size; index += 1) element(index);
    this.#depth -= 1;
  }

  /** `member` must take the value of the member of this label. Equal labels are refused. */
  object(member: (label: string | number) => void): void {
    const size = this.#enter(Type.map);
    const seen = new Set<string | number>();
    for (let index = 0; index < size; index += 1) {
      const label = this.#peek().type === Type.string ? this.string() : this.#integer();
      if (seen.has(label)) throw new NotCbor(`label ${label} appears twice`);
      seen.add(label);
      member(label);
    }
    this.#depth -= 1;
  }

  string(): string {
    const { byteValue } = this.#take(Type.string);
    try {
      return decoder.decode(byteValue);
    } catch {
      throw new NotCbor("a text is not UTF-8");
    }
  }

  /** Null: a number that has no exact decimal here (Q3). */
  decimal(): Decimal | null {
    const token = this.#next();
    switch (token.type) {
      case Type.uint:
      case Type.negint:
        return exactDecimal(token.value as number | bigint, 0);
      case Type.float:
        return floatDecimal(token.value as number, token.encodedLength === SINGLE_BYTES ? "single" : "double");
      case Type.tag:
        if (token.value === DECIMAL_FRACTION) return this.#fraction();
        throw new NotCbor("a number is missing");
      default:
        throw new NotCbor("a number is missing");
    }
  }

  boolean(): boolean {
    const { type } = this.#next();
    if (type !== Type.true && type !== Type.false) throw new NotCbor("true or false is missing");
    return type === Type.true;
  }

  /** Takes a value of any kind. */
  skip(): void {
    const token = this.#peek();
    if (token.type === Type.map) return this.object(() => this.skip());
    if (token.type === Type.array) return this.array(() => this.skip());
    if (token.type === Type.string) return void this.string();
    if (token.type !== Type.tag) return void this.#next();
    this.#next();
    this.#deeper();
    this.skip();
    this.#depth -= 1;
  }

  end(): void {
    if (this.#ahead !== null || !this.#tokens.done()) throw new NotCbor("something follows the value");
  }

  /** RFC 8949 section 3.4.4: exponent and mantissa. */
  #fraction(): Decimal | null {
    if (this.#enter(Type.array) !== 2) throw new NotCbor("a decimal fraction has two parts");
    const exponent = this.#integer();
    const mantissa = this.#next();
    this.#depth -= 1;
    if (mantissa.type !== Type.uint && mantissa.type !== Type.negint)
      throw new NotCbor("the mantissa of a decimal fraction is no integer");
    return exactDecimal(mantissa.value as number | bigint, exponent);
  }

  #integer(): number {
    const { type, value } = this.#next();
    if (type !== Type.uint && type !== Type.negint) throw new NotCbor("an integer is missing");
    return Number(value);
  }

  #enter(type: Type): number {
    const { value } = this.#take(type);
    this.#deeper();
    return Number(value);
  }

  #deeper(): void {
    this.#depth += 1;
    if (this.#depth > DEPTH_LIMIT) throw new NotCbor(`more than ${DEPTH_LIMIT} levels`);
  }

  #take(type: Type): Token {
    const token = this.#next();
    if (token.type !== type) throw new NotCbor(`a ${type.name} is missing`);
    return token;
  }

  #next(): Token {
    const token = this.#peek();
    this.#ahead = null;
    return token;
  }

  #peek(): Token {
    if (this.#ahead !== null) return this.#ahead;
    if (this.#tokens.done()) throw new NotCbor("the end comes too early");
    try {
      this.#ahead = this.#tokens.next();
    } catch (error) {
      throw new NotCbor(error instanceof Error ? error.message : String(error));
    }
    return this.#ahead;
  }
}
