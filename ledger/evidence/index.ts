/** What a gateway signed and an honest one would not have. The rules are in README.md. */
export { type Court, courtOf, EVIDENCE_CHECKS, type EvidenceCheck, type Falsehood } from "./court.ts";
export type { Evidence, Fault, Offence, Shown } from "./evidence.ts";
export { showFalsehood } from "./falsehood.ts";
export { encodeEvidence, isEvidence, MAX_EVIDENCE_BYTES, openEvidence } from "./format.ts";
export { type EvidenceMessage, evidenceMessageValue, readEvidenceMessage } from "./messages.ts";
export { type VerifiedEvidence, verifyEvidence } from "./verify.ts";
export { type Chorus, makeWitness, type Suspicion, type Topic, type Witness, type Word } from "./witness.ts";
