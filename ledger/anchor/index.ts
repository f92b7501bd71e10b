/** Shared ledgers that the site does not control: one folder each behind one interface. The rules are in README.md. */
export type { Anchor, Anchored, ReadBack, Refused, Submission, Submitted, Unavailable } from "./anchor.ts";
export { anchorOnEmbedded, type EmbeddedAnchorOptions } from "./embedded/client.ts";
export { LedgerFailure, type LedgerFailureCode } from "./embedded/failures.ts";
export { makeLedgerKey } from "./embedded/ledger-key.ts";
export { type EmbeddedLedger, type EmbeddedLedgerOptions, startEmbeddedLedger } from "./embedded/service.ts";
