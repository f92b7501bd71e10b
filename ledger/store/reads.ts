import type Database from "better-sqlite3";
import type { Tables } from "../execution/index.ts";
import { consistencyProof, inclusionProof } from "../log/index.ts";
import { type BundleRow, bundleOf } from "./execution-tables.ts";
import { packBundles, unpackStatements } from "../bundle/index.ts";
import type { Executed, FinalStatement, ReceiptAnswer, Store, StoredBundle, Write } from "./port.ts";
import { bundleKey } from "./schema.ts";

/** The reading half of the store, answering at once. */
export type Reads = {
  readonly executed: () => Executed;
} & { readonly [K in ReadName]: (...args: Parameters<Store[K]>) => Awaited<ReturnType<Store[K]>> };

type ReadName =
  | "bundles"
  | "history"
  | "countsAt"
  | "finalizedAfter"
  | "unsealed"
  | "statementsAfter"
  | "statement"
  | "receipt"
  | "twin"
  | "accepted"
  | "memo"
  | "refusals"
  | "evidence"
  | "consistency";

export function openReads(database: Database.Database, tables: Tables): Reads {
  return {
    executed: tables.executed,
    twin: tables.twin,
    countsAt: countsAt(database, tables),
    consistency: (from, to) => {
      const { size } = tables.executed();
      if (to > size) throw new RangeError(`the log has ${size} leaves, not ${to}`);
      return consistencyProof(tables.node, from, to);
    },
    ...statementReads(database, tables),
    ...laneAndChainReads(database),
    ...ownReads(database),
  };
}

function countsAt(database: Database.Database, tables: Tables): Reads["countsAt"] {
  // Walks a lane's executed bundles down from the newest, in the index alone; a checkpoint is near the end of the log.
  const lastBelow = database
    .prepare("SELECT bundle FROM leaf WHERE bundle >= ? AND bundle < ? AND leaf < ? ORDER BY bundle DESC LIMIT 1")
    .pluck();
  const next = database.prepare("SELECT first + count FROM bundle WHERE key = ?").pluck();
  return (size) => {
    const { size: executed, tips } = tables.executed();
    if (size > executed) throw new RangeError(`the log has ${executed} leaves, not ${size}`);
    const lanes = tips.map((_, lane) => {
      const key = lastBelow.get(bundleKey(lane, 0), bundleKey(lane + 1, -1), size);
      return key === undefined ? 0 : (next.get(key) as number);
    });
    return { statements: lanes.reduce((sum, count) => sum + count, 0), lanes };
  };
}

type LeafAndBundle = BundleRow & { readonly leaf: number; readonly first_index: number };

function statementReads(
  database: Database.Database,
  tables: Tables,
): Pick<Reads, "statementsAfter" | "statement" | "receipt"> {
  const fromIndex = database.prepare(`SELECT * FROM leaf JOIN bundle ON key = leaf.bundle
    WHERE leaf >= (SELECT max(leaf) FROM leaf WHERE first_index <= ?) ORDER BY leaf`);
  const covering = database.prepare("SELECT * FROM bundle WHERE lane = ? AND first <= ? ORDER BY first DESC LIMIT 1");
  const leafOf = database.prepare("SELECT leaf, first_index FROM leaf WHERE bundle = ?");
  const anchorAbove = database.prepare("SELECT ledger, size, note FROM anchor WHERE size > ? ORDER BY size LIMIT 1");

  const find = (lane: number, number: number) => {
    const row = covering.get(lane, number) as BundleRow | undefined;
    if (row === undefined || number >= row.first + row.count) return null;
    const leaf = leafOf.get(bundleKey(lane, row.number)) as { leaf: number; first_index: number } | undefined;
    const bundle = bundleOf(row);
    const bytes = bundle.statements[number - row.first];
    if (bytes === undefined)
      throw new Error(`bundle ${row.number} of lane ${lane} has fewer statements than its row says`);
    return { bundle, bytes, leaf: leaf ?? null };
  };

  return {
    statementsAfter: (index, limit) => {
      const found: FinalStatement[] = [];
      if (limit <= 0) return found;
      for (const row of fromIndex.iterate(Math.max(index + 1, 0)) as IterableIterator<LeafAndBundle>) {
        for (const [offset, bytes] of unpackStatements(row.statements).entries()) {
          if (row.first_index + offset <= index) continue;
          found.push({ index: row.first_index + offset, lane: row.lane, number: row.first + offset, bytes });
          if (found.length === limit) return found;
        }
      }
      return found;
    },
    statement: (lane, number) => {
      const found = find(lane, number);
      if (found === null) return null;
      const { bundle, bytes, leaf } = found;
      return { bytes, index: leaf === null ? null : leaf.first_index + number - bundle.first };
    },
    receipt: (lane, number): ReceiptAnswer => {
      const found = find(lane, number);
      if (found === null) return { kind: "unknown" };
      if (found.leaf === null) return { kind: "pending", stage: "accepted" };
      const { leaf } = found.leaf;
      const anchor = anchorAbove.get(leaf) as { ledger: string; size: number; note: string } | undefined;
      // A peer may tell of an anchor before this gateway has executed that far.
      if (anchor === undefined || anchor.size > tables.executed().size) return { kind: "pending", stage: "final" };
      const path = inclusionProof(tables.node, anchor.size, leaf);
      return { kind: "parts", parts: { statement: found.bytes, bundle: found.bundle, leaf, anchor, path } };
    },
  };
}

