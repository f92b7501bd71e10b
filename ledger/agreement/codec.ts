/** A1: the bytes of blocks and messages. Every message is a CBOR array that begins with its kind. */
import type { CborValue } from "../cbor/index.ts";
import { encode } from "../cbor/index.ts";
import type { Hash } from "../committee/index.ts";
import { hashBytes } from "../committee/index.ts";
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
} from "../committee/wire.ts";
import { sha256, toHex } from "../crypto/index.ts";
import { laneCertificateValue, readLaneCertificate } from "../lane/index.ts";
import { hashOf } from "./turn.ts";
import type { Block, Certificate, Message, Proposal, SignedVote, Tip, Vote } from "./types.ts";

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
