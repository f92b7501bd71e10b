/** E7: the signed words in a message, as the witness takes them. */
import { openBundle, openBundles } from "../bundle/index.ts";
import type { Committee, GatewayIndex } from "../committee/index.ts";
import type { Chorus, Word } from "../evidence/index.ts";
import { formatNote, parseCheckpoint, parseNote } from "../log/index.ts";
import type { AnyMessage } from "./wire.ts";
import { blockHash, type Certificate, type LaneCertificate, type LaneMessage, type Message } from "../message/index.ts";

export type Words = { readonly words: readonly Word[]; readonly choruses: readonly Chorus[] };

const NONE: Words = { words: [], choruses: [] };

/** What is signed in a message that came on the link of `from`. Nothing of it is verified here. */
export function wordsOf(committee: Committee, from: GatewayIndex, { layer, message }: AnyMessage): Words {
  switch (layer) {
    case "lane":
      return wordsOfLanes(committee, message);
    case "agreement":
      return wordsOfAgreement(from, message);
    case "checkpoint":
      return message.kind === "cosignature" ? wordsOfLog(from, message.note) : NONE;
    case "management":
      return NONE;
    case "evidence":
      switch (message.kind) {
        case "evidence":
          return NONE;
        case "heardBundle":
          return bundleWord(committee, message.cose);
        case "heardProposal": {
          const { view, hash, leader, signature } = message;
          return one({ signer: leader, topic: { kind: "propose", view }, value: hash, proof: signature });
        }
      }
  }
}

function one(word: Word): Words {
  return { words: [word], choruses: [] };
}

function wordsOfLanes(committee: Committee, message: LaneMessage): Words {
  switch (message.kind) {
    case "bundle":
      return bundleWord(committee, message.cose);
    case "bundles":
      return {
        words: (openBundles(message.packed) ?? []).flatMap(({ cose }) => bundleWord(committee, cose).words),
        choruses: [],
      };
    case "ack": {
      const { lane, number, hash, voter, signature } = message.ack;
      return one({ signer: voter, topic: { kind: "ack", lane, number }, value: hash, proof: signature });
    }
    case "laneCertificate":
      return { words: [], choruses: [laneChorus(message.certificate)] };
    case "tips":
      return { words: [], choruses: message.certificates.map(laneChorus) };
    case "fetchBundles":
    case "refusal":
      return NONE;
  }
}

export function bundleWord(committee: Committee, cose: Uint8Array): Words {
  const opened = openBundle(cose, null);
  if (opened.kind === "reject") return NONE;
  const { header, hash } = opened.bundle;
  const signer = committee.names.indexOf(header.gateway);
  return signer === -1
    ? NONE
    : one({ signer, topic: { kind: "bundle", epoch: header.epoch, number: header.number }, value: hash, proof: cose });
}

function wordsOfAgreement(from: GatewayIndex, message: Message): Words {
  switch (message.kind) {
    case "propose": {
      const { block, parent, nullifications, laneCertificates, signature } = message.proposal;
      const topic = { kind: "propose", view: block.view } as const;
      return {
        // Only its leader sends a proposal.
        words: [{ signer: from, topic, value: blockHash(block), proof: signature }],
        choruses: [
          ...[...nullifications, ...(parent === null ? [] : [parent])].map(chorus),
          ...laneCertificates.map(laneChorus),
        ],
      };
    }
    case "vote": {
      const { vote, voter, signature } = message.vote;
      const value = vote.kind === "nullify" ? "" : vote.hash;
      return one({ signer: voter, topic: { kind: vote.kind, view: vote.view }, value, proof: signature });
    }
    case "certificate":
      return { words: [], choruses: [chorus(message.certificate)] };
    case "finalized":
      return { words: [], choruses: [chorus(message.finalization)] };
    case "fetch":
    case "block":
      return NONE;
  }
}

function chorus({ vote, signatures }: Certificate): Chorus {
  return { topic: { kind: vote.kind, view: vote.view }, value: vote.kind === "nullify" ? "" : vote.hash, signatures };
}

function laneChorus({ lane, number, hash, acks }: LaneCertificate): Chorus {
  return { topic: { kind: "ack", lane, number }, value: hash, signatures: acks };
}

function wordsOfLog(from: GatewayIndex, text: string): Words {
  const parsed = parseNote(text);
  const read = parsed.kind === "accept" ? parseCheckpoint(parsed.note.body) : parsed;
  if (parsed.kind === "reject" || read.kind === "reject") return NONE;
  const proof = Buffer.from(formatNote(parsed.note));
  return one({ signer: from, topic: { kind: "log", size: read.checkpoint.size }, value: read.checkpoint.root, proof });
}
