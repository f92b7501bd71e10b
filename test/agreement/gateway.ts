/** One gateway's agreement, driven input by input, and the messages that its peers would send: honest ones and others. */
import { type Effect, genesisOf, type Input, recoverState, type State, step } from "../../ledger/agreement/index.ts";
import { leaderOf, seedFor } from "../../ledger/leaders/index.ts";
import type { Committee } from "../../ledger/committee/index.ts";
import { openMemoryStore } from "../../ledger/store/memory.ts";
import type { Write } from "../../ledger/store/port.ts";
import { committeeOf, hashOfText } from "../committee/fake.ts";
import {
  ackBytes,
  type Block,
  blockHash,
  type Certificate,
  type LaneCertificate,
  type Message,
  type Proposal,
  proposalBytes,
  type SignedVote,
  type Tip,
  type Vote,
  voteBytes,
} from "../../ledger/message/index.ts";

/** Four gateways: one may be Byzantine, three are a quorum. */
export const SIZE = 4;

/** Gateway v mod 4, before the first seed. */
export const leaderAt = (view: number): number => leaderOf(committeeOf(SIZE, 0), [], view);

export type Driven = {
  readonly committee: Committee;
  readonly state: () => State;
  readonly step: (input: Input) => readonly Effect[];
  readonly receive: (message: Message, from?: number) => readonly Effect[];
  readonly setClock: (ms: number) => void;
  /** All that was persisted so far, in order. */
  readonly writes: readonly Write[];
  /** What the gateway is after a power cut that came when `writes` were on disk. */
  readonly restarted: () => Promise<Driven>;
};

export function gateway(self: number): Driven {
  const committee = committeeOf(SIZE, self);
  const nothing = { epochs: [], finalized: null, chain: [], votes: [], proposals: [], certificates: [], blocks: [] };
  return drive(
    committee,
    recoverState(
      committee,
      nothing,
      Array.from({ length: SIZE }, () => null),
    ),
    [],
  );
}

function drive(committee: Committee, initial: State, before: readonly Write[]): Driven {
  let state = initial;
  let nowMs = 1000;
  const writes: Write[] = [...before];
  const act = (input: Input): readonly Effect[] => {
    const next = step(committee, state, input, nowMs);
    state = next.state;
    for (const effect of next.effects) if (effect.kind === "persist") writes.push(effect.write);
    return next.effects;
  };
  return {
    committee,
    state: () => state,
    step: act,
    receive: (message, from = usualSender(committee, message)) => act({ kind: "message", from, message }),
    setClock: (ms) => {
      nowMs = ms;
    },
    writes,
    restarted: async () => {
      const store = openMemoryStore({ lanes: SIZE });
      await store.commit(writes);
      return drive(
        committee,
        recoverState(
          committee,
          await store.recover(),
          Array.from({ length: SIZE }, () => null),
        ),
        writes,
      );
    },
  };
}

/** A proposal comes from its leader; anything else may come from anybody. */
export function usualSender(committee: Committee, message: Message): number {
  return message.kind === "propose" ? leaderAt(message.proposal.block.view) : (committee.self + 1) % SIZE;
}

// --- what peers say ----------------------------------------------------------------------------------------------------

export const genesis = genesisOf(committeeOf(SIZE, 0));

export function voteOf(voter: number, vote: Vote): SignedVote {
  const committee = committeeOf(SIZE, voter);
  return { vote, voter, signature: committee.sign(voteBytes(committee, vote)) };
}

export function voteBy(voter: number, vote: Vote): Message {
  return { kind: "vote", vote: voteOf(voter, vote) };
}

export function certificateOf(vote: Vote, voters: readonly number[] = [1, 2, 3]): Certificate {
  return { vote, signatures: voters.map((voter) => ({ voter, signature: voteOf(voter, vote).signature })) };
}

export function certificate(vote: Vote, voters?: readonly number[]): Message {
  return { kind: "certificate", certificate: certificateOf(vote, voters) };
}

/** The bundle `number` of a lane stands for itself: agreement knows it by its hash alone. */
export function tipOf(lane: number, number: number): Tip {
  return { number, hash: hashOfText(`bundle ${number} of lane ${lane}`) };
}

