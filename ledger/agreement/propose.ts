/** A3 and A4: what a leader may propose, and what a gateway notarizes. */
import { type Committee, type GatewayIndex, type Hash, invariant, isLarge } from "../committee/index.ts";
import { laneCertificateHolds } from "../lane/index.ts";
import { leaderOf, seedFault, seedFor } from "../leaders/index.ts";
import type { Block, LaneCertificate, Proposal, Tip } from "../message/index.ts";
import { blockHash, encodeBlock, encodeMessage, proposalBytes } from "../message/index.ts";
import { castVote } from "./certificates.ts";
import { type Ground, groundFor } from "./ground.ts";
import { cutAtMs, setClock } from "./pace.ts";
import { keepBlock, newTips, parentOf, persist, reject, roundOf, send, setRound, type Turn } from "./turn.ts";
import type { State } from "./types.ts";

/** A14: with 334 signatures each, certificates that all have seen would fill a message: those who lack them ask (A10). */
const NEWEST = 8;
/** In a small committee all of them, as far as a message has room, which a link carries up to 1 MiB (P3). */
const ROOM_BYTES = 768 * 1024;
const CERTIFICATE_BYTES = 32;
const SIGNED_BYTES = 72;

/** A3, for the leader of the current view. */
export function propose(turn: Turn): void {
  const { committee, state } = turn;
  const { view } = state;
  const round = roundOf(state, view);
  if (round.proposal !== null || round.sent.nullify !== null) return;
  if (leaderOf(committee, state.seeds, view) !== committee.self) return;
  const ground = groundFor(state, view);
  if (ground === null) return;
  // A13: above the block that ends the epoch there is nothing but the way to its finality.
  const ending = ground.next !== null;
  const advanced = ending ? [] : newTips(state, ground.tips);
  const next = ground.next ?? state.proposing;
  if (advanced.length === 0 && (ending || next === null) && !mayCarry(turn, ground)) return;
  if (cutAtMs(state) > turn.nowMs) {
    if (state.clock.cutMs === null) setClock(turn, { cutMs: cutAtMs(state) });
    return;
  }

  const tips = ground.tips.slice();
  for (const { lane, number, hash } of advanced) tips[lane] = { number, hash };
  const block: Block = {
    view,
    parent: ground.hash,
    tips,
    configHash: committee.configHash,
    ...seedFor(committee, ground, view),
    checkpoint: state.checkpoint,
    next,
  };
  const hash = blockHash(block);
  const signature = committee.sign(proposalBytes(committee, view, hash));
  const proposal: Proposal = {
    block,
    parent: ground.certificate,
    nullifications: ground.nullifications.slice(0, isLarge(committee) ? NEWEST : roomFor(committee)),
    laneCertificates: isLarge(committee) ? [] : advanced,
    signature,
  };
  const message = { kind: "propose", proposal } as const;
  // A9: after a restart the very same proposal is sent again, never another one of this view.
  persist(turn, { kind: "proposal", view, bytes: encodeMessage(message) });
  send(turn, "all", message);
  setRound(turn, view, { proposal: { proposal, hash, leader: committee.self } });
  keepBlock(turn, hash, block);
}

/** A3: after hours in which view after view was given up the newest must do: a message that is no message would cost its leader every view. */
function roomFor({ quorum }: Committee): number {
  return Math.floor(ROOM_BYTES / (CERTIFICATE_BYTES + SIGNED_BYTES * quorum));
}

/**
 * With nothing new to order a leader still proposes, after D, on a parent that is notarized but not final: without a block on top it might
 * never become final (A5: too many may have nullified its view). No later: others may have less patience, and give up at 3 D of theirs (A6).
 */
function mayCarry(turn: Turn, ground: Ground): boolean {
  return ground.view > turn.state.delivered.view && turn.state.clock.beats >= CARRY_BEAT;
}

const CARRY_BEAT = 1;

