import test from "ava";
import { toHex } from "../../ledger/crypto/index.ts";
import {
  appendLeaf,
  consistencyProof,
  emptyFrontier,
  type Frontier,
  inclusionProof,
  leafHash,
  nodeHash,
  type ReadNode,
  rootFromPath,
  rootOf,
  treeRoot,
  verifyConsistency,
  verifyInclusion,
} from "../../ledger/log/index.ts";
import { naiveConsistency, naivePath, naiveRoot } from "./naive-tree.ts";

const SIZES = 300;

type Grown = {
  readonly readNode: ReadNode;
  readonly roots: readonly Uint8Array[];
  readonly stored: ReadonlyMap<string, Uint8Array>;
};

/** Grows a log entry by entry as a gateway does, keeping only what `appendLeaf` says to store. */
function grow(entries: readonly Uint8Array[]): Grown {
  const stored = new Map<string, Uint8Array>();
  const roots = [rootOf(emptyFrontier)];
  let frontier: Frontier = emptyFrontier;
  for (const entry of entries) {
    const appended = appendLeaf(frontier, leafHash(entry));
    for (const { level, index, hash } of appended.completed) {
      if (stored.has(`${level}/${index}`)) throw new Error(`node ${level}/${index} was completed twice`);
      stored.set(`${level}/${index}`, hash);
    }
    frontier = appended.frontier;
    roots.push(rootOf(frontier));
  }
  const readNode: ReadNode = (level, index) => {
    const node = stored.get(`${level}/${index}`);
    if (node === undefined) throw new Error(`node ${level}/${index} is not complete`);
    return node;
  };
  return { readNode, roots, stored };
}

const entries = Array.from({ length: SIZES }, (_, index) => Uint8Array.from(Buffer.from(`entry ${index}`)));
const { readNode, roots, stored } = grow(entries);
const rootAt = (size: number): Uint8Array => roots[size] as Uint8Array;

/** The eight leaves of the Certificate Transparency test suite, and its roots of sizes 0 to 8. */
const CT_LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const CT_ROOTS = [
  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
] as const;

test("M1: the roots of the Certificate Transparency test suite", (t) => {
  const leaves = CT_LEAVES.map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));
  for (const [size, expected] of CT_ROOTS.entries()) {
    t.is(toHex(treeRoot(leaves.slice(0, size).map(leafHash))), expected);
    t.is(toHex(grow(leaves.slice(0, size)).roots.at(-1) as Uint8Array), expected);
  }
});

test("M2: the frontier and the row-by-row root equal the naive tree at every size to 300", (t) => {
  for (let size = 0; size <= SIZES; size += 1) {
    const expected = naiveRoot(entries.slice(0, size)).toString("hex");
    t.is(toHex(rootAt(size)), expected);
    t.is(toHex(treeRoot(entries.slice(0, size).map(leafHash))), expected);
  }
});

test("M2: the completed nodes are exactly the complete subtrees, each once", (t) => {
  let expected = 0;
  for (let width = 1; width <= SIZES; width *= 2) {
    for (let index = 0; (index + 1) * width <= SIZES; index += 1) {
      const node = stored.get(`${Math.log2(width)}/${index}`);
      t.is(toHex(node as Uint8Array), naiveRoot(entries.slice(index * width, (index + 1) * width)).toString("hex"));
      expected += 1;
    }
  }
  t.is(stored.size, expected);
});

test("M2: appending changes no earlier frontier", (t) => {
  const before = appendLeaf(emptyFrontier, leafHash(Uint8Array.of(1))).frontier;
  const root = toHex(rootOf(before));
  appendLeaf(before, leafHash(Uint8Array.of(2)));
  t.is(toHex(rootOf(before)), root);
  t.is(before.size, 1);
});

test("M3: the inclusion proof of every leaf in every tree to 64 leaves is the naive one and verifies", (t) => {
  for (let size = 1; size <= 64; size += 1) {
    for (let index = 0; index < size; index += 1) {
      const path = inclusionProof(readNode, size, index);
      t.deepEqual(path.map(toHex), naivePath(index, entries.slice(0, size)).map(toHex));
      t.true(verifyInclusion(leafHash(entries[index] as Uint8Array), size, index, path, rootAt(size)));
    }
  }
});

test("M3: in every tree to 300 leaves the proofs at the edges and in the middle verify", (t) => {
  for (let size = 1; size <= SIZES; size += 1) {
    for (const index of new Set([0, size >> 1, size - 1, (size * 7919) % size, (size * 31 + 5) % size])) {
      const path = inclusionProof(readNode, size, index);
      t.true(verifyInclusion(leafHash(entries[index] as Uint8Array), size, index, path, rootAt(size)));
    }
  }
});

