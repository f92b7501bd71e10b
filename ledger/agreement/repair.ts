/** A6 (retransmission), A10, and fetching what is missing. */
import { type GatewayIndex, isLarge } from "../committee/index.ts";
import { leaderOf } from "../leaders/index.ts";
import { type Block, blockHash, hashOf, type Message } from "../message/index.ts";
import { acceptCertificate, castVote, certificateHolds, isKnown } from "./certificates.ts";
import { deliverUpTo } from "./deliver.ts";
import { groundFor } from "./ground.ts";
import { beat, patienceMs } from "./pace.ts";
import { relayDue } from "./relay.ts";
import { offerToAll, peersRoute, routeAgain } from "./routes.ts";
import { closing, finalView, keepBlock, newTips, offer, parentOf, reject, roundOf, send, type Turn } from "./turn.ts";
import type { State } from "./types.ts";

/** Views of which certificates and blocks are sent in answer to one fetch. */
const MAX_VIEWS_AN_ANSWER = 64;
/** A10: and no more often to one peer; the finalized chain is read from the store one stream a peer. */
const SERVE_EVERY_MS = 20;

/** The beats after which a view is given up: without a proposal, and with one that is not notarized. */
const PROPOSAL_BEAT = 3;
const CERTIFICATE_BEAT = 5;

/**
 * A6: at each beat of the clock what was said before is said again, in case it was lost. The view is given up only when that
 * has not helped.
 */
export function onWake(turn: Turn): void {
  relayDue(turn);
  if (!beat(turn)) return;
  const { clock, view, attempt } = turn.state;
  const { proposal, sent } = roundOf(turn.state, view);
  const isLost = clock.beats >= (proposal === null ? PROPOSAL_BEAT : CERTIFICATE_BEAT);
  // A prior Notarize does not block it; a prior Finalize would have led out of the view.
  if (isLost && sent.nullify === null && sent.finalize === null) castVote(turn, { kind: "nullify", view });
  if (turn.state.view !== view) return;
  turn.state = { ...turn.state, attempt: attempt + 1 };
  retransmit(turn, "all");
  tellLeader(turn);
  offerToAll(turn);
  askLeader(turn);
}

/** A6: a lost ack may have kept from the leader alone what everybody else waits for. */
function tellLeader(turn: Turn): void {
  const { committee, state } = turn;
  const to = leaderOf(committee, state.seeds, state.view);
  if (isLarge(committee) || to === committee.self || roundOf(state, state.view).proposal !== null) return;
  for (const certificate of newTips(state, state.delivered.tips)) offer(turn, to, certificate);
}

/** A4, A14: a proposal came without the certificates of lanes that this gateway does not hold; the leader has them. */
function askLeader(turn: Turn): void {
  const { committee, state } = turn;
  const { proposal, sent } = roundOf(state, state.view);
  if (isLarge(committee) && proposal !== null && sent.notarize === null) askFor(turn, proposal.leader);
}

/** The best certificate that led into the view, own votes that still count, and a fetch when something is missing here. */
export function retransmit(turn: Turn, to: "all" | GatewayIndex): void {
  for (const message of standing(turn)) send(turn, to === "all" ? routeAgain(turn, message) : to, message);
  if (isMissing(turn.state)) askFor(turn, to);
}

/**
 * What stands here, behind what the peer has said itself in views that are open: on an old copy of its disk it must hear of that before it says
 * anything else (A9).
 */
export function onLinkUp(turn: Turn, peer: GatewayIndex): void {
  for (const { votes } of turn.state.rounds.values())
    for (const { [peer]: vote } of Object.values(votes)) if (vote) send(turn, peer, { kind: "vote", vote });
  retransmit(turn, peer);
}

function standing(turn: Turn): readonly Message[] {
  const { state } = turn;
  const messages: Message[] = [];
  if (state.highest !== null) messages.push({ kind: "certificate", certificate: state.highest });
  const led = closing(roundOf(state, state.view - 1));
  if (led !== null && state.view - 1 > finalView(state)) messages.push({ kind: "certificate", certificate: led });
  for (const [view, { sent }] of state.rounds) {
    const votes = view === state.view ? [sent.notarize, sent.nullify, sent.finalize] : [sent.finalize];
    for (const vote of votes) if (vote !== null) messages.push({ kind: "vote", vote });
  }
  const own = roundOf(state, state.view).proposal;
  if (own?.leader === turn.committee.self) messages.push({ kind: "propose", proposal: own.proposal });
  return messages;
}

/** Blocks or certificates without which this gateway can neither deliver nor vote nor propose. */
export function isMissing(state: State): boolean {
  if (finalView(state) > state.delivered.view) return true;
  const { proposal } = roundOf(state, state.view);
  if (proposal !== null) return parentOf(state, proposal.proposal.block.parent) === null;
  return groundFor(state, state.view) === null;
}

