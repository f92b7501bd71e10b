import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";

/** Sparkplug 3.0 section 6.4.16, those that the simulated node uses and those that tests send. */
export const TYPE = {
  Int8: 1,
  Int16: 2,
  Int32: 3,
  Int64: 4,
  UInt8: 5,
  UInt16: 6,
  UInt32: 7,
  UInt64: 8,
  Float: 9,
  Double: 10,
  Boolean: 11,
  String: 12,
  DateTime: 13,
  Text: 14,
} as const;
export type TypeName = keyof typeof TYPE;

/** A metric as an edge node publishes it. `value` null: it has none now (`is_null`); absent: nothing is said of it. */
export type NodeMetric = {
  readonly name?: string;
  readonly alias?: number;
  readonly timestamp?: number;
  readonly type: TypeName;
  /** Data messages may leave the type to the birth. */
  readonly withType?: boolean;
  readonly historical?: boolean;
  /** 192 good, 0 bad, 500 stale. */
  readonly quality?: number;
  readonly value?: number | bigint | string | boolean | null;
};

export type NodePayload = {
  readonly timestamp?: number;
  readonly seq?: number;
  readonly metrics: readonly NodeMetric[];
};

/** Bytes of a payload: field numbers of `sparkplug_b.proto`, in ascending order. */
export function encodePayload({ timestamp, seq, metrics }: NodePayload): Uint8Array {
  const writer = new BinaryWriter();
  if (timestamp !== undefined) writer.tag(1, WireType.Varint).uint64(timestamp);
  for (const metric of metrics) {
    writer.tag(2, WireType.LengthDelimited).fork();
    writeMetric(writer, metric);
    writer.join();
  }
  if (seq !== undefined) writer.tag(3, WireType.Varint).uint64(seq);
  return writer.finish();
}

function writeMetric(writer: BinaryWriter, metric: NodeMetric): void {
  const { name, alias, timestamp, type, withType = true, historical = false, quality, value } = metric;
  if (name !== undefined) writer.tag(1, WireType.LengthDelimited).string(name);
  if (alias !== undefined) writer.tag(2, WireType.Varint).uint64(alias);
  if (timestamp !== undefined) writer.tag(3, WireType.Varint).uint64(timestamp);
  if (withType) writer.tag(4, WireType.Varint).uint32(TYPE[type]);
  if (historical) writer.tag(5, WireType.Varint).bool(true);
  if (value === null) writer.tag(7, WireType.Varint).bool(true);
  if (quality !== undefined) writeQuality(writer, quality);
  if (value !== undefined && value !== null) writeValue(writer, type, value);
}

/** PropertySet {keys, values}, PropertyValue {type, int_value}. */
function writeQuality(writer: BinaryWriter, quality: number): void {
  writer.tag(9, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string("Quality");
  writer.tag(2, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.Varint).uint32(TYPE.Int32);
  writer.tag(3, WireType.Varint).uint32(quality);
  writer.join();
  writer.join();
}

function writeValue(writer: BinaryWriter, type: TypeName, value: number | bigint | string | boolean): void {
  switch (type) {
    case "Int8":
    case "Int16":
    case "Int32":
    case "UInt8":
    case "UInt16":
    case "UInt32":
      // Negative numbers travel in two's complement of 32 bits.
      writer.tag(10, WireType.Varint).uint32(Number(BigInt.asUintN(32, BigInt(value))));
      return;
    case "Int64":
    case "UInt64":
    case "DateTime":
      writer.tag(11, WireType.Varint).uint64(BigInt.asUintN(64, BigInt(value)).toString());
      return;
    case "Float":
      writer.tag(12, WireType.Bit32).float(Number(value));
      return;
    case "Double":
      writer.tag(13, WireType.Bit64).double(Number(value));
      return;
    case "Boolean":
      writer.tag(14, WireType.Varint).bool(value === true);
      return;
    case "String":
    case "Text":
      writer.tag(15, WireType.LengthDelimited).string(String(value));
  }
}