test("M3: an inclusion proof holds for no other index, size, leaf, root or path", (t) => {
  for (const size of [1, 2, 3, 5, 8, 13, 33]) {
    for (let index = 0; index < size; index += 1) {
      const leaf = leafHash(entries[index] as Uint8Array);
      const path = inclusionProof(readNode, size, index);
      const root = rootAt(size);
      for (let other = -1; other <= size + 1; other += 1) {
        if (other !== index)
          t.false(verifyInclusion(leaf, size, other, path, root), `index ${other} for ${index} of ${size}`);
      }
      t.false(verifyInclusion(leafHash(Uint8Array.of(9)), size, index, path, root));
      t.false(verifyInclusion(leaf, size, index, path, rootAt(size - 1)));
      t.false(verifyInclusion(leaf, size, index, [...path, leaf], root));
      t.false(verifyInclusion(leaf, size, index, path.slice(0, -1), root) && path.length > 0);
      for (const [at, hash] of path.entries()) {
        t.false(verifyInclusion(leaf, size, index, path.with(at, hash.slice(0, 31)), root));
        t.false(verifyInclusion(leaf, size, index, path.with(at, leaf), root));
      }
    }
  }
  t.is(rootFromPath(new Uint8Array(31), 1, 0, []), null);
  t.is(rootFromPath(leafHash(Uint8Array.of(1)), 0, 0, []), null);
  t.is(rootFromPath(leafHash(Uint8Array.of(1)), 1.5, 0, []), null);
  t.is(rootFromPath(leafHash(Uint8Array.of(1)), 2, Number.NaN, []), null);
});

test("M4: consistency proofs between all trees to 48 leaves are the naive ones and verify", (t) => {
  for (let to = 1; to <= 48; to += 1) {
    for (let from = 1; from <= to; from += 1) {
      const path = consistencyProof(readNode, from, to);
      t.deepEqual(path.map(toHex), naiveConsistency(from, entries.slice(0, to)).map(toHex));
      t.true(verifyConsistency(from, to, rootAt(from), rootAt(to), path), `${from} to ${to}`);
    }
  }
});

test("M4: every tree to 300 leaves is consistent with the full one, and with nothing else", (t) => {
  for (let from = 1; from < SIZES; from += 1) {
    const path = consistencyProof(readNode, from, SIZES);
    t.true(verifyConsistency(from, SIZES, rootAt(from), rootAt(SIZES), path));
    t.false(verifyConsistency(from, SIZES, rootAt(from - 1), rootAt(SIZES), path));
    t.false(verifyConsistency(from, SIZES, rootAt(from), rootAt(SIZES - 1), path));
    t.false(verifyConsistency(from, SIZES, rootAt(from), rootAt(SIZES), path.slice(1)));
    t.false(verifyConsistency(from, SIZES, rootAt(from), rootAt(SIZES), [...path, rootAt(1)]));
    t.false(verifyConsistency(from + 1, SIZES, rootAt(from), rootAt(SIZES), path));
  }
});

test("M4: nothing is consistent with every tree, and a tree with itself, by the empty proof only", (t) => {
  t.deepEqual(consistencyProof(readNode, 0, 7), []);
  t.deepEqual(consistencyProof(readNode, 7, 7), []);
  t.true(verifyConsistency(0, 7, rootAt(0), rootAt(7), []));
  t.true(verifyConsistency(7, 7, rootAt(7), rootAt(7), []));
  t.false(verifyConsistency(7, 7, rootAt(7), rootAt(6), []));
  t.false(verifyConsistency(0, 7, rootAt(0), rootAt(7), [rootAt(1)]));
  t.false(verifyConsistency(8, 7, rootAt(8), rootAt(7), []));
  t.false(verifyConsistency(4, 7, rootAt(4), rootAt(7), []));
});

test("M3, M4: a proof that cannot exist is a bug of the caller", (t) => {
  t.throws(() => inclusionProof(readNode, 3, 3), { instanceOf: RangeError });
  t.throws(() => inclusionProof(readNode, 3, -1), { instanceOf: RangeError });
  t.throws(() => consistencyProof(readNode, 4, 3), { instanceOf: RangeError });
  t.throws(() => inclusionProof(readNode, SIZES + 50, 0), { message: /not complete/ });
});

test("M2: sizes beyond 2^31 are counted, not wrapped", (t) => {
  const size = 2 ** 40;
  const peak = leafHash(Uint8Array.of(1));
  const leaf = leafHash(Uint8Array.of(2));
  const { frontier, completed } = appendLeaf({ size, peaks: [peak] }, leaf);
  t.is(frontier.size, size + 1);
  t.deepEqual(completed, [{ level: 0, index: size, hash: leaf }]);
  t.true(verifyInclusion(leaf, size + 1, size, [peak], rootOf(frontier)));
  const node: ReadNode = (level, index) => (level === 40 && index === 0 ? peak : leaf);
  t.deepEqual(inclusionProof(node, size + 1, size), [peak]);
});

test("M1: entries of every length around the hash's own buffer hash as specified, whatever was hashed before", (t) => {
  for (const length of [0, 1, 31, 64, 4094, 4095, 4096, 4097, 65_535, 3]) {
    const entry = new Uint8Array(length).fill(length % 251);
    t.is(toHex(leafHash(entry)), naiveRoot([entry]).toString("hex"));
  }
  t.throws(() => nodeHash(new Uint8Array(31), new Uint8Array(32)), { instanceOf: RangeError });
});

test("M4: roots of another length than 32 bytes verify nothing", (t) => {
  t.false(verifyConsistency(1, 2, new Uint8Array(31), rootAt(2), consistencyProof(readNode, 1, 2)));
  t.false(verifyConsistency(7, 7, new Uint8Array(0), new Uint8Array(0), []));
});
