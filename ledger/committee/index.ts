/**
 * The gateways of one epoch, each with one vote, and what their signatures cover. Lanes and agreement share it.
 * `sign` and `verify` are inputs: the gateway passes Ed25519, the simulator something cheaper, neither changes a rule.
 */
import { encode } from "../cbor/index.ts";
import { fromHex } from "../crypto/index.ts";
import { invariant } from "./invariant.ts";

/** 64 hex digits of a SHA-256. */
export type Hash = string;
/** Position of a gateway in the site configuration, 0-based: names a lane, a voter, a signer. */
export type GatewayIndex = number;

export type Committee = {
  readonly site: string;
  readonly epoch: number;
  readonly configHash: Hash;
  readonly self: GatewayIndex;
  /** Lanes of the site: one for each gateway that ever belonged to it, so that indices never change (A13). */
  readonly size: number;
  /** C6: the gateways that have a vote, ascending: those that have not left. */
  readonly voters: readonly GatewayIndex[];
  /** C6: this gateway has a vote and holds the key that goes with it; otherwise it signs nothing. */
  readonly member: boolean;
  /** In gateway order. */
  readonly names: readonly string[];
  /** Y3: what a bundle of each names as the key of its signature; receipts are held against it. */
  readonly keyIds: readonly Uint8Array[];
  /** C2: any two sets of this many gateways share an honest one. */
  readonly quorum: number;
  /** L12: what each configuration up to the present one says of bundles, by epoch. */
  readonly eras: ReadonlyMap<number, Era>;
  /** L12: number of the first bundle of the own lane that the present own key signs. */
  readonly ownFrom: number;
  readonly sign: (message: Uint8Array) => Uint8Array;
  readonly verify: (signer: GatewayIndex, message: Uint8Array, signature: Uint8Array) => boolean;
  /** A12: what only this gateway can compute of a message, and the proof that convinces everybody else of it. */
  readonly prove: (message: Uint8Array) => { readonly proof: Uint8Array; readonly output: Uint8Array };
  /** A12: that output when the proof holds, otherwise null. */
  readonly verifyReveal: (prover: GatewayIndex, message: Uint8Array, proof: Uint8Array) => Uint8Array | null;
};

/** Whom a message is for: every gateway, one, or some. */
export type Recipients = "all" | GatewayIndex | readonly GatewayIndex[];

/** What a configuration, past or present, says of the bundles that name it (L12). */
export type Era = {
  readonly configHash: Hash;
  readonly keyIds: readonly Uint8Array[];
  readonly verify: Committee["verify"];
  /** By lane: the last number that may name it; infinite while the owner has the same key, none when it had no place. */
  readonly ends: readonly number[];
};

export type Signed = { readonly voter: GatewayIndex; readonly signature: Uint8Array };

/** One kind a purpose, so that no signature can serve for another (C1). */
export type SignedKind = "ack" | "propose" | "notarize" | "nullify" | "finalize" | "reveal" | "configure";

const DOMAIN = "tallystick/v1";

/**
 * C1: every signature covers domain, site, epoch, configuration, kind and the signed fields, so that it means nothing in
 * another site, another epoch or as another kind of message.
 */
export function signedBytes(
  committee: Pick<Committee, "site" | "epoch" | "configHash">,
  kind: SignedKind,
  numbers: readonly number[],
  hash: Hash | null,
): Uint8Array {
  const { site, epoch, configHash } = committee;
  return encode([DOMAIN, site, epoch, hashBytes(configHash), kind, ...numbers, hash === null ? null : hashBytes(hash)]);
}

/**
 * C3: a certificate holds when at least `needed` distinct gateways of the committee signed the same bytes, and nobody
 * outside it did. One bad signature spoils it: honest gateways only assemble what they have checked.
 */
export function signaturesHold(
  committee: Pick<Committee, "size" | "voters" | "verify">,
  message: Uint8Array,
  signatures: readonly Signed[],
  needed: number,
): boolean {
  if (signatures.length < needed || signatures.length > committee.voters.length) return false;
  const seen = new Set<GatewayIndex>();
  for (const { voter } of signatures) {
    if (!hasVote(committee, voter) || seen.has(voter)) return false;
    seen.add(voter);
  }
  return signatures.every(({ voter, signature }) => committee.verify(voter, message, signature));
}

/** C6: most sites never lose a gateway, so that nothing need be looked up. */
export function hasVote({ size, voters }: Pick<Committee, "size" | "voters">, gateway: GatewayIndex): boolean {
  return voters.length === size ? gateway < size : voters.includes(gateway);
}

/** The 32 bytes of a hash that this program made or has checked. */
export function hashBytes(hash: Hash): Uint8Array {
  const bytes = fromHex(hash);
  invariant(bytes !== null && bytes.length === 32, `not a hash: ${hash}`);
  return bytes;
}

export { collectorsOf, drawn, isLarge, ownerCollects } from "./collectors.ts";
export { invariant, InvariantBroken, OldCopy } from "./invariant.ts";
