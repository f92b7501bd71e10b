import { join } from "node:path";
import Database from "better-sqlite3";
import { LedgerFailure } from "./failures.ts";

export type LedgerRecord = {
  readonly size: number;
  /** 64 hex digits. */
  readonly root: string;
  /** The note as submitted, with the gateways' cosignatures. */
  readonly note: string;
  /** The ledger's own signature line. */
  readonly countersignature: string;
};

/** E4: every checkpoint that the ledger ever countersigned. */
export type Records = {
  readonly latest: (origin: string) => LedgerRecord | null;
  readonly at: (origin: string, size: number) => LedgerRecord | null;
  /** Returns after the record is on disk (fsynced). Throws on a record of that size: nothing is ever replaced. */
  readonly add: (origin: string, record: LedgerRecord) => void;
  readonly close: () => void;
};

/** Opens or creates the records in `dir`. Throws LedgerFailure LEDGER_RECORDS_UNUSABLE. */
export function openRecords(dir: string): Records {
  const path = join(dir, "ledger-records.db");
  try {
    const database = new Database(path, { timeout: 0 });
    // Two ledgers on one file would each think the other's history away.
    database.pragma("locking_mode = EXCLUSIVE");
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = FULL");
    database.exec(`CREATE TABLE IF NOT EXISTS record (origin TEXT NOT NULL, size INTEGER NOT NULL, root TEXT NOT NULL,
      note TEXT NOT NULL, countersignature TEXT NOT NULL, PRIMARY KEY (origin, size)) STRICT`);
    // Takes the lock now and not at the first checkpoint.
    database.exec("BEGIN IMMEDIATE; COMMIT");
    return recordsOf(database);
  } catch (error) {
    throw new LedgerFailure("LEDGER_RECORDS_UNUSABLE", {
      path,
      cause: error instanceof Error ? error.message : String(error),
    });
  }
}

function recordsOf(database: Database.Database): Records {
  const columns = "size, root, note, countersignature";
  const latest = database.prepare(`SELECT ${columns} FROM record WHERE origin = ? ORDER BY size DESC LIMIT 1`);
  const at = database.prepare(`SELECT ${columns} FROM record WHERE origin = ? AND size = ?`);
  const add = database.prepare("INSERT INTO record VALUES (?, ?, ?, ?, ?)");
  return {
    latest: (origin) => (latest.get(origin) as LedgerRecord | undefined) ?? null,
    at: (origin, size) => (at.get(origin, size) as LedgerRecord | undefined) ?? null,
    add: (origin, { size, root, note, countersignature }) => void add.run(origin, size, root, note, countersignature),
    close: () => void database.close(),
  };
}
