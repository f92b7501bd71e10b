import type Database from "better-sqlite3";
import { type Executed, genesis, type StoredBundle, type Tables } from "../execution/index.ts";
import { unpackStatements } from "../bundle/index.ts";
import { bundleKey, nodeKey } from "./schema.ts";

export type BundleRow = {
  readonly lane: number;
  readonly number: number;
  readonly hash: string;
  readonly first: number;
  readonly count: number;
  readonly cose: Uint8Array;
  readonly statements: Uint8Array;
};

export function bundleOf(row: BundleRow): StoredBundle {
  const { lane, number, hash, first, cose } = row;
  return { lane, number, hash, first, cose, statements: unpackStatements(row.statements) };
}

/** The port of ledger/execution over SQLite. The caller's transaction makes the writes durable. */
export function executionTables(database: Database.Database, lanes: number): Tables {
  const readExecuted = database.prepare("SELECT view, size, root, statements, tips FROM executed");
  const writeExecuted = database.prepare("INSERT OR REPLACE INTO executed VALUES (1, ?, ?, ?, ?, ?)");
  const readHash = database.prepare("SELECT hash FROM bundle WHERE key = ?").pluck();
  const readBundle = database.prepare("SELECT * FROM bundle WHERE key = ?");
  const readNode = database.prepare("SELECT hash FROM node WHERE key = ?").pluck();
  const writeNode = database.prepare("INSERT OR IGNORE INTO node VALUES (?, ?)");
  const readTwin = database.prepare("SELECT bytes FROM twin WHERE item = ?").pluck();
  const writeTwin = database.prepare(
    "INSERT INTO twin VALUES (?, ?) ON CONFLICT (item) DO UPDATE SET bytes = excluded.bytes",
  );
  const writeLeaf = database.prepare("INSERT INTO leaf VALUES (?, ?, ?)");
  return {
    executed: () => {
      const row = readExecuted.get() as (Omit<Executed, "tips"> & { readonly tips: string }) | undefined;
      return row === undefined ? genesis(lanes) : { ...row, tips: JSON.parse(row.tips) as number[] };
    },
    putExecuted: ({ view, size, root, statements, tips }) =>
      void writeExecuted.run(view, size, root, statements, JSON.stringify(tips)),
    hashOf: (lane, number) => (readHash.get(bundleKey(lane, number)) as string | undefined) ?? null,
    bundle: (lane, number) => {
      const row = readBundle.get(bundleKey(lane, number)) as BundleRow | undefined;
      if (row === undefined) throw new Error(`bundle ${number} of lane ${lane} is not held`);
      return bundleOf(row);
    },
    node: (level, index) => {
      const hash = readNode.get(nodeKey(level, index)) as Uint8Array | undefined;
      if (hash === undefined) throw new Error(`node ${index} of level ${level} of the log is missing`);
      return hash;
    },
    putNode: (level, index, hash) => void writeNode.run(nodeKey(level, index), hash),
    twin: (item) => (readTwin.get(item) as Uint8Array | undefined) ?? null,
    putTwin: (item, bytes) => void writeTwin.run(item, bytes),
    putLeaf: ({ lane, number, leaf, index }) => void writeLeaf.run(leaf, bundleKey(lane, number), index),
  };
}