export function laneCertificateOf(lane: number, number: number): LaneCertificate {
  const { hash } = tipOf(lane, number);
  const voters = [0, 1, 2, 3].filter((voter) => voter !== lane).slice(0, 2);
  const acks = voters.map((voter) => {
    const committee = committeeOf(SIZE, voter);
    return { voter, signature: committee.sign(ackBytes(committee, lane, number, hash)) };
  });
  return { lane, number, hash, acks };
}

export function certified(lane: number, number: number): Input {
  return { kind: "certified", certificate: laneCertificateOf(lane, number) };
}

/** A block of `view` that moves lanes to the given numbers above `parent`, and reveals when it has to. */
export function blockOn(
  parent: Pick<Block, "view" | "tips" | "seed"> & { readonly hash: string },
  view: number,
  advance: Readonly<Record<number, number>> = {},
  leader = leaderAt(view),
): Block {
  const tips = parent.tips.map((tip, lane) => {
    const number = advance[lane];
    return number === undefined ? tip : tipOf(lane, number);
  });
  const committee = committeeOf(SIZE, leader);
  const { configHash } = committee;
  const seed = seedFor(committee, parent, view);
  return { view, parent: parent.hash, tips, configHash, ...seed, checkpoint: null, next: null };
}

export type Beside = Partial<Omit<Proposal, "block" | "signature">>;

/** The proposal of the view's leader, or whoever is to sign it, with certificates for the lanes that `advance` names, unless `beside` says otherwise. */
export function proposalOf(block: Block, beside: Beside = {}, leader = leaderAt(block.view)): Proposal {
  const committee = committeeOf(SIZE, leader);
  const laneCertificates = block.tips.flatMap(({ number }, lane) =>
    number < 0 ? [] : [laneCertificateOf(lane, number)],
  );
  const signature = committee.sign(proposalBytes(committee, block.view, blockHash(block)));
  return { block, parent: null, nullifications: [], laneCertificates, ...beside, signature };
}

export function propose(block: Block, beside?: Beside, leader?: number): Message {
  return { kind: "propose", proposal: proposalOf(block, beside, leader) };
}

export const named = (block: Block) => ({ ...block, hash: blockHash(block) });
export const notarizationOf = (block: Block): Certificate =>
  certificateOf({ kind: "notarize", view: block.view, hash: blockHash(block) });
export const notarization = (block: Block): Message => ({ kind: "certificate", certificate: notarizationOf(block) });
export const nullificationOf = (view: number): Certificate => certificateOf({ kind: "nullify", view });
export const nullification = (view: number): Message => ({ kind: "certificate", certificate: nullificationOf(view) });
export const finalizationOf = (block: Block): Certificate =>
  certificateOf({ kind: "finalize", view: block.view, hash: blockHash(block) });
export const finalization = (block: Block): Message => ({ kind: "certificate", certificate: finalizationOf(block) });

/** Lets the clock of the current view come to its next beats, and gives all that follows. */
export function beats(driven: Driven, count: number): readonly Effect[] {
  return Array.from({ length: count }, () => {
    const { beatMs } = driven.state().clock;
    if (beatMs === null) return [];
    driven.setClock(beatMs);
    return driven.step({ kind: "wake" });
  }).flat();
}

// --- what the gateway did -----------------------------------------------------------------------------------------------

export function sentTo(effects: readonly Effect[]): readonly Message[] {
  return effects.flatMap((effect) => (effect.kind === "send" ? [effect.message] : []));
}

/** "notarize 3" for each vote newly signed, in order; not those that are only sent again. */
export function votesSigned(effects: readonly Effect[]): readonly string[] {
  return effects.flatMap((effect) =>
    effect.kind === "persist" && effect.write.kind === "vote" ? [`${effect.write.vote} ${effect.write.view}`] : [],
  );
}

export function proposalsSent(effects: readonly Effect[]): readonly Proposal[] {
  return sentTo(effects).flatMap((message) => (message.kind === "propose" ? [message.proposal] : []));
}

export function finalizedViews(effects: readonly Effect[]): readonly number[] {
  return effects.flatMap((effect) => (effect.kind === "finalize" ? effect.blocks.map(({ block }) => block.view) : []));
}