function laneAndChainReads(database: Database.Database): Pick<Reads, "bundles" | "history" | "finalizedAfter"> {
  const bundlesFrom = database.prepare("SELECT * FROM bundle WHERE key >= ? AND key < ? ORDER BY key");
  // The last block finalized by name among the next `limit` blocks, else the first one after them.
  const endWithin = database
    .prepare(`SELECT max(view) FROM (SELECT view, finalization FROM chain WHERE view > ? ORDER BY view LIMIT ?)
    WHERE finalization IS NOT NULL`)
    .pluck();
  const endOfEpoch = database.prepare("SELECT min(view) FROM epoch WHERE view > ?").pluck();
  const endBeyond = database.prepare("SELECT min(view) FROM chain WHERE view > ? AND finalization IS NOT NULL").pluck();
  const chain = database.prepare("SELECT view, hash, bytes FROM chain WHERE view > ? AND view <= ? ORDER BY view");
  const finalization = database.prepare("SELECT finalization FROM chain WHERE view = ?").pluck();
  return {
    bundles: (lane, from, maxBytes) => {
      const found: StoredBundle[] = [];
      let bytes = 0;
      const rows = bundlesFrom.iterate(bundleKey(lane, Math.max(from, 0)), bundleKey(lane + 1, -1));
      for (const row of rows as IterableIterator<BundleRow>) {
        // Held bundles have no gaps, so the first row is number `from` or there is none.
        bytes += row.cose.length + row.statements.length;
        if (found.length > 0 && bytes > maxBytes) break;
        found.push(bundleOf(row));
      }
      return found;
    },
    history: (lane, from, upTo, maxBytes) => {
      const found: { readonly cose: Uint8Array; readonly body: Uint8Array }[] = [];
      let bytes = 0;
      const rows = bundlesFrom.iterate(bundleKey(lane, Math.max(from, 0)), bundleKey(lane, upTo + 1));
      for (const { cose, statements } of rows as IterableIterator<BundleRow>) {
        bytes += cose.length + statements.length;
        if (found.length > 0 && bytes > maxBytes) break;
        found.push({ cose, body: statements });
      }
      return { packed: packBundles(found), next: from + found.length };
    },
    finalizedAfter: (after, limit) => {
      const finalized = (endWithin.get(after, limit) ?? endBeyond.get(after)) as number | null;
      if (finalized === null) return { blocks: [], finalization: null };
      const end = Math.min(finalized, (endOfEpoch.get(after) as number | null) ?? finalized);
      return {
        blocks: chain.all(after, end) as { view: number; hash: string; bytes: Uint8Array }[],
        finalization: finalization.get(end) as Uint8Array,
      };
    },
  };
}

function ownReads(
  database: Database.Database,
): Pick<Reads, "unsealed" | "accepted" | "memo" | "refusals" | "evidence"> {
  const accepted = database.prepare("SELECT number FROM accepted WHERE key = ?").pluck();
  const memo = database.prepare("SELECT bytes FROM memo WHERE key = ?").pluck();
  const refusals =
    database.prepare(`SELECT 'refusal' AS kind, lane, number, hash, by_gateway AS "by", reason, evidence, at_ms AS atMs
    FROM refusal ORDER BY seq DESC LIMIT ?`);
  const evidence = database.prepare("SELECT bytes FROM evidence WHERE gateway = ? AND fault = ? AND about = ?").pluck();
  const unsealed = database.prepare("SELECT first, statements FROM unsealed ORDER BY first LIMIT ?");
  return {
    unsealed: (limit) =>
      (unsealed.all(limit) as { readonly first: number; readonly statements: Uint8Array }[]).map(
        ({ first, statements }) => ({
          first,
          statements: unpackStatements(statements),
        }),
      ),
    accepted: (key) => (accepted.get(key) as number | undefined) ?? null,
    memo: (key) => (memo.get(key) as Uint8Array | undefined) ?? null,
    refusals: (limit) => refusals.all(limit) as Extract<Write, { kind: "refusal" }>[],
    evidence: (gateway, fault, about) => (evidence.get(gateway, fault, about) as Uint8Array | undefined) ?? null,
  };
}
