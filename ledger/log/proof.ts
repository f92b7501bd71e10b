import { bytesEqual } from "../crypto/index.ts";
import { nodeHash } from "./hash.ts";

/** Reads the hash of a complete subtree (see `Node`). Throws when it does not have it: the store lost a part of the log. */
export type ReadNode = (level: number, index: number) => Uint8Array;

/** M3: the inclusion proof of leaf `index` in the tree of the first `size` leaves (RFC 9162 section 2.1.3.1), lowest sibling first. */
export function inclusionProof(readNode: ReadNode, size: number, index: number): Uint8Array[] {
  if (!isCount(size) || !isCount(index) || index >= size)
    throw new RangeError(`There is no leaf ${index} in a tree of ${size}.`);
  return pathTo(readNode, 0, size, index);
}

/** M4: the consistency proof from the tree of `from` leaves to that of `to` (RFC 9162 section 2.1.4.1). Empty for from = to and from = 0. */
export function consistencyProof(readNode: ReadNode, from: number, to: number): Uint8Array[] {
  if (!isCount(from) || !isCount(to) || from > to)
    throw new RangeError(`A tree of ${from} leaves does not grow to ${to}.`);
  if (from === 0 || from === to) return [];
  return subProof(readNode, 0, to, from, true);
}

/** M3: true when `path` leads from `leaf` at `index` to the root of the tree of `size`: the root it gives, or null when its length is wrong. */
export function rootFromPath(
  leaf: Uint8Array,
  size: number,
  index: number,
  path: readonly Uint8Array[],
): Uint8Array | null {
  if (!isCount(size) || !isCount(index) || index >= size || leaf.length !== 32) return null;
  let node = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of path) {
    if (sibling.length !== 32 || last === 0) return null;
    if (node % 2 === 1 || node === last) {
      hash = nodeHash(sibling, hash);
      // A node at the right edge rises without sibling until it is a right child.
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? hash : null;
}

/** M3: true when `path` proves `leaf` at `index` of the tree of `size` with `root` (RFC 9162 section 2.1.3.2). Never throws. */
export function verifyInclusion(
  leaf: Uint8Array,
  size: number,
  index: number,
  path: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  const computed = rootFromPath(leaf, size, index, path);
  return computed !== null && bytesEqual(computed, root);
}

/** M4: true when `path` proves that the tree of `to` with `toRoot` extends that of `from` with `fromRoot` (RFC 9162 section 2.1.4.2). Never throws. */
export function verifyConsistency(
  from: number,
  to: number,
  fromRoot: Uint8Array,
  toRoot: Uint8Array,
  path: readonly Uint8Array[],
): boolean {
  if (!isCount(from) || !isCount(to) || from > to) return false;
  if ([fromRoot, toRoot, ...path].some((hash) => hash.length !== 32)) return false;
  if (from === to) return path.length === 0 && bytesEqual(fromRoot, toRoot);
  if (from === 0) return path.length === 0;
  let node = from - 1;
  let last = to - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  // When the old tree is complete, its root is the starting point and is left out of the proof.
  const start = node === 0 ? fromRoot : path[0];
  if (start === undefined) return false;
  let before = start;
  let after = start;
  for (const sibling of node === 0 ? path : path.slice(1)) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      before = nodeHash(sibling, before);
      after = nodeHash(sibling, after);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      after = nodeHash(after, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && bytesEqual(before, fromRoot) && bytesEqual(after, toRoot);
}

/** The path to leaf `index` within the leaves [start, end); `start` is a multiple of every subtree size used below. */
function pathTo(readNode: ReadNode, start: number, end: number, index: number): Uint8Array[] {
  if (end - start === 1) return [];
  const middle = start + splitOf(end - start);
  return index < middle
    ? [...pathTo(readNode, start, middle, index), rangeRoot(readNode, middle, end)]
    : [...pathTo(readNode, middle, end, index), rangeRoot(readNode, start, middle)];
}

/** RFC 9162 section 2.1.4.1, SUBPROOF: `known` says that the verifier has the root of [start, old). */
function subProof(readNode: ReadNode, start: number, end: number, old: number, known: boolean): Uint8Array[] {
  if (old === end) return known ? [] : [rangeRoot(readNode, start, end)];
  const middle = start + splitOf(end - start);
  return old <= middle
    ? [...subProof(readNode, start, middle, old, known), rangeRoot(readNode, middle, end)]
    : [...subProof(readNode, middle, end, old, false), rangeRoot(readNode, start, middle)];
}

/** The root of the leaves [start, end), from complete subtrees. */
function rangeRoot(readNode: ReadNode, start: number, end: number): Uint8Array {
  const count = end - start;
  const level = Math.log2(count);
  if (Number.isInteger(level)) return readNode(level, start / count);
  const middle = start + splitOf(count);
  return nodeHash(rangeRoot(readNode, start, middle), rangeRoot(readNode, middle, end));
}

/** The largest power of two below `count`. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 0;
