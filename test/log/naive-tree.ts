import { createHash } from "node:crypto";

/** RFC 6962 section 2.1, word for word and slow: the oracle of the tree's tests. Shares no code with the log. */
export function naiveRoot(entries: readonly Uint8Array[]): Buffer {
  const [first] = entries;
  if (first === undefined) return hash();
  if (entries.length === 1) return hash(Uint8Array.of(0), first);
  const split = splitOf(entries.length);
  return hash(Uint8Array.of(1), naiveRoot(entries.slice(0, split)), naiveRoot(entries.slice(split)));
}

/** PATH(m, D[n]) */
export function naivePath(index: number, entries: readonly Uint8Array[]): Buffer[] {
  if (entries.length === 1) return [];
  const split = splitOf(entries.length);
  const left = entries.slice(0, split);
  const right = entries.slice(split);
  return index < split
    ? [...naivePath(index, left), naiveRoot(right)]
    : [...naivePath(index - split, right), naiveRoot(left)];
}

/** SUBPROOF(m, D[n], b) */
export function naiveConsistency(old: number, entries: readonly Uint8Array[], known = true): Buffer[] {
  if (old === entries.length) return known ? [] : [naiveRoot(entries)];
  const split = splitOf(entries.length);
  const left = entries.slice(0, split);
  const right = entries.slice(split);
  return old <= split
    ? [...naiveConsistency(old, left, known), naiveRoot(right)]
    : [...naiveConsistency(old - split, right, false), naiveRoot(left)];
}

function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

function hash(...parts: Uint8Array[]): Buffer {
  const digest = createHash("sha256");
  for (const part of parts) digest.update(part);
  return digest.digest();
}