/** A4: notarize the first proposal from leader(v) iff every condition holds. */
export function notarize(turn: Turn): void {
  const { view } = turn.state;
  const round = roundOf(turn.state, view);
  if (round.proposal === null || round.sent.notarize !== null || round.sent.nullify !== null) return;
  const { proposal, hash, leader } = round.proposal;
  const judgement = judge(turn, leader, proposal);
  switch (judgement.kind) {
    case "wait":
      return;
    case "invalid":
      reject(turn, leader, judgement.reason);
      // A6: an invalid proposal is as good as none.
      return castVote(turn, { kind: "nullify", view });
    case "valid":
      persist(turn, { kind: "block", view, hash, bytes: encodeBlock(proposal.block) });
      return castVote(turn, { kind: "notarize", view, hash });
  }
}

type Judgement = { readonly kind: "valid" | "wait" } | { readonly kind: "invalid"; readonly reason: string };

function invalid(reason: string): Judgement {
  return { kind: "invalid", reason };
}

/** A4, condition by condition. `wait`: what is missing may still arrive; the clocks decide how long that is tried. */
function judge(turn: Turn, leader: GatewayIndex, proposal: Proposal): Judgement {
  const { committee, state } = turn;
  const { block } = proposal;
  if (block.configHash !== committee.configHash) return invalid("its configuration is not the active one");
  if (block.tips.length !== committee.size)
    return invalid(`its cut has ${block.tips.length} lanes, the site has ${committee.size}`);
  const root = block.checkpoint === null ? undefined : state.roots.get(block.checkpoint.size);
  if (root !== undefined && root !== block.checkpoint?.root)
    return invalid(`its checkpoint of size ${block.checkpoint?.size} has another root`);

  const parent = parentOf(state, block.parent);
  if (parent === null) return { kind: "wait" };
  if (parent.view >= block.view) return invalid("its parent is not of an earlier view");
  if (!isNotarized(state, parent.view, block.parent)) return { kind: "wait" };
  for (let skipped = parent.view + 1; skipped < block.view; skipped += 1) {
    if (roundOf(state, skipped).nullification === null) return { kind: "wait" };
  }
  const fault = seedFault(committee, leader, parent, block);
  if (fault !== null) return invalid(fault);
  const isEmpty = block.tips.every((tip, lane) => tip.number === parent.tips[lane]?.number);
  if (parent.next !== null && !(isEmpty && block.next === parent.next))
    return invalid("it is not empty, though the epoch has ended below it");
  if (parent.next === null && block.next !== null && !state.approved.includes(block.next)) {
    turn.effects.push({ kind: "successorWanted", hash: block.next });
    return { kind: "wait" };
  }
  return judgeCut(turn, parent.tips, proposal);
}

function isNotarized(state: State, view: number, hash: Hash): boolean {
  if (hash === state.delivered.hash) return true;
  const vote = roundOf(state, view).notarization?.vote;
  return vote?.kind === "notarize" && vote.hash === hash;
}

/** A1, A4: no lane goes backwards, and every step forward has its certificate. */
function judgeCut(turn: Turn, from: readonly Tip[], { block, laneCertificates }: Proposal): Judgement {
  for (const [lane, tip] of block.tips.entries()) {
    const before = from[lane];
    invariant(before !== undefined, `no tip for lane ${lane}`);
    if (tip.number < before.number) return invalid(`lane ${lane} goes backwards`);
    if (tip.number === before.number) {
      if (tip.hash !== before.hash) return invalid(`lane ${lane} changes its bundle ${tip.number}`);
      continue;
    }
    // What the lanes have certified or hold themselves was checked there.
    if (turn.state.certified[lane]?.hashes.get(tip.number) === tip.hash) continue;
    const isIts = (one: LaneCertificate) => one.lane === lane && one.number === tip.number && one.hash === tip.hash;
    const certificate = laneCertificates.find(isIts);
    if (certificate === undefined)
      return isLarge(turn.committee) ? { kind: "wait" } : invalid(`lane ${lane} advances without a certificate`);
    if (!laneCertificateHolds(turn.committee, certificate))
      return invalid(`the certificate of lane ${lane} does not hold`);
  }
  return { kind: "valid" };
}
