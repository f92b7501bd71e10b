import type Database from "better-sqlite3";
import type { Tables } from "../execution/index.ts";
import { type BundleRow, bundleOf } from "./execution-tables.ts";
import type { Recovered } from "./port.ts";
import type { Reads } from "./reads.ts";
import { recoverLane } from "./recover-lane.ts";
import { bundleKey } from "./schema.ts";

/** Everything that a gateway needs to go on where it stopped. */
export function recover(database: Database.Database, tables: Tables, countsAt: Reads["countsAt"]): Recovered {
  const rows = <T>(sql: string): T[] => database.prepare(sql).all() as T[];
  const { size, tips } = tables.executed();
  const anchors = rows<{ ledger: string; size: number; note: string }>(
    "SELECT ledger, max(size) AS size, note FROM anchor GROUP BY ledger ORDER BY ledger",
  );
  const lanes = Math.max(
    tips.length,
    ((database.prepare("SELECT max(lane) FROM bundle").pluck().get() as number | null) ?? -1) + 1,
  );
  const silent = database.prepare("SELECT 1 FROM memo WHERE key = ?").pluck();
  return {
    epochs: recoverEpochs(database),
    unsealed: database.prepare("SELECT count(*) FROM unsealed").pluck().get() as number,
    finalized: recoverFinalized(database),
    chain: recoverChain(database, 3 * tips.length + 16),
    votes: rows("SELECT view, vote, bytes FROM vote ORDER BY view, vote"),
    proposals: rows("SELECT view, bytes FROM proposal ORDER BY view"),
    certificates: rows("SELECT view, certificate, bytes FROM certificate ORDER BY view, certificate"),
    blocks: rows("SELECT view, hash, bytes FROM block ORDER BY view, hash"),
    lanes: recoverLanes(database, lanes),
    executed: tables.executed(),
    checkpoint: rows<{ size: number; note: string }>("SELECT size, note FROM checkpoint")[0] ?? null,
    anchors,
    readings: rows("SELECT id, bytes FROM reading ORDER BY seq"),
    evidence: rows("SELECT gateway, fault, about, bytes FROM evidence ORDER BY seq"),
    successors:
      (database.prepare("SELECT bytes FROM memo WHERE key = 'successors'").pluck().get() as Uint8Array | undefined) ??
      null,
    silentLanes: Array.from({ length: lanes }, (_, lane) => lane).filter(
      (lane) => silent.get(`lane/${lane}/silent`) !== undefined,
    ),
    executedCounts: countsAt(size).lanes,
    // A peer may have told of an anchor that this gateway has not executed up to.
    anchoredCounts: countsAt(Math.min(size, Math.max(0, ...anchors.map((anchor) => anchor.size)))).lanes,
  };
}

function recoverEpochs(database: Database.Database): Recovered["epochs"] {
  const rows = database.prepare("SELECT epoch, view, tips, document FROM epoch ORDER BY epoch").all();
  return (rows as (Omit<Recovered["epochs"][number], "tips"> & { readonly tips: string })[]).map((row) => ({
    ...row,
    tips: JSON.parse(row.tips) as Recovered["epochs"][number]["tips"],
  }));
}

function recoverFinalized(database: Database.Database): Recovered["finalized"] {
  const row = database
    .prepare(
      "SELECT view, hash, bytes AS block, finalization FROM chain WHERE finalization IS NOT NULL ORDER BY view DESC LIMIT 1",
    )
    .get();
  return (row as Recovered["finalized"] | undefined) ?? null;
}

function recoverChain(database: Database.Database, views: number): readonly Uint8Array[] {
  const since = "SELECT max(view) FROM chain WHERE view <= (SELECT max(view) FROM chain) - ?";
  return database
    .prepare(`SELECT bytes FROM chain WHERE view >= ifnull((${since}), 0) ORDER BY view`)
    .pluck()
    .all(views) as Uint8Array[];
}

function recoverLanes(database: Database.Database, lanes: number): Recovered["lanes"] {
  const last = database.prepare("SELECT * FROM bundle WHERE key >= ? AND key < ? ORDER BY key DESC LIMIT 1");
  const certificate = database.prepare("SELECT bytes FROM lane_certificate WHERE lane = ?").pluck();
  const recovered: Recovered["lanes"][number][] = [];
  for (let lane = 0; lane < lanes; lane += 1) {
    const row = last.get(bundleKey(lane, 0), bundleKey(lane + 1, -1)) as BundleRow | undefined;
    const bytes = (certificate.get(lane) as Uint8Array | undefined) ?? null;
    const recoveredLane = recoverLane(lane, row === undefined ? undefined : bundleOf(row), bytes);
    if (recoveredLane !== null) recovered.push(recoveredLane);
  }
  return recovered;
}
