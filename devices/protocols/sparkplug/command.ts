import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { DATATYPE } from "./values.ts";

/** SP14: "Node Control/Rebirth" = true, the payload of an NCMD (Sparkplug 3.0 section 5.16). `atMs`: Unix ms. */
export function rebirthCommand(atMs: number): Uint8Array {
  const writer = new BinaryWriter();
  writer.tag(1, WireType.Varint).uint64(atMs);
  writer.tag(2, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string("Node Control/Rebirth");
  writer.tag(3, WireType.Varint).uint64(atMs);
  writer.tag(4, WireType.Varint).uint32(DATATYPE.boolean);
  writer.tag(14, WireType.Varint).bool(true);
  writer.join();
  return writer.finish();
}

/** SP15: the host's birth or will, JSON (section 5.13); birth and will of one connection carry one time. */
export const statePayload = (online: boolean, timestamp: number): string => JSON.stringify({ online, timestamp });
