/** A stream of numbers that is the same for the same seed on every machine; for fuzzing only. */
export type Dice = { readonly below: (bound: number) => number };

export function dice(seed: number): Dice {
  let state = (seed * 0x9e3779b9 + 1) >>> 0 || 1;
  return {
    below: (bound) => {
      // xorshift32 (Marsaglia 2003).
      state ^= state << 13;
      state >>>= 0;
      state ^= state >>> 17;
      state ^= state << 5;
      state >>>= 0;
      return state % bound;
    },
  };
}

/** Bytes that mean something to one grammar or another. */
const TELLING = [
  0x00, 0x02, 0x03, 0x0a, 0x0d, 0x20, 0x2b, 0x2d, 0x2e, 0x30, 0x39, 0x3b, 0x3f, 0x5b, 0x7b, 0x7f, 0x80, 0x8d, 0xff,
];
const MOST_CHANGES = 4;
const LONGEST_BYTES = 700;

/** A few changes to one of the `seeds`, so that some inputs are nearly right: those find what pure chance does not. */
export function mutated(seeds: readonly Uint8Array[], { below }: Dice): Uint8Array {
  // A copy, also of a Buffer, whose slice is none.
  let bytes: Uint8Array = Uint8Array.from(seeds[below(seeds.length)] ?? []);
  const changes = below(MOST_CHANGES + 1);
  for (let change = 0; change < changes; change++) bytes = changed(bytes, seeds, { below });
  return bytes.subarray(0, LONGEST_BYTES);
}

function changed(bytes: Uint8Array, seeds: readonly Uint8Array[], dice: Dice): Uint8Array {
  const { below } = dice;
  const at = below(bytes.length + 1);
  switch (below(9)) {
    case 0:
      return replaced(bytes, at, (bytes[at] ?? 0) ^ (1 << below(8)));
    case 1:
      return replaced(bytes, at, below(256));
    case 2:
      return replaced(bytes, at, TELLING[below(TELLING.length)] ?? 0);
    case 3:
      return joined(bytes.subarray(0, at), Uint8Array.of(TELLING[below(TELLING.length)] ?? 0), bytes.subarray(at));
    case 4:
      return joined(bytes.subarray(0, at), bytes.subarray(at + 1 + below(4)));
    case 5: {
      const end = at + below(bytes.length - at + 1);
      return joined(bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end));
    }
    case 6:
      return bytes.subarray(0, at);
    case 7: {
      const other = seeds[below(seeds.length)] ?? bytes;
      return joined(bytes.subarray(0, at), other.subarray(below(other.length + 1)));
    }
    default:
      return joined(
        bytes.subarray(0, at),
        Uint8Array.from({ length: below(24) }, () => below(256)),
        bytes.subarray(at),
      );
  }
}

function replaced(bytes: Uint8Array, at: number, value: number): Uint8Array {
  if (at < bytes.length) bytes[at] = value;
  return bytes;
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
