/** A fast 64-bit hash in two lanes of 32 bits. It stands for SHA-256 where nobody attacks: traces, and the simulator's seals. */

const PRIME_A = 0x01000193;
const PRIME_B = 0x85ebca6b;

export type Digest = {
  readonly number: (value: number) => void;
  readonly bytes: (value: Uint8Array) => void;
  readonly text: (value: string) => void;
  /** 16 hex digits of all so far. */
  readonly hex: () => string;
};

export function digest(): Digest {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  const mix = (word: number) => {
    a = Math.imul(a ^ word, PRIME_A);
    b = Math.imul(b ^ word, PRIME_B);
    b ^= b >>> 13;
    a ^= a >>> 15;
  };
  return {
    number: (value) => {
      mix(value | 0);
      mix((value / 2 ** 32) | 0);
      // A time has a fraction, of 2^-10 ms.
      mix(((value % 1) * 1024) | 0);
    },
    bytes: (value) => {
      for (let at = 0; at < value.length; at += 1) mix(value[at] as number);
      mix(value.length);
    },
    text: (value) => {
      for (let at = 0; at < value.length; at += 1) mix(value.charCodeAt(at));
      mix(value.length);
    },
    hex: () => `${hexOf(a)}${hexOf(b)}`,
  };
}

/** What a simulated key makes of a message: 32 bytes that nobody makes without the secret, and the signer's nonce of 32 bytes. */
export function sealOf(secret: string, message: Uint8Array, nonce: Uint8Array): Uint8Array {
  let a = 0x811c9dc5;
  let b = 0x9747b28c;
  for (let at = 0; at < secret.length; at += 1) {
    a = Math.imul(a ^ secret.charCodeAt(at), PRIME_A);
    b = Math.imul(b ^ a, PRIME_B);
  }
  for (const part of [nonce, message]) {
    for (let at = 0; at < part.length; at += 1) {
      const byte = part[at] as number;
      a = Math.imul(a ^ byte, PRIME_A);
      b = Math.imul(b ^ byte, PRIME_B);
      b ^= b >>> 13;
      a ^= a >>> 15;
    }
  }
  const seal = new Uint8Array(64);
  const words = new DataView(seal.buffer);
  for (let at = 0; at < 32; at += 8) {
    words.setUint32(at, a);
    words.setUint32(at + 4, b);
  }
  seal.set(nonce.subarray(0, 32), 32);
  return seal;
}

function hexOf(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
