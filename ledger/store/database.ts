import Database from "better-sqlite3";
import { causeOf, StoreFailure } from "./failures.ts";
import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";

/** Whose store it is (S6). */
export type Identity = { readonly site: string; readonly gateway: string; readonly lanes: number };

export type OpenedDatabase = { readonly database: Database.Database; readonly close: () => void };

/** Opens or creates the store for writing. Throws StoreFailure. */
export function openDatabase(path: string, identity: Identity): OpenedDatabase {
  const unlock = lock(path);
  try {
    const database = connect(path, {});
    return guarded(path, database, () => {
      database.pragma("journal_mode = WAL");
      // S1: FULL makes a commit wait for the WAL's fsync; NORMAL would lose the last commits in a power cut.
      database.pragma("synchronous = FULL");
      database.pragma("wal_autocheckpoint = 4000");
      database.pragma("journal_size_limit = 67108864");
      database.pragma("cache_size = -8192");
      database.transaction(() => prepare(path, database, identity)).immediate();
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
    return { database, close: () => void database.close() };
  });
}

/** S6: who the store belongs to. */
export function identityOf(database: Database.Database): Identity {
  return database.prepare("SELECT site, gateway, lanes FROM identity").get() as Identity;
}

/**
 * S6: two processes on one store could sign two different things with one number. The lock is a lock of the operating
 * system (held by an open transaction on a file beside the store), so that it ends with the process however that ends.
 */
function lock(path: string): () => void {
  const database = connect(`${path}.lock`, { timeout: 0 });
  return guarded(path, database, () => {
    try {
      database.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      if (codeOf(error) === "SQLITE_BUSY") throw new StoreFailure("STORE_IN_USE", { path });
      throw error;
    }
    return () => void database.close();
  });
}

function prepare(path: string, database: Database.Database, identity: Identity): void {
  if (versionOf(path, database) === 0) {
    database.exec(SCHEMA);
    database.prepare("INSERT INTO identity VALUES (1, ?, ?, ?)").run(identity.site, identity.gateway, identity.lanes);
    database.pragma(`user_version = ${SCHEMA_VERSION}`);
  }
  const found = identityOf(database);
  if (nameOf(found) !== nameOf(identity)) {
    throw new StoreFailure("STORE_OF_ANOTHER", { path, theirs: nameOf(found), ours: nameOf(identity) });
  }
}

/** S5: 0 = nothing in it yet. */
function versionOf(path: string, database: Database.Database): number {
  const found = database.pragma("user_version", { simple: true }) as number;
  if (found > SCHEMA_VERSION) throw new StoreFailure("STORE_NEWER", { path, found, known: SCHEMA_VERSION });
  const tables = database.prepare("SELECT count(*) AS count FROM sqlite_schema").get() as { count: number };
  if (found === 0 && tables.count > 0) {
    throw new StoreFailure("STORE_NOT_A_DATABASE", { path, cause: "it is a database of another program" });
  }
  return found;
}

function nameOf({ site, gateway, lanes }: Identity): string {
  return `gateway ${gateway} of the site ${site} with ${lanes} gateways`;
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
    if (error instanceof StoreFailure) throw error;
    const damaged = ["SQLITE_NOTADB", "SQLITE_CORRUPT"].some((code) => codeOf(error).startsWith(code));
    throw new StoreFailure(damaged ? "STORE_NOT_A_DATABASE" : "STORE_UNREADABLE", { path, cause: causeOf(error) });
  }
}

function codeOf(error: unknown): string {
  return error instanceof Database.SqliteError ? error.code : "";
}
