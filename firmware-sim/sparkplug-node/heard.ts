import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";

/** What a host says in STATE (Sparkplug 3.0 section 5.13); null = something else. */
export function parseState(payload: Uint8Array): { readonly online: boolean; readonly timestamp: number } | null {
  try {
    const state = JSON.parse(Buffer.from(payload).toString()) as { online?: unknown; timestamp?: unknown } | null;
    if (typeof state?.online !== "boolean" || typeof state.timestamp !== "number") return null;
    return { online: state.online, timestamp: state.timestamp };
  } catch {
    // Any client may write to the topic.
    return null;
  }
}

/** Whether an NCMD has the metric "Node Control/Rebirth" with the value true. */
export function asksForRebirth(payload: Uint8Array): boolean {
  try {
    return fieldsOf(payload).some(({ field, bytes }) => field === 2 && bytes !== null && isRebirth(fieldsOf(bytes)));
  } catch {
    return false;
  }
}

type Field = { readonly field: number; readonly bytes: Uint8Array | null; readonly isTrue: boolean };

const isRebirth = (fields: readonly Field[]): boolean =>
  fields.some(
    ({ field, bytes }) => field === 1 && bytes !== null && Buffer.from(bytes).toString() === "Node Control/Rebirth",
  ) && fields.some(({ field, isTrue }) => field === 14 && isTrue);

function fieldsOf(message: Uint8Array): readonly Field[] {
  const reader = new BinaryReader(message);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const [field, type] = reader.tag();
    if (type === WireType.LengthDelimited) fields.push({ field, bytes: reader.bytes(), isTrue: false });
    else if (type === WireType.Varint) fields.push({ field, bytes: null, isTrue: reader.bool() });
    else reader.skip(type, field);
  }
  return fields;
}