/** At most once in a while, whoever asks for it. */
export function askFor(turn: Turn, to: "all" | GatewayIndex): void {
  const { askedAtMs, delivered } = turn.state;
  if (to === "all" && askedAtMs !== null && turn.nowMs - askedAtMs < patienceMs(turn.state.pace)) return;
  turn.state = { ...turn.state, askedAtMs: turn.nowMs };
  send(turn, to === "all" ? peersRoute(turn) : to, { kind: "fetch", after: delivered.view });
}

/** A10: whoever votes in a view that was left long ago gets the certificate that left it. */
export function helpStraggler(turn: Turn, peer: GatewayIndex, view: number): void {
  const { state, nowMs } = turn;
  const patience = patienceMs(state.pace);
  const round = roundOf(state, view);
  // Votes that crossed the certificate on the way need no answer.
  const closedAtMs = view === finalView(state) ? state.finalAtMs : round.closedAtMs;
  if (closedAtMs !== null && nowMs - closedAtMs < patience) return;
  const helped = state.helpedAtMs.get(peer);
  if (helped !== undefined && nowMs - helped < patience) return;
  const certificate = view <= finalView(state) ? state.highest : closing(round);
  if (certificate === null) return;
  turn.state = { ...state, helpedAtMs: new Map(state.helpedAtMs).set(peer, nowMs) };
  send(turn, peer, { kind: "certificate", certificate });
}

/** Answers "my chain ends at `after`": the finalized part comes from the store, the rest from here. */
export function onFetch(turn: Turn, from: GatewayIndex, after: number): void {
  const { state } = turn;
  if (after < state.delivered.view) turn.effects.push({ kind: "serveFinalized", to: from, after });
  const served = state.servedAtMs.get(from);
  if (served !== undefined && turn.nowMs - served < SERVE_EVERY_MS) return;
  turn.state = { ...state, servedAtMs: new Map(state.servedAtMs).set(from, turn.nowMs) };
  for (const view of [...state.rounds.keys()].sort((a, b) => a - b).slice(0, MAX_VIEWS_AN_ANSWER)) {
    const { notarization, nullification } = roundOf(state, view);
    for (const certificate of [notarization, nullification])
      if (certificate !== null) send(turn, from, { kind: "certificate", certificate });
    const block = notarization === null ? undefined : state.blocks.get(hashOf(notarization.vote) ?? "");
    if (block !== undefined) send(turn, from, { kind: "block", block });
  }
  // A14: the own proposal came without the certificates of its cut.
  const { proposal } = roundOf(state, state.view);
  if (!isLarge(turn.committee) || proposal?.leader !== turn.committee.self) return;
  for (const certificate of newTips(state, state.delivered.tips)) offer(turn, from, certificate);
}

/** A10: a block is let in only when a certificate leads to it: by its hash, or through the parents of one that is. */
export function onBlock(turn: Turn, block: Block): void {
  const hash = blockHash(block);
  if (wantedBlocks(turn.state).has(hash)) keepBlock(turn, hash, block);
}

/** The first unknown block below every notarized block and below the highest finalized one. */
function wantedBlocks(state: State): ReadonlySet<string> {
  const votes = [state.highest?.vote, ...[...state.rounds.values()].map(({ notarization }) => notarization?.vote)];
  const wanted = new Set<string>();
  for (const vote of votes) {
    if (vote === undefined || vote.kind === "nullify") continue;
    let at = vote.hash;
    for (let known = state.blocks.get(at); known !== undefined; known = state.blocks.get(at)) at = known.parent;
    if (at !== state.delivered.hash) wanted.add(at);
  }
  return wanted;
}

/**
 * A part of the finalized chain: believed because its last block carries a Finalization and every block names its parent
 * by hash. What does not link to the own chain is of no use and no fault.
 */
export function onFinalizedChain(
  turn: Turn,
  from: GatewayIndex,
  { blocks, finalization }: Extract<Message, { kind: "finalized" }>,
): void {
  const { delivered } = turn.state;
  const { vote } = finalization;
  const all = blocks.map((block) => ({ block, hash: blockHash(block) }));
  const links = all.filter(({ block }) => block.view > delivered.view);
  const last = links.at(-1);
  if (last === undefined || vote.kind !== "finalize") return;
  if (links.some(({ block }, index) => block.parent !== (links[index - 1] ?? delivered).hash)) return;
  if (last.hash !== vote.hash || last.block.view !== vote.view || !certificateHolds(turn, finalization))
    return reject(turn, from, `a finalized chain whose certificate does not hold (view ${vote.view})`);
  for (const { block, hash } of links) keepBlock(turn, hash, block);
  if (!isKnown(turn.state, vote)) acceptCertificate(turn, finalization);
  deliverUpTo(turn, finalization);
  turn.state = { ...turn.state, askedAtMs: null };
  // Without progress there is nothing more to be had from the same answer: a successor's text is missing (A13).
  if (turn.state.delivered !== delivered && finalView(turn.state) > turn.state.delivered.view) askFor(turn, from);
}
