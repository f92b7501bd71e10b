/** What an attacker understands of the wire, and how it says what its keys can sign. */
import type { Committee, GatewayIndex, Hash } from "../../../ledger/committee/index.ts";
import { type AnyMessage, sealMessage } from "../../../ledger/replica/wire.ts";
import { openOnce } from "../opened.ts";
import {
  type Ack,
  ackBytes,
  blockHash,
  type LaneMessage,
  type Message,
  type Proposal,
  proposalBytes,
  type SignedVote,
  type Vote,
  voteBytes,
} from "../../../ledger/message/index.ts";

export function understand(bytes: Uint8Array): AnyMessage | null {
  const opened = openOnce(bytes);
  return opened.kind === "accept" ? opened.opened : null;
}

export function inAgreement(bytes: Uint8Array): Message | null {
  const message = understand(bytes);
  return message?.layer === "agreement" ? message.message : null;
}

export function inLanes(bytes: Uint8Array): LaneMessage | null {
  const message = understand(bytes);
  return message?.layer === "lane" ? message.message : null;
}

export const say = (message: Message): Uint8Array => sealMessage({ layer: "agreement", message });
export const sayInLanes = (message: LaneMessage): Uint8Array => sealMessage({ layer: "lane", message });

export function voteOf(committee: Committee, vote: Vote): SignedVote {
  return { vote, voter: committee.self, signature: committee.sign(voteBytes(committee, vote)) };
}

export function ackOf(committee: Committee, lane: GatewayIndex, number: number, hash: Hash): Ack {
  const signature = committee.sign(ackBytes(committee, lane, number, hash));
  return { lane, number, hash, voter: committee.self, signature };
}

/** The same proposal for another block, signed. */
export function proposalOf(committee: Committee, proposal: Proposal, block: Proposal["block"]): Proposal {
  const signature = committee.sign(proposalBytes(committee, block.view, blockHash(block)));
  return { ...proposal, block, signature };
}

/** Whether the proposal is this gateway's own. */
export function isOwnProposal(committee: Committee, { block, signature }: Proposal): boolean {
  return committee.verify(committee.self, proposalBytes(committee, block.view, blockHash(block)), signature);
}
