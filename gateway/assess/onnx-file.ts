/**
 * What an ONNX file declares, as far as rule W10 needs it: the operators in their order with their attributes, and the small
 * constants. Read from the protobuf wire format (protobuf.dev/programming-guides/encoding; onnx/onnx.proto).
 */
export type OnnxNode = {
  readonly operator: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
};

export type OnnxAttribute =
  | { readonly kind: "float"; readonly value: number }
  | { readonly kind: "int"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "floats"; readonly value: Float32Array }
  | { readonly kind: "ints"; readonly value: readonly number[] }
  | { readonly kind: "texts"; readonly value: readonly string[] }
  | { readonly kind: "other" };

export type OnnxGraph = {
  readonly nodes: readonly OnnxNode[];
  /** One-dimensional int64 constants by name. */
  readonly integers: ReadonlyMap<string, readonly number[]>;
  /** All constants, also those that are not read here. */
  readonly constants: number;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Versions of the operators by domain; "" = ONNX's own. */
  readonly versions: ReadonlyMap<string, number>;
};

/** Throws a RangeError for bytes that are no protobuf message. */
export function readOnnx(bytes: Uint8Array): OnnxGraph {
  const model = fieldsOf(bytes);
  const graph = model.find(({ number }) => number === 7);
  const fields = graph === undefined ? [] : fieldsOf(bytesOf(graph));
  const all = (number: number): readonly Uint8Array[] => fields.filter((field) => field.number === number).map(bytesOf);
  const constants = all(5);
  return {
    nodes: all(1).map(readNode),
    integers: new Map(constants.map(readIntegers).filter((entry) => entry !== null)),
    constants: constants.length,
    inputs: all(11).map(nameOf),
    outputs: all(12).map(nameOf),
    versions: new Map(model.filter(({ number }) => number === 8).map((field) => readVersion(bytesOf(field)))),
  };
}

const nameOf = (bytes: Uint8Array): string => {
  const name = fieldsOf(bytes).find(({ number }) => number === 1);
  return name === undefined ? "" : textOf(name);
};

/** OperatorSetIdProto: domain 1, version 2. */
function readVersion(bytes: Uint8Array): readonly [string, number] {
  const version = fieldsOf(bytes).find(({ number }) => number === 2)?.value;
  return [nameOf(bytes), typeof version === "number" ? version : 0];
}

type Field = { readonly number: number; readonly value: number | Uint8Array };

function fieldsOf(bytes: Uint8Array): readonly Field[] {
  const fields: Field[] = [];
  const cursor = { at: 0 };
  while (cursor.at < bytes.length) {
    const tag = varint(bytes, cursor);
    fields.push({ number: Math.floor(tag / 8), value: valueOf(bytes, cursor, tag % 8) });
  }
  return fields;
}

function valueOf(bytes: Uint8Array, cursor: { at: number }, wireType: number): number | Uint8Array {
  if (wireType === 0) return varint(bytes, cursor);
  const size = wireType === 2 ? varint(bytes, cursor) : wireType === 5 ? 4 : wireType === 1 ? 8 : Number.NaN;
  const end = cursor.at + size;
  if (!(end <= bytes.length)) throw new RangeError("a field ends after its message");
  const value = bytes.subarray(cursor.at, end);
  cursor.at = end;
  return value;
}

/** Above 2^53 inexact, which no field that is used here is; -1 and its like are such, and equal nothing that is expected. */
function varint(bytes: Uint8Array, cursor: { at: number }): number {
  let value = 0;
  for (let power = 0; power < 10; power += 1) {
    const byte = bytes[cursor.at];
    if (byte === undefined) throw new RangeError("a number ends after its message");
    cursor.at += 1;
    value += (byte & 0x7f) * 2 ** (7 * power);
    if (byte < 0x80) return value;
  }
  throw new RangeError("a number has more than ten bytes");
}

function bytesOf({ value }: Field): Uint8Array {
  if (typeof value === "number") throw new RangeError("a number stands where bytes are expected");
  return value;
}

const textOf = (field: Field): string => new TextDecoder().decode(bytesOf(field));

function readNode(bytes: Uint8Array): OnnxNode {
  const fields = fieldsOf(bytes);
  const texts = (number: number): readonly string[] => fields.filter((field) => field.number === number).map(textOf);
  const attributes = fields.filter(({ number }) => number === 5).map((field) => readAttribute(bytesOf(field)));
  return {
    inputs: texts(1),
    outputs: texts(2),
    operator: texts(4)[0] ?? "",
    domain: texts(7)[0] ?? "",
    attributes: new Map(attributes),
  };
}

/** AttributeProto: name 1, f 2, i 3, s 4, floats 7, ints 8, strings 9, type 20. */
function readAttribute(bytes: Uint8Array): readonly [string, OnnxAttribute] {
  const fields = fieldsOf(bytes);
  const of = (number: number): readonly Field[] => fields.filter((field) => field.number === number);
  const name = of(1).map(textOf)[0] ?? "";
  const one = (number: number): Field => of(number)[0] ?? { number, value: 0 };
  switch (one(20).value) {
    case 1:
      return [name, { kind: "float", value: floatsOf([one(2)])[0] ?? 0 }];
    case 2:
      return [name, { kind: "int", value: integersOf([one(3)])[0] ?? 0 }];
    case 3:
      return [name, { kind: "text", value: of(4).map(textOf)[0] ?? "" }];
    case 6:
      return [name, { kind: "floats", value: floatsOf(of(7)) }];
    case 7:
      return [name, { kind: "ints", value: integersOf(of(8)) }];
    case 8:
      return [name, { kind: "texts", value: of(9).map(textOf) }];
    default:
      return [name, { kind: "other" }];
  }
}

/** Packed or one by one: a reader has to take both. */
function integersOf(fields: readonly Field[]): readonly number[] {
  return fields.flatMap(({ value }) => {
    if (typeof value === "number") return [value];
    const numbers: number[] = [];
    for (const cursor = { at: 0 }; cursor.at < value.length; ) numbers.push(varint(value, cursor));
    return numbers;
  });
}

function floatsOf(fields: readonly Field[]): Float32Array {
  const numbers = fields.flatMap(({ value }) => {
    if (typeof value === "number") return [value];
    const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
    return Array.from({ length: value.length / 4 }, (_, index) => view.getFloat32(index * 4, true));
  });
  return Float32Array.from(numbers);
}

/** TensorProto: dims 1, data_type 2 (int64 = 7), int64_data 7, name 8, raw_data 9. */
function readIntegers(bytes: Uint8Array): readonly [string, readonly number[]] | null {
  const fields = fieldsOf(bytes);
  const of = (number: number): readonly Field[] => fields.filter((field) => field.number === number);
  if (of(2)[0]?.value !== 7) return null;
  const raw = of(9).map(bytesOf)[0];
  const name = of(8).map(textOf)[0] ?? "";
  if (raw === undefined) return [name, integersOf(of(7))];
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  return [name, Array.from({ length: raw.length / 8 }, (_, index) => Number(view.getBigInt64(index * 8, true)))];
}
