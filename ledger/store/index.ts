/** The only place that writes the ledger to disk. The rules are in README.md and port.ts. */
export { openStore, type StoreOptions } from "./client.ts";
export { StoreFailure, type StoreFailureCode } from "./failures.ts";
export { lockFile, lockPathOf } from "./lock.ts";
export { type MemoryStore, openMemoryStore } from "./memory.ts";
export type * from "./port.ts";
export { openStoreReadOnly, type StoreReader } from "./reader.ts";
