/**
 * Proposes two valid blocks for one view: one to each half, or both to all, the second at once, late, or when the first is already
 * notarized. All attacked gateways vote for both.
 */
import type { GatewayIndex, Hash } from "../../../ledger/committee/index.ts";
import { type Attack, type AttackContext, othersOf, sharedMap, someOf, strike } from "./attack.ts";
import { inAgreement, isOwnProposal, proposalOf, say, voteOf } from "./speech.ts";
import { blockHash, type Proposal } from "../../../ledger/message/index.ts";

const LATE_MS = 300;

type Plot = {
  readonly hashes: readonly [Hash, Hash];
  /** Who is shown the second block; the others see the first. */
  readonly deceived: ReadonlySet<GatewayIndex>;
  readonly first: Uint8Array;
  readonly second: Uint8Array;
  readonly kind: "halves" | "both" | "late" | "after-notarization";
};

export const equivocatingLeader: Attack = {
  name: "equivocating-leader",
  begin: (context) => {
    const { committee, random } = context;
    const plots = sharedMap<number, Plot>(context.shared, "two blocks of a view");
    return {
      outgoing: (to, bytes) => {
        const message = inAgreement(bytes);
        if (message?.kind === "propose" && isOwnProposal(committee, message.proposal)) {
          const { view } = message.proposal.block;
          const plot = plots.get(view) ?? plotFor(context, message.proposal);
          plots.set(view, plot);
          return shown(plot, to, random.below(LATE_MS));
        }
        if (message?.kind !== "vote" || message.vote.vote.kind === "nullify") return [{ to, bytes }];
        const { vote } = message.vote;
        const plot = plots.get(vote.view);
        if (plot === undefined) return [{ to, bytes }];
        const votes = plot.hashes.map((hash) => say({ kind: "vote", vote: voteOf(committee, { ...vote, hash }) }));
        if (plot.kind === "halves") return [{ to, bytes: votes[plot.deceived.has(to) ? 1 : 0] as Uint8Array }];
        return votes.map((vote) => ({ to, bytes: vote }));
      },
      incoming: (_from, bytes) => {
        const message = inAgreement(bytes);
        if (message?.kind === "certificate" && message.certificate.vote.kind === "notarize") {
          const plot = plots.get(message.certificate.vote.view);
          if (plot?.kind === "after-notarization") for (const to of plot.deceived) context.send(to, plot.second);
        }
        return true;
      },
    };
  },
};

function shown(plot: Plot, to: GatewayIndex, lateMs: number) {
  const [first, second] = [plot.first, plot.second].map((bytes) => ({ to, bytes }));
  if (first === undefined || second === undefined) return [];
  switch (plot.kind) {
    case "halves":
      return [plot.deceived.has(to) ? second : first];
    case "both":
      return plot.deceived.has(to) ? [second, first] : [first, second];
    case "late":
      return [first, { ...second, delayMs: lateMs }];
    case "after-notarization":
      return [first];
  }
}

/**
 * The rival stands on the same ground and orders the same: only a checkpoint tells them apart, one that nobody can judge, or that
 * those can who have executed so far, and the others not yet (A4).
 */
function plotFor(context: AttackContext, proposal: Proposal): Plot {
  const { committee, random } = context;
  const { block } = proposal;
  const root = blockHash({ ...block, checkpoint: null });
  const size = random.chance(0.5) ? 1_000_000_000 : (block.checkpoint?.size ?? 0) + 1 + random.below(3);
  const rival = { ...block, checkpoint: { size, root } };
  strike(context, "equivocating-leader");
  return {
    hashes: [blockHash(block), blockHash(rival)],
    deceived: new Set(someOf(random, othersOf(context), 1)),
    first: say({ kind: "propose", proposal }),
    second: say({ kind: "propose", proposal: proposalOf(committee, proposal, rival) }),
    kind: random.pick(["halves", "both", "late", "after-notarization"]),
  };
}
