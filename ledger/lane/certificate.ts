/** L4: the certificate of a bundle, and what is signed to make one. */
import { type Committee, hasVote, signaturesHold } from "../committee/index.ts";
import { ackBytes, type LaneCertificate } from "../message/index.ts";

/** How many gateways other than the owner must acknowledge. Each of them has checked the owner's signature. */
export function acksNeeded(committee: Committee): number {
  return committee.quorum - 1;
}

/** L4: distinct acknowledgements by gateways other than the owner, one short of a quorum. */
export function laneCertificateHolds(committee: Committee, certificate: LaneCertificate): boolean {
  const { lane, number, hash, acks } = certificate;
  if (!hasVote(committee, lane) || acks.some((ack) => ack.voter === lane)) return false;
  return signaturesHold(committee, ackBytes(committee, lane, number, hash), acks, acksNeeded(committee));
}
