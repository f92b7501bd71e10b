/**
 * Walks the packets of an MQTT byte stream (MQTT 3.1.1 section 2.2: type byte, remaining length of 1 to 4 bytes, body)
 * and finds a packet that announces too much, before anybody buffers it (B5).
 */
export type PacketBound =
  | { readonly kind: "type" }
  | { readonly kind: "length"; readonly value: number; readonly shift: number }
  | { readonly kind: "body"; readonly remaining: number }
  | { readonly kind: "exceeded" };

export const packetStart: PacketBound = { kind: "type" };

const LONGEST_LENGTH_SHIFT = 21;

export function walkPackets(bound: PacketBound, chunk: Uint8Array, maxBytes: number): PacketBound {
  let state = bound;
  let index = 0;
  while (index < chunk.length && state.kind !== "exceeded") {
    if (state.kind === "body") {
      const step = Math.min(state.remaining, chunk.length - index);
      index += step;
      state = step === state.remaining ? packetStart : { kind: "body", remaining: state.remaining - step };
      continue;
    }
    const byte = chunk[index] ?? 0;
    index += 1;
    state = state.kind === "type" ? { kind: "length", value: 0, shift: 0 } : onLength(state, byte, maxBytes);
  }
  return state;
}

function onLength(
  state: { readonly value: number; readonly shift: number },
  byte: number,
  maxBytes: number,
): PacketBound {
  const value = state.value + (byte & 0x7f) * 2 ** state.shift;
  const more = (byte & 0x80) !== 0;
  if (value > maxBytes || (more && state.shift === LONGEST_LENGTH_SHIFT)) return { kind: "exceeded" };
  if (more) return { kind: "length", value, shift: state.shift + 7 };
  return value === 0 ? packetStart : { kind: "body", remaining: value };
}
