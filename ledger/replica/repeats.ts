/** A14: all collectors broadcast the same certificates. Whoever has one tells another by its first bytes and need not read on. */

/** Certificates of so many votes are remembered. */
const KEPT = 16;
/** The bytes of "certificate", [ behind those of the epoch: what follows is kind, view and hash of the vote, and then its signatures. */
const NAME_BYTES = 13;

export type Repeats = {
  /** A certificate message that is held now. */
  readonly add: (message: Uint8Array) => void;
  /** Whether this is one of them, with whatever signatures. */
  readonly has: (message: Uint8Array) => boolean;
};

export function makeRepeats(): Repeats {
  const heads: Uint8Array[] = [];
  return {
    add: (message) => {
      heads.push(message.subarray(0, headLength(message)));
      if (heads.length > KEPT) heads.shift();
    },
    has: (message) => heads.some((head) => Buffer.compare(message.subarray(0, head.length), head) === 0),
  };
}

/** The message is one that this program wrote, in deterministic CBOR: texts below 24 bytes, naturals, a byte string of 32 or nil. */
function headLength(message: Uint8Array): number {
  const voteAt = behindNumber(message, 1) + NAME_BYTES;
  const hashAt = behindNumber(message, voteAt + 1 + ((message[voteAt] ?? 0) & 0x1f));
  return hashAt + (message[hashAt] === 0x58 ? 34 : 1);
}

function behindNumber(message: Uint8Array, at: number): number {
  const width = (message[at] ?? 0) & 0x1f;
  return at + 1 + (width < 24 ? 0 : 2 ** (width - 24));
}
