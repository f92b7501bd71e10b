import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** What is wrong with a message, in words for whoever sent it. */
export class Fault extends Error {
  override readonly name = "Fault";
}

/** What a field can be taken as; each checks its wire type. */
export type Take = {
  readonly varint: () => bigint;
  readonly bytes: () => Uint8Array;
  readonly text: () => string;
  readonly single: () => number;
  readonly double: () => number;
  readonly skip: () => void;
};

/**
 * Walks the fields of one message of a protocol buffer; `each` must take the field or skip it. A field that may stand once and comes
 * again would have two meanings, and is refused like a group. Throws Fault, and what the codec throws on bytes that are no message.
 */
export function walk(
  bytes: Uint8Array,
  what: string,
  repeated: readonly number[],
  each: (field: number, take: Take) => void,
): void {
  const reader = new BinaryReader(bytes);
  const seen = new Set<number>();
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (seen.has(field) && !repeated.includes(field)) throw new Fault(`${what} has field ${field} twice`);
    seen.add(field);
    each(field, takeOf(reader, what, field, type));
  }
}

function takeOf(reader: BinaryReader, what: string, field: number, type: WireType): Take {
  const expect = (wanted: WireType): void => {
    if (type !== wanted) throw new Fault(`${what} has field ${field} with wire type ${type}`);
  };
  return {
    varint: () => {
      expect(WireType.Varint);
      // All of 64 bits: the reader of 32 would cut a larger number short.
      return BigInt(reader.uint64());
    },
    bytes: () => {
      expect(WireType.LengthDelimited);
      return reader.bytes();
    },
    text: () => {
      expect(WireType.LengthDelimited);
      return reader.string(true);
    },
    single: () => {
      expect(WireType.Bit32);
      return reader.float();
    },
    double: () => {
      expect(WireType.Bit64);
      return reader.double();
    },
    skip: () => {
      if (type === WireType.StartGroup || type === WireType.EndGroup)
        throw new Fault(`${what} has a group, which Sparkplug does not know`);
      reader.skip(type, field);
    },
  };
}
