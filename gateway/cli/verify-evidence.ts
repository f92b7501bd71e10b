import { decodeFrame } from "../../devices/index.ts";
import { courtOf, type VerifiedEvidence, verifyEvidence } from "../../ledger/evidence/index.ts";
import type { Site } from "../../ledger/management/index.ts";
import { falsehood } from "../assess/index.ts";

/** L8: what evidence proves to somebody who has nothing but the site's configurations. */
export function verifyEvidenceFile(bytes: Uint8Array, sites: readonly Site[]): VerifiedEvidence {
  const rules = falsehood(decodeFrame);
  return verifyEvidence(bytes, (epoch) => {
    const site = sites.find((one) => one.epoch === epoch);
    return site === undefined ? null : courtOf(site, (lane, statement) => rules(lane, statement, site));
  });
}

export function evidenceSentence(verified: VerifiedEvidence): string {
  return verified.kind === "valid"
    ? `valid: evidence that ${verified.gateway} ${verified.deed}`
    : `invalid: ${verified.check}: ${verified.reason}`;
}
