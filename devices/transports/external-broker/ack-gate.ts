/**
 * E3: a client library acknowledges a message when its handler returns; ours acknowledges when it is durable, and many at once.
 * So the bytes that the library writes are walked (MQTT 3.1.1 and 5, section 2.1: type, remaining length of 1 to 4 bytes,
 * body) and each PUBACK is taken out of them, to be sent when its message may be acknowledged. Pure.
 */
export type Outgoing =
  | { readonly kind: "start" }
  /** The head of a packet, or all of a PUBACK, that is not whole yet. */
  | { readonly kind: "held"; readonly bytes: Uint8Array }
  | { readonly kind: "passing"; readonly remaining: number };

export type Walked = {
  readonly state: Outgoing;
  /** What leaves at once, in order. */
  readonly pass: readonly Uint8Array[];
  readonly acks: readonly Ack[];
};
export type Ack = { readonly messageId: number; readonly bytes: Uint8Array };

export const outgoingStart: Outgoing = { kind: "start" };

const PUBACK = 4;
const LONGEST_LENGTH_BYTES = 4;

export function walkOutgoing(state: Outgoing, chunk: Uint8Array): Walked {
  const pass: Uint8Array[] = [];
  const acks: Ack[] = [];
  let rest = state.kind === "held" ? Buffer.concat([state.bytes, chunk]) : chunk;
  let remaining = state.kind === "passing" ? state.remaining : 0;
  for (;;) {
    if (remaining > 0) {
      const size = Math.min(remaining, rest.length);
      if (size > 0) pass.push(rest.subarray(0, size));
      rest = rest.subarray(size);
      remaining -= size;
      if (remaining > 0) return { state: { kind: "passing", remaining }, pass, acks };
    }
    if (rest.length === 0) return { state: outgoingStart, pass, acks };
    const size = sizeOf(rest);
    if (size === null) return { state: { kind: "held", bytes: rest.slice() }, pass, acks };
    if ((rest[0] ?? 0) >> 4 !== PUBACK) remaining = size;
    else if (rest.length < size) return { state: { kind: "held", bytes: rest.slice() }, pass, acks };
    else {
      acks.push(ackOf(rest.slice(0, size)));
      rest = rest.subarray(size);
    }
  }
}

/** Bytes of the packet that begins here; null = its length is not whole yet. */
function sizeOf(bytes: Uint8Array): number | null {
  let value = 0;
  for (let index = 1; index <= LONGEST_LENGTH_BYTES; index += 1) {
    const byte = bytes[index];
    if (byte === undefined) return null;
    value += (byte & 0x7f) * 2 ** (7 * (index - 1));
    if ((byte & 0x80) === 0) return 1 + index + value;
  }
  throw new RangeError("the client library wrote a packet whose length has more than four bytes");
}

/** Sections 3.4.1 and 3.4.2: the length has one byte, the packet identifier two. */
const ackOf = (bytes: Uint8Array): Ack => ({ messageId: ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0), bytes });
