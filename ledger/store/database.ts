import { closeSync, fsyncSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "better-sqlite3";
import { causeOf, StoreFailure } from "./failures.ts";
import { codeOf, lockFile, lockPathOf } from "./lock.ts";
import { SCHEMA_STEPS } from "./schema.ts";

/** Whose store it is (S6). */
export type Identity = { readonly site: string; readonly gateway: string; readonly lanes: number };

export type OpenedDatabase = { readonly database: Database.Database; readonly close: () => void };

/** Opens the store for writing, or creates it when it may be `created` (S10). Throws StoreFailure. */
export function openDatabase(path: string, identity: Identity, created: boolean): OpenedDatabase {
  const unlock = lock(path);
  try {
    // Looked at before SQLite does: it would make the file.
    if (!created && isNothing(path)) throw new StoreFailure("STORE_LOST", { path });
    const database = connect(path, {});
    return guarded(path, database, () => {
      database.pragma("journal_mode = WAL");
      // S1: FULL makes a commit wait for the WAL's fsync; NORMAL would lose the last commits in a power cut.
      database.pragma("synchronous = FULL");
      database.pragma("wal_autocheckpoint = 4000");
      database.pragma("journal_size_limit = 67108864");
      // 2 MB: pages that fall out are still in the system's own cache, which is not counted against the gateway.
      database.pragma("cache_size = -2048");
      database.transaction(() => prepare(path, database, identity, created)).immediate();
      // S10: whoever is told that the store is there may write that down, so its name must be on disk, too.
      syncDirectory(dirname(path));
      return {
        database,
        close: () => {
          database.close();
          unlock();
        },
      };
    });
  } catch (error) {
    unlock();
    throw error;
  }
}

/** Opens an existing store for reading, beside a running gateway or without one. Throws StoreFailure. */
export function openDatabaseReadOnly(path: string): OpenedDatabase {
  const database = connect(path, { readonly: true, fileMustExist: true });
  return guarded(path, database, () => {
    const found = versionOf(path, database);
    if (found === 0) throw new StoreFailure("STORE_NOT_A_DATABASE", { path, cause: "it is empty" });
    if (found < SCHEMA_STEPS.length)
      throw new StoreFailure("STORE_NOT_A_DATABASE", {
        path,
        cause: "an older version wrote it; start its gateway once",
      });
    return { database, close: () => void database.close() };
  });
}

/** S6: who the store belongs to. */
export function identityOf(database: Database.Database): Identity {
  return database.prepare("SELECT site, gateway, lanes FROM identity").get() as Identity;
}

/** S6: two processes on one store could sign two different things with one number. */
function lock(path: string): () => void {
  let unlock: (() => void) | null;
  try {
    unlock = lockFile(lockPathOf(path));
  } catch (error) {
    throw new StoreFailure("STORE_UNREADABLE", { path: lockPathOf(path), cause: causeOf(error) });
  }
  if (unlock === null) throw new StoreFailure("STORE_IN_USE", { path });
  return unlock;
}

/** S10: a file without a byte holds no votes either. */
function isNothing(path: string): boolean {
  return (statSync(path, { throwIfNoEntry: false })?.size ?? 0) === 0;
}

function syncDirectory(path: string): void {
  const directory = openSync(path, "r");
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}

function prepare(path: string, database: Database.Database, identity: Identity, created: boolean): void {
  const version = versionOf(path, database);
  if (version === 0 && !created) throw new StoreFailure("STORE_LOST", { path });
  for (const step of SCHEMA_STEPS.slice(version)) database.exec(step);
  if (version === 0)
    database.prepare("INSERT INTO identity VALUES (1, ?, ?, ?)").run(identity.site, identity.gateway, identity.lanes);
  database.pragma(`user_version = ${SCHEMA_STEPS.length}`);
  const found = identityOf(database);
  if (nameOf(found) !== nameOf(identity)) {
    throw new StoreFailure("STORE_OF_ANOTHER", { path, theirs: nameOf(found), ours: nameOf(identity) });
  }
}

/** S5: 0 = nothing in it yet. */
function versionOf(path: string, database: Database.Database): number {
  const found = database.pragma("user_version", { simple: true }) as number;
  if (found > SCHEMA_STEPS.length) throw new StoreFailure("STORE_NEWER", { path, found, known: SCHEMA_STEPS.length });
  const tables = database.prepare("SELECT count(*) AS count FROM sqlite_schema").get() as { count: number };
  if (found === 0 && tables.count > 0) {
    throw new StoreFailure("STORE_NOT_A_DATABASE", { path, cause: "it is a database of another program" });
  }
  return found;
}

function nameOf({ site, gateway }: Identity): string {
  return `gateway ${gateway} of the site ${site}`;
}

function connect(path: string, options: Database.Options): Database.Database {
  try {
    return new Database(path, { timeout: 5_000, ...options });
  } catch (error) {
    throw new StoreFailure("STORE_UNREADABLE", { path, cause: causeOf(error) });
  }
}

/** Runs `act`; when it throws, closes the connection and says what the file is. */
function guarded<T>(path: string, database: Database.Database, act: () => T): T {
  try {
    return act();
  } catch (error) {
    database.close();
    throw failureOf(path, error);
  }
}

/** What an error while reading says of the file (S5). */
export function failureOf(path: string, error: unknown): StoreFailure {
  if (error instanceof StoreFailure) return error;
  const code = codeOf(error);
  // What is neither SQLite's nor the system's came from our own decoders: the bytes are not what the store wrote.
  const ours = code === "" && !(error instanceof Error && "syscall" in error);
  const damaged = ours || ["SQLITE_NOTADB", "SQLITE_CORRUPT", "SQLITE_ERROR"].some((kind) => code.startsWith(kind));
  return new StoreFailure(damaged ? "STORE_NOT_A_DATABASE" : "STORE_UNREADABLE", { path, cause: causeOf(error) });
}
