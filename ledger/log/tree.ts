import { sha256 } from "../crypto/index.ts";
import { nodeHash } from "./hash.ts";

/** A complete subtree: the 2^level leaves from index x 2^level on. */
export type Node = { readonly level: number; readonly index: number; readonly hash: Uint8Array };

/**
 * M2: all that appending needs: the roots of the complete subtrees that the leaves fall into, largest first
 * (one for each bit set in `size`).
 */
export type Frontier = { readonly size: number; readonly peaks: readonly Uint8Array[] };

export const emptyFrontier: Frontier = { size: 0, peaks: [] };

/** M1: the root of the empty tree is the hash of nothing. */
const EMPTY_ROOT = sha256(new Uint8Array());

/** M2: appends one leaf hash. `completed` are the nodes that will never change again, to be stored; the leaf is the first. */
export function appendLeaf(
  frontier: Frontier,
  leaf: Uint8Array,
): { readonly frontier: Frontier; readonly completed: readonly Node[] } {
  const peaks = [...frontier.peaks];
  let node: Node = { level: 0, index: frontier.size, hash: leaf };
  const completed = [node];
  // An odd index is a right child: its left sibling is the last peak.
  while (node.index % 2 === 1) {
    const left = peaks.pop();
    if (left === undefined) throw new Error(`A frontier of size ${frontier.size} lacks a peak.`);
    node = { level: node.level + 1, index: (node.index - 1) / 2, hash: nodeHash(left, node.hash) };
    completed.push(node);
  }
  peaks.push(node.hash);
  return { frontier: { size: frontier.size + 1, peaks }, completed };
}

/** M1: the root of the tree behind a frontier: peaks joined from the right. */
export function rootOf(frontier: Frontier): Uint8Array {
  const last = frontier.peaks.at(-1);
  if (last === undefined) return EMPTY_ROOT;
  return frontier.peaks.slice(0, -1).reduceRight((right, left) => nodeHash(left, right), last);
}

/** M1: the root over `leafHashes` in order (RFC 9162 section 2.1.1). */
export function treeRoot(leafHashes: readonly Uint8Array[]): Uint8Array {
  if (leafHashes.length === 0) return EMPTY_ROOT;
  let row = leafHashes;
  // Level by level; a last node without a sibling rises unchanged, which gives the same tree as the recursive definition.
  while (row.length > 1) {
    const above: Uint8Array[] = [];
    for (let index = 0; index < row.length; index += 2) {
      const left = row[index];
      const right = row[index + 1];
      if (left !== undefined) above.push(right === undefined ? left : nodeHash(left, right));
    }
    row = above;
  }
  return row[0] ?? EMPTY_ROOT;
}
