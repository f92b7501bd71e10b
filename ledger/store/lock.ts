import Database from "better-sqlite3";

/**
 * Takes the lock of the operating system on the file `path` (made when missing), held by an open transaction on it, so that
 * it ends with the process however that ends. Null = another process has it. Throws SqliteError when the file cannot be used.
 */
export function lockFile(path: string): (() => void) | null {
  const database = new Database(path, { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
    return () => void database.close();
  } catch (error) {
    database.close();
    if (codeOf(error) === "SQLITE_BUSY") return null;
    throw error;
  }
}

/** The file beside a store whose lock its owner holds (S6). */
export const lockPathOf = (storePath: string): string => `${storePath}.lock`;

/** SQLite's name for what went wrong; empty when it was not SQLite. */
export function codeOf(error: unknown): string {
  return error instanceof Database.SqliteError ? error.code : "";
}
