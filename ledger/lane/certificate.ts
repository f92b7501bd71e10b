/** L4: the certificate of a bundle, and what is signed to make one. */
import { type CborValue, encode } from "../cbor/index.ts";
import type { Committee, GatewayIndex, Hash, Signed } from "../committee/index.ts";
import { hasVote, hashBytes, signaturesHold, signedBytes } from "../committee/index.ts";
import { asGateway, asHash, asList, asNatural, asSignatures, signaturesValue } from "../committee/wire.ts";

export type Ack = {
  readonly lane: GatewayIndex;
  readonly number: number;
  readonly hash: Hash;
  readonly voter: GatewayIndex;
  readonly signature: Uint8Array;
};

/** A quorum holds and has validated this bundle and all below it. The owner counts by the signature inside the bundle. */
export type LaneCertificate = {
  readonly lane: GatewayIndex;
  readonly number: number;
  readonly hash: Hash;
  readonly acks: readonly Signed[];
};

export function ackBytes(committee: Committee, lane: GatewayIndex, number: number, hash: Hash): Uint8Array {
  return signedBytes(committee, "ack", [lane, number], hash);
}

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

export function laneCertificateValue({ lane, number, hash, acks }: LaneCertificate): CborValue {
  return [lane, number, hashBytes(hash), signaturesValue(acks)];
}

export function encodeLaneCertificate(certificate: LaneCertificate): Uint8Array {
  return encode(laneCertificateValue(certificate));
}

export function readLaneCertificate(value: CborValue | undefined): LaneCertificate {
  const [lane, number, hash, acks] = asList(value, "lane certificate", 4);
  return {
    lane: asGateway(lane, "certificate lane"),
    number: asNatural(number, "certificate number"),
    hash: asHash(hash, "certificate hash"),
    acks: asSignatures(acks, "certificate acks"),
  };
}
