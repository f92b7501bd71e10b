/** Bounds of what a gateway keeps beside the ledger itself (S7). */

/** Client keys remembered, newest first. */
export const ACCEPTED_KEPT = 100_000;
/** Newest refusals kept for each lane, so that one lane cannot push out the evidence about another. */
export const REFUSALS_KEPT = 1_000;
/** Bytes of a refused bundle that are kept. */
export const REFUSAL_EVIDENCE_BYTES = 64 * 1024;
/** First pieces of evidence kept for each gateway and fault: one proves it, and no flood of one fault hides another. */
export const EVIDENCE_KEPT = 16;
