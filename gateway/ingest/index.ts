/** From devices to accepted statements. The rules are in README.md. */
export { IngestFailure, type IngestFailureCode } from "./failures.ts";
export { readingId, startIngest } from "./ingest.ts";
export { decodeMemo, memoKey } from "./memo.ts";
export type { DeviceFrame, Incomplete, Ingest, IngestOptions } from "./types.ts";
