/** A1: the nouns of agreement and their bytes. Every message is a CBOR array that begins with its kind. */
import type { CborValue } from "../cbor/index.ts";
import { encode } from "../cbor/index.ts";
import {
  type Committee,
  type GatewayIndex,
  type Hash,
  hashBytes,
  type Signed,
  signedBytes,
} from "../committee/index.ts";
import {
  asGateway,
  asHash,
  asList,
  asNatural,
  asProof,
  asSignature,
  asSignatures,
  asText,
  Malformed,
  MAX_GATEWAYS,
  signaturesValue,
} from "./wire.ts";
import { sha256, toHex } from "../crypto/index.ts";
import { type LaneCertificate, laneCertificateValue, readLaneCertificate } from "./lane.ts";

export type Vote =
  | { readonly kind: "notarize"; readonly view: number; readonly hash: Hash }
  | { readonly kind: "nullify"; readonly view: number }
  | { readonly kind: "finalize"; readonly view: number; readonly hash: Hash };

export type SignedVote = { readonly vote: Vote; readonly voter: GatewayIndex; readonly signature: Uint8Array };

/** q distinct signers over the same vote. */
export type Certificate = { readonly vote: Vote; readonly signatures: readonly Signed[] };

/** A lane's place in a cut: its bundle `number` with `hash`; number -1 and a hash of zeros before the first. */
export type Tip = { readonly number: number; readonly hash: Hash };

/** A1: what is agreed on. Its hash covers the tips; the lane certificates travel beside it in the proposal. */
export type Block = {
  readonly view: number;
  readonly parent: Hash;
  /** One for each lane, in gateway order. */
  readonly tips: readonly Tip[];
  readonly configHash: Hash;
  /** A12: what leaders are drawn from; not the parent's exactly when a reveal comes with it. */
  readonly seed: Hash;
  readonly reveal: Uint8Array | null;
  /** The newest checkpoint that the leader knew. */
  readonly checkpoint: { readonly size: number; readonly root: Hash } | null;
  /** A13: the approved configuration with which the epoch ends; only empty blocks that repeat it may follow. */
  readonly next: Hash | null;
};

export type Proposal = {
  readonly block: Block;
  /** Notarization or Finalization of the parent; null when the parent is genesis. */
  readonly parent: Certificate | null;
  /** One for every view between the parent's and this one. */
  readonly nullifications: readonly Certificate[];
  /** For every lane that advances over the parent's cut. */
  readonly laneCertificates: readonly LaneCertificate[];
  readonly signature: Uint8Array;
};

export type Message =
  | { readonly kind: "propose"; readonly proposal: Proposal }
  | { readonly kind: "vote"; readonly vote: SignedVote }
  | { readonly kind: "certificate"; readonly certificate: Certificate }
  /** "My finalized chain ends at view `after`: send me what leads on from there." */
  | { readonly kind: "fetch"; readonly after: number }
  /** A single block that somebody's certificate names. */
  | { readonly kind: "block"; readonly block: Block }
  /** A part of the finalized chain, oldest first, and the finalization of its last block. */
  | { readonly kind: "finalized"; readonly blocks: readonly Block[]; readonly finalization: Certificate };

/** A part of the finalized chain that travels in one message. */
export const MAX_BLOCKS_A_MESSAGE = 1024;

export function blockHash(block: Block): Hash {
  return toHex(sha256(encodeBlock(block)));
}

export function encodeBlock(block: Block): Uint8Array {
  return encode(blockValue(block));
}

function blockValue({ view, parent, tips, configHash, seed, reveal, checkpoint, next }: Block): CborValue {
  return [
    view,
    hashBytes(parent),
    // Numbers travel one higher, so that "none" is 0 and no number is negative.
    tips.map((tip) => [tip.number + 1, hashBytes(tip.hash)]),
    hashBytes(configHash),
    hashBytes(seed),
    reveal,
    checkpoint === null ? null : [checkpoint.size, hashBytes(checkpoint.root)],
    ...(next === null ? [] : [hashBytes(next)]),
  ];
}

export function readBlock(value: CborValue | undefined): Block {
  const [view, parent, tips, configHash, seed, reveal, checkpoint, next] = asList(value, "block", 8);
  if (checkpoint === undefined) throw new Malformed("block has not seven fields");
  return {
    view: asNatural(view, "block view"),
    parent: asHash(parent, "block parent"),
    tips: asList(tips, "tips", MAX_GATEWAYS).map(readTip),
    configHash: asHash(configHash, "block configuration"),
    seed: asHash(seed, "block seed"),
    reveal: reveal === null ? null : asProof(reveal, "block reveal"),
    checkpoint: checkpoint === null ? null : readCheckpoint(checkpoint),
    next: next === undefined ? null : asHash(next, "next configuration"),
  };
}

function readTip(value: CborValue): Tip {
  const [next, hash] = asList(value, "tip", 2);
  return { number: asNatural(next, "tip number") - 1, hash: asHash(hash, "tip hash") };
}

