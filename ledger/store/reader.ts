import { failureOf, type Identity, identityOf, openDatabaseReadOnly } from "./database.ts";
import { executionTables } from "./execution-tables.ts";
import { openReads, type Reads } from "./reads.ts";

/** The ledger in a gateway's directory, for the command line: synchronous, and never changes anything. */
export type StoreReader = Pick<Reads, "executed" | "statementsAfter" | "statement" | "receipt" | "twin" | "bundles"> & {
  readonly identity: () => Identity;
  readonly close: () => void;
};

/**
 * Reads beside a running gateway, which it does not disturb, or without one. Opening and reading throw StoreFailure:
 * STORE_UNREADABLE, STORE_NOT_A_DATABASE, STORE_NEWER.
 */
export function openStoreReadOnly(path: string): StoreReader {
  const { database, close } = openDatabaseReadOnly(path);
  /** S5: a page may be damaged that opening did not touch. */
  const told = <Args extends readonly unknown[], T>(read: (...args: Args) => T) => {
    return (...args: Args): T => {
      try {
        return read(...args);
      } catch (error) {
        throw failureOf(path, error);
      }
    };
  };
  try {
    const identity = told(identityOf)(database);
    const reads = told(() => openReads(database, executionTables(database, identity.lanes)))();
    return {
      identity: () => identity,
      executed: told(reads.executed),
      statementsAfter: told(reads.statementsAfter),
      // A receipt is read with several statements; one transaction gives them one state of the store.
      statement: told(database.transaction(reads.statement)),
      receipt: told(database.transaction(reads.receipt)),
      twin: told(reads.twin),
      bundles: told(reads.bundles),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}
