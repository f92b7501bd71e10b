import { sha256 } from "../crypto/index.ts";

const LEAF = 0x00;
const NODE = 0x01;
/** Inputs are put together here: hashing is synchronous, and allocating costs more than the hash itself. */
const leafInput = new Uint8Array(4096).fill(LEAF, 0, 1);
const nodeInput = new Uint8Array(65).fill(NODE, 0, 1);

/** M1: H(0x00 || entry), RFC 9162 section 2.1.1. 32 bytes. */
export function leafHash(entry: Uint8Array): Uint8Array {
  const input = entry.length < leafInput.length ? leafInput : new Uint8Array(entry.length + 1);
  input.set(entry, 1);
  return sha256(input.subarray(0, entry.length + 1));
}

/** M1: H(0x01 || left || right), both 32 bytes. The prefixes keep a leaf from passing as a node. */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  // Another length would leave bytes of an earlier node in the input.
  if (left.length !== 32 || right.length !== 32) throw new RangeError("A node joins two hashes of 32 bytes.");
  nodeInput.set(left, 1);
  nodeInput.set(right, 33);
  return sha256(nodeInput);
}