function readCheckpoint(value: CborValue): NonNullable<Block["checkpoint"]> {
  const [size, root] = asList(value, "checkpoint", 2);
  return { size: asNatural(size, "checkpoint size"), root: asHash(root, "checkpoint root") };
}

export function hashOf(vote: Vote): Hash | null {
  return vote.kind === "nullify" ? null : vote.hash;
}

/** C1: what a vote's signature covers. */
export function voteBytes(committee: Committee, vote: Vote): Uint8Array {
  return signedBytes(committee, vote.kind, [vote.view], hashOf(vote));
}

/** C1: what a leader signs of its proposal. */
export function proposalBytes(committee: Committee, view: number, hash: Hash): Uint8Array {
  return signedBytes(committee, "propose", [view], hash);
}

function voteValue(vote: Vote): readonly CborValue[] {
  const hash = hashOf(vote);
  return [vote.kind, vote.view, hash === null ? null : hashBytes(hash)];
}

function readVote(kind: CborValue | undefined, view: CborValue | undefined, hash: CborValue | undefined): Vote {
  const name = asText(kind, "vote kind", 16);
  const at = asNatural(view, "vote view");
  if (at === 0) throw new Malformed("view 0 is genesis and is not voted on");
  switch (name) {
    case "notarize":
    case "finalize":
      return { kind: name, view: at, hash: asHash(hash, "vote hash") };
    case "nullify":
      if (hash !== null) throw new Malformed("a nullify names no block");
      return { kind: name, view: at };
    default:
      throw new Malformed(`unknown vote ${name}`);
  }
}

function certificateValue(certificate: Certificate): CborValue {
  return [...voteValue(certificate.vote), signaturesValue(certificate.signatures)];
}

function readCertificate(value: CborValue | undefined): Certificate {
  const [kind, view, hash, signatures] = asList(value, "certificate", 4);
  return { vote: readVote(kind, view, hash), signatures: asSignatures(signatures, "certificate signatures") };
}

function proposalValue({ block, parent, nullifications, laneCertificates, signature }: Proposal): CborValue {
  return [
    blockValue(block),
    parent === null ? null : certificateValue(parent),
    nullifications.map(certificateValue),
    laneCertificates.map(laneCertificateValue),
    signature,
  ];
}

/** A proposal may skip at most this many views; beyond it the leader's peers must have helped it already. */
const MAX_SKIPPED = 4096;

function readProposal(value: CborValue | undefined): Proposal {
  const [block, parent, nullifications, laneCertificates, signature] = asList(value, "proposal", 5);
  return {
    block: readBlock(block),
    parent: parent === null ? null : readCertificate(parent),
    nullifications: asList(nullifications, "nullifications", MAX_SKIPPED).map(readCertificate),
    laneCertificates: asList(laneCertificates, "lane certificates", MAX_GATEWAYS).map(readLaneCertificate),
    signature: asSignature(signature, "proposal signature"),
  };
}

export function messageValue(message: Message): readonly CborValue[] {
  switch (message.kind) {
    case "propose":
      return ["propose", proposalValue(message.proposal)];
    case "vote":
      return ["vote", ...voteValue(message.vote.vote), message.vote.voter, message.vote.signature];
    case "certificate":
      return ["certificate", certificateValue(message.certificate)];
    case "fetch":
      return ["fetch", message.after];
    case "block":
      return ["block", blockValue(message.block)];
    case "finalized":
      return ["finalized", message.blocks.map(blockValue), certificateValue(message.finalization)];
  }
}

export function encodeMessage(message: Message): Uint8Array {
  return encode(messageValue(message));
}

/** The agreement message in a decoded array, or null when its kind belongs to somebody else. Throws `Malformed`. */
export function readMessage(fields: readonly CborValue[]): Message | null {
  const [kind, a, b, c, d, e] = fields;
  switch (kind) {
    case "propose":
      return { kind, proposal: readProposal(a) };
    case "vote":
      return { kind, vote: readSignedVote(a, b, c, d, e) };
    case "certificate":
      return { kind, certificate: readCertificate(a) };
    case "fetch":
      return { kind, after: asNatural(a, "fetch after") };
    case "block":
      return { kind, block: readBlock(a) };
    case "finalized":
      return {
        kind,
        blocks: asList(a, "blocks", MAX_BLOCKS_A_MESSAGE).map(readBlock),
        finalization: readCertificate(b),
      };
    default:
      return null;
  }
}

function readSignedVote(
  kind: CborValue | undefined,
  view: CborValue | undefined,
  hash: CborValue | undefined,
  voter: CborValue | undefined,
  signature: CborValue | undefined,
): SignedVote {
  return {
    vote: readVote(kind, view, hash),
    voter: asGateway(voter, "voter"),
    signature: asSignature(signature, "vote signature"),
  };
}
