import { Tagged } from "cborg";
import type { CborValue } from "./value.ts";

const UINT = 0x00;
const NEGATIVE = 0x20;
const BYTES = 0x40;
const TEXT = 0x60;
const ARRAY = 0x80;
const MAP = 0xa0;
const TAG = 0xc0;

/** C6: the formats nest six levels; a value that goes deeper is no value of ours. */
const DEPTH_LIMIT = 16;

/** One buffer for all encodings of this thread: encoding is synchronous and ends with a copy. */
let scratch = Buffer.allocUnsafe(1 << 16);
let size = 0;

/**
 * C1-C4: the deterministic encoding of `value` (RFC 8949 section 4.2.1). Throws on what the profile does not know
 * (fractions, unsafe integers, lone surrogates, other tags): encoding such a value is a bug of the caller.
 */
export function encode(value: CborValue): Uint8Array {
  return encodeBy(() => write(value, 0));
}

/** C8: the pieces of an encoding. Whoever calls them owes the counts of arrays and maps and the order of keys. */
export type Writer = {
  /** Bytes that are already CBOR, whole or in part. */
  readonly raw: (bytes: Uint8Array) => void;
  readonly integer: (value: number) => void;
  readonly text: (value: string) => void;
  readonly bytes: (value: Uint8Array) => void;
  /** A byte string given as hexadecimal digits, of even number. */
  readonly hexBytes: (digits: string) => void;
  /** The head of an array of `length` values, which follow. */
  readonly array: (length: number) => void;
};

const writer: Writer = {
  raw: writeRaw,
  integer: writeInteger,
  text: writeText,
  bytes: writeBytes,
  hexBytes: writeHexBytes,
  array: (length) => writeHead(ARRAY, length),
};

/** C8: encodes piece by piece what the caller knows the layout of: several times faster than through maps and tags. */
export function encodeBy(write: (writer: Writer) => void): Uint8Array {
  size = 0;
  write(writer);
  const bytes = new Uint8Array(size);
  bytes.set(scratch.subarray(0, size));
  return bytes;
}

function write(value: CborValue, depth: number): void {
  if (depth > DEPTH_LIMIT) throw new Error(`the CBOR nests deeper than ${DEPTH_LIMIT} levels`);
  if (typeof value === "number") writeInteger(value);
  else if (typeof value === "string") writeText(value);
  else if (value instanceof Uint8Array) writeBytes(value);
  else if (value instanceof Map) writeMap(value, depth);
  else if (Array.isArray(value)) writeArray(value, depth);
  else if (value instanceof Tagged) writeTagged(value, depth);
  else if (value === true || value === false || value === null) writeByte(value === null ? 0xf6 : value ? 0xf5 : 0xf4);
  else throw new Error(`the CBOR profile has no ${typeof value}`);
}

function writeInteger(value: number): void {
  if (!Number.isSafeInteger(value)) throw new Error(`the number ${value} is no safe integer`);
  if (value >= 0) writeHead(UINT, value);
  else writeHead(NEGATIVE, -1 - value);
}

function writeText(text: string): void {
  if (!text.isWellFormed()) throw new Error("a text has a lone surrogate");
  const length = Buffer.byteLength(text);
  writeHead(TEXT, length);
  reserve(length);
  // latin1 equals UTF-8 for ASCII and is the cheaper call; nearly every text of the formats is ASCII.
  if (length === text.length) scratch.write(text, size, "latin1");
  else scratch.write(text, size, "utf8");
  size += length;
}

function writeHexBytes(digits: string): void {
  const length = digits.length / 2;
  writeHead(BYTES, length);
  reserve(length);
  size += scratch.write(digits, size, length, "hex");
}

function writeBytes(bytes: Uint8Array): void {
  writeHead(BYTES, bytes.length);
  writeRaw(bytes);
}

function writeRaw(bytes: Uint8Array): void {
  reserve(bytes.length);
  scratch.set(bytes, size);
  size += bytes.length;
}

function writeArray(values: readonly CborValue[], depth: number): void {
  writeHead(ARRAY, values.length);
  for (const value of values) write(value, depth + 1);
}

function writeMap(map: ReadonlyMap<number | string, CborValue>, depth: number): void {
  writeHead(MAP, map.size);
  for (const [key, value] of ordered(map)) {
    if (typeof key === "number") writeInteger(key);
    else if (typeof key === "string") writeText(key);
    else throw new Error("a map key is neither an integer nor a text");
    write(value, depth + 1);
  }
}

function writeTagged(value: Tagged, depth: number): void {
  if (value.tag !== 4 && value.tag !== 18) throw new Error(`the CBOR profile has no tag ${value.tag}`);
  writeHead(TAG, value.tag);
  write(value.value as CborValue, depth + 1);
}

/** C4: entries in the bytewise order of their encoded keys. */
function ordered(map: ReadonlyMap<number | string, CborValue>): Iterable<readonly [number | string, CborValue]> {
  let last: number | string | undefined;
  for (const key of map.keys()) {
    if (last !== undefined && compareKeys(last, key) >= 0) return [...map].sort((a, b) => compareKeys(a[0], b[0]));
    last = key;
  }
  return map;
}

/** The order of the shortest encodings: non-negative, negative, text; numbers by size, texts by length and then bytes. */
function compareKeys(a: number | string, b: number | string): number {
  if (typeof a === "number") {
    if (typeof b !== "number") return -1;
    if (a >= 0) return b >= 0 ? a - b : -1;
    return b >= 0 ? 1 : b - a;
  }
  if (typeof b === "number") return 1;
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length - right.length || Buffer.compare(left, right);
}

function writeHead(major: number, value: number): void {
  reserve(9);
  if (value < 24) {
    scratch[size++] = major | value;
  } else if (value < 0x1_00) {
    scratch[size++] = major | 24;
    scratch[size++] = value;
  } else if (value < 0x1_00_00) {
    scratch[size++] = major | 25;
    size = scratch.writeUInt16BE(value, size);
  } else if (value < 0x1_00_00_00_00) {
    scratch[size++] = major | 26;
    size = scratch.writeUInt32BE(value, size);
  } else {
    scratch[size++] = major | 27;
    size = scratch.writeUInt32BE(Math.floor(value / 0x1_00_00_00_00), size);
    size = scratch.writeUInt32BE(value % 0x1_00_00_00_00, size);
  }
}

function writeByte(byte: number): void {
  reserve(1);
  scratch[size++] = byte;
}

function reserve(bytes: number): void {
  if (size + bytes <= scratch.length) return;
  const larger = Buffer.allocUnsafe(Math.max(scratch.length * 2, size + bytes));
  larger.set(scratch.subarray(0, size));
  scratch = larger;
}
