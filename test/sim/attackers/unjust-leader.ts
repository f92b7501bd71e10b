/**
 * Proposes what A4 forbids, one condition at a time: on a parent that a view in between still counts for, on one that nobody
 * notarized, with a lane that goes back, changes or advances without proof, with a checkpoint that never was, for another
 * configuration, with a seed of its own choice, at the end of an epoch that nobody ends. It votes for that, too.
 */
import type { Hash } from "../../../ledger/committee/index.ts";
import { type Attack, type AttackContext, strike } from "./attack.ts";
import { inAgreement, isOwnProposal, proposalOf, say, voteOf } from "./speech.ts";
import { type Block, blockHash, type LaneCertificate, type Proposal } from "../../../ledger/message/index.ts";

const CHANCE = 0.6;
const KEPT = 64;

type Memory = Map<Hash, Proposal>;
type Injustice = (context: AttackContext, memory: Memory, proposal: Proposal) => Proposal | null;

export const unjustLeader: Attack = {
  name: "unjust-leader",
  begin: (context) => {
    const { committee, random } = context;
    const memory: Memory = new Map();
    const plots = new Map<number, Proposal | null>();
    const plotOf = (proposal: Proposal): Proposal | null => {
      const { view } = proposal.block;
      const known = plots.get(view);
      if (known !== undefined) return known;
      const unjust = random.chance(CHANCE) ? random.pick(INJUSTICES)(context, memory, proposal) : null;
      if (unjust !== null) strike(context, "unjust-leader");
      const signed = unjust === null ? null : proposalOf(committee, unjust, unjust.block);
      plots.set(view, signed);
      return signed;
    };
    return {
      outgoing: (to, bytes) => {
        const message = inAgreement(bytes);
        if (message?.kind === "propose" && isOwnProposal(committee, message.proposal)) {
          const unjust = plotOf(message.proposal);
          remember(memory, message.proposal);
          return [{ to, bytes: unjust === null ? bytes : say({ kind: "propose", proposal: unjust }) }];
        }
        if (message?.kind !== "vote" || message.vote.vote.kind !== "notarize") return [{ to, bytes }];
        const { vote } = message.vote;
        const unjust = plots.get(vote.view) ?? null;
        if (unjust === null) return [{ to, bytes }];
        const hash = blockHash(unjust.block);
        return [{ to, bytes: say({ kind: "vote", vote: voteOf(committee, { ...vote, hash }) }) }];
      },
      incoming: (_from, bytes) => {
        const message = inAgreement(bytes);
        if (message?.kind === "propose") remember(memory, message.proposal);
        return true;
      },
    };
  },
};

function remember(memory: Memory, proposal: Proposal): void {
  memory.set(blockHash(proposal.block), proposal);
  const [oldest] = memory.keys();
  if (memory.size > KEPT && oldest !== undefined) memory.delete(oldest);
}

/** As if the view of the parent had been nullified. */
const skips: Injustice = (_context, memory, proposal) => {
  const below = memory.get(proposal.block.parent);
  if (below === undefined) return null;
  return {
    ...proposal,
    block: { ...proposal.block, parent: below.block.parent },
    parent: below.parent,
    nullifications: [...proposal.nullifications, ...below.nullifications],
    laneCertificates: highest([...proposal.laneCertificates, ...below.laneCertificates], proposal.block),
  };
};

function highest(certificates: readonly LaneCertificate[], { tips }: Block): readonly LaneCertificate[] {
  return certificates.filter(({ lane, number }) => tips[lane]?.number === number);
}

/** On the proposal of a view that was nullified. */
const unnotarized: Injustice = (_context, memory, proposal) => {
  const { block, nullifications } = proposal;
  const lost = [...memory].find(([, { block: other }]) =>
    nullifications.some(({ vote }) => vote.view === other.view && other.view < block.view),
  );
  if (lost === undefined) return null;
  const [hash, { block: parent }] = lost;
  return {
    ...proposal,
    block: { ...block, parent: hash },
    nullifications: nullifications.filter(({ vote }) => vote.view > parent.view),
  };
};

const goesBack: Injustice = ({ random }, _memory, proposal) => {
  const lanes = [...proposal.block.tips.entries()].filter(([, { number }]) => number > 0);
  if (lanes.length === 0) return null;
  const [lane, tip] = random.pick(lanes);
  return withTip(proposal, lane, { number: tip.number - 1, hash: "b".repeat(64) });
};

const changes: Injustice = ({ random }, _memory, proposal) => {
  const lane = random.below(proposal.block.tips.length);
  const tip = proposal.block.tips[lane];
  return tip === undefined || tip.number < 0 ? null : withTip(proposal, lane, { ...tip, hash: "c".repeat(64) });
};

/** A bundle that nobody has, with no certificate, one without signers, or another bundle's. */
const advances: Injustice = ({ random }, _memory, proposal) => {
  const lane = random.below(proposal.block.tips.length);
  const number = (proposal.block.tips[lane]?.number ?? -1) + 1;
  const hash = "d".repeat(64);
  const [other] = proposal.laneCertificates;
  const acks = random.pick([[], other?.acks ?? []]);
  const laneCertificates = proposal.laneCertificates.filter((one) => one.lane !== lane);
  return {
    ...withTip(proposal, lane, { number, hash }),
    laneCertificates: random.chance(0.5) ? laneCertificates : [...laneCertificates, { lane, number, hash, acks }],
  };
};

const falseCheckpoint: Injustice = (_context, _memory, proposal) => {
  const { checkpoint } = proposal.block;
  if (checkpoint === null) return null;
  return { ...proposal, block: { ...proposal.block, checkpoint: { ...checkpoint, root: "e".repeat(64) } } };
};

const otherConfiguration: Injustice = (_context, _memory, proposal) => ({
  ...proposal,
  block: { ...proposal.block, configHash: "f".repeat(64) },
});

/** A12: a seed of its own choice, a reveal that is none, or none where one is due. */
const falseSeed: Injustice = ({ random }, _memory, proposal) => {
  const { block } = proposal;
  const reveal = block.reveal === null ? new Uint8Array(80) : null;
  return { ...proposal, block: random.chance(0.5) ? { ...block, seed: "a".repeat(64) } : { ...block, reveal } };
};

/** A13: the epoch ends for a configuration that nobody has approved. */
const endsEpoch: Injustice = (_context, _memory, proposal) => ({
  ...proposal,
  block: { ...proposal.block, next: "9".repeat(64) },
});

const INJUSTICES: readonly Injustice[] = [
  skips,
  skips,
  unnotarized,
  unnotarized,
  goesBack,
  changes,
  advances,
  falseCheckpoint,
  otherConfiguration,
  falseSeed,
  endsEpoch,
];

function withTip(proposal: Proposal, lane: number, tip: Block["tips"][number]): Proposal {
  return { ...proposal, block: { ...proposal.block, tips: proposal.block.tips.with(lane, tip) } };
}
