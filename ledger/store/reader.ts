import { type Identity, identityOf, openDatabaseReadOnly } from "./database.ts";
import { executionTables } from "./execution-tables.ts";
import { openReads, type Reads } from "./reads.ts";

/** The ledger in a gateway's directory, for the command line: synchronous, and never changes anything. */
export type StoreReader = Pick<
  Reads,
  "executed" | "statementsAfter" | "statement" | "receipt" | "twin" | "bundles" | "consistency"
> & {
  readonly identity: () => Identity;
  readonly close: () => void;
};

/**
 * Reads beside a running gateway, which it does not disturb, or without one. Throws StoreFailure: STORE_UNREADABLE,
 * STORE_NOT_A_DATABASE, STORE_NEWER.
 */
export function openStoreReadOnly(path: string): StoreReader {
  const { database, close } = openDatabaseReadOnly(path);
  const identity = identityOf(database);
  const tables = executionTables(database, identity.lanes);
  const reads = openReads(database, tables);
  // A receipt is read with several statements; one transaction gives them one state of the store.
  const receipt = database.transaction(reads.receipt);
  const statement = database.transaction(reads.statement);
  return {
    identity: () => identity,
    executed: reads.executed,
    statementsAfter: reads.statementsAfter,
    statement,
    receipt,
    twin: reads.twin,
    bundles: reads.bundles,
    consistency: reads.consistency,
    close,
  };
}
