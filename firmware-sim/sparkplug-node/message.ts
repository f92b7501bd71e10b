import type { Said } from "./node-core.ts";

/** A message as one run of bytes, so that faults of lines can happen to it: the length of its topic, the topic, the payload. */
export function messageOf({ topic, payload }: Said): Uint8Array {
  const name = Buffer.from(topic);
  return Buffer.concat([Uint8Array.of(name.length >> 8, name.length & 0xff), name, payload]);
}

/** What a fault left of a message. Bytes that begin with no topic of Sparkplug are a payload of `topic`. */
export function saidIn(bytes: Uint8Array, topic: string): Said {
  const length = ((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0);
  const name = Buffer.from(bytes.subarray(2, 2 + length)).toString("latin1");
  return name.startsWith("spBv1.0/") && name.length === length
    ? { topic: name, payload: bytes.subarray(2 + length) }
    : { topic, payload: bytes };
}

export const keyOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
