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
  /** E8: SITE.json as it was learnt; null = never. */
  readonly site: (origin: string) => string | null;
  /** Returns when it is on disk, in place of what was there. */
  readonly putSite: (origin: string, json: string) => void;
  readonly close: () => void;
};

const FILE = "ledger-records.db";

/**
 * Opens the records in `dir`, which `createRecords` made. Throws LedgerFailure LEDGER_RECORDS_UNUSABLE: E7, without its
 * records the ledger would countersign a second history.
 */
export function openRecords(dir: string): Records {
  return usable(dir, (path) => {
    const database = connect(path, { fileMustExist: true });
    try {
      return recordsOf(database);
    } catch (error) {
      database.close();
      throw error;
    }
  });
}

/** E7: makes empty records for a ledger that has no key yet; what is there stays. Gives whether anything is recorded. */
export function createRecords(dir: string): boolean {
  return usable(dir, (path) => {
    const database = connect(path, {});
    try {
      database.exec(`CREATE TABLE IF NOT EXISTS record (origin TEXT NOT NULL, size INTEGER NOT NULL, root TEXT NOT NULL,
        note TEXT NOT NULL, countersignature TEXT NOT NULL, PRIMARY KEY (origin, size)) STRICT`);
      return database.prepare("SELECT 1 FROM record LIMIT 1").get() !== undefined;
    } finally {
      database.close();
    }
  });
}

function usable<T>(dir: string, act: (path: string) => T): T {
  const path = join(dir, FILE);
  try {
    return act(path);
  } catch (error) {
    throw new LedgerFailure("LEDGER_RECORDS_UNUSABLE", {
      path,
      cause: error instanceof Error ? error.message : String(error),
    });
  }
}

function connect(path: string, options: Database.Options): Database.Database {
  const database = new Database(path, { timeout: 0, ...options });
  try {
    // Two ledgers on one file would each think the other's history away.
    database.pragma("locking_mode = EXCLUSIVE");
    database.pragma("journal_mode = WAL");
    database.pragma("synchronous = FULL");
    // Takes the lock now and not at the first checkpoint.
    database.exec("BEGIN IMMEDIATE; COMMIT");
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function recordsOf(database: Database.Database): Records {
  database.exec("CREATE TABLE IF NOT EXISTS site (origin TEXT NOT NULL PRIMARY KEY, json TEXT NOT NULL) STRICT");
  const columns = "size, root, note, countersignature";
  const latest = database.prepare(`SELECT ${columns} FROM record WHERE origin = ? ORDER BY size DESC LIMIT 1`);
  const at = database.prepare(`SELECT ${columns} FROM record WHERE origin = ? AND size = ?`);
  const add = database.prepare("INSERT INTO record VALUES (?, ?, ?, ?, ?)");
  const site = database.prepare("SELECT json FROM site WHERE origin = ?").pluck();
  const putSite = database.prepare("INSERT OR REPLACE INTO site VALUES (?, ?)");
  return {
    site: (origin) => (site.get(origin) as string | undefined) ?? null,
    putSite: (origin, json) => void putSite.run(origin, json),
    latest: (origin) => (latest.get(origin) as LedgerRecord | undefined) ?? null,
    at: (origin, size) => (at.get(origin, size) as LedgerRecord | undefined) ?? null,
    add: (origin, { size, root, note, countersignature }) => void add.run(origin, size, root, note, countersignature),
    close: () => void database.close(),
  };
}
