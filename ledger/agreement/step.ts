/** The core of agreement: pure, one input at a time. The rules are in README.md, the shell is whoever calls this. */
import { type Committee, type GatewayIndex, type Hash, hasVote, invariant, OldCopy } from "../committee/index.ts";
import { leaderOf } from "../leaders/index.ts";
import type { Certificate, LaneCertificate, Message, Proposal, SignedVote } from "../message/index.ts";
import { blockHash, proposalBytes, voteBytes } from "../message/index.ts";
import { acceptCertificate, certificateHolds, countVote, HORIZON_VIEWS, isKnown } from "./certificates.ts";
import { deliver } from "./deliver.ts";
import { keepTime } from "./pace.ts";
import { notarize, propose } from "./propose.ts";
import { noteShown } from "./relay.ts";
import { askFor, helpStraggler, isMissing, onBlock, onFetch, onFinalizedChain, onLinkUp, onWake } from "./repair.ts";
import { offerOwn } from "./routes.ts";
import { finalView, isAbove, keepBlock, reject, roundOf, setRound, type Turn } from "./turn.ts";
import type { Effect, Input, State } from "./types.ts";

/** Own roots that are kept to hold proposals against. */
const ROOTS_KEPT = 64;
/** Of a lane that is certified while agreement stalls. A proposal names the newest, and brings the certificate of what is no longer among them. */
const HASHES_KEPT = 1024;

export function step(
  committee: Committee,
  state: State,
  input: Input,
  nowMs: number,
): { readonly state: State; readonly effects: readonly Effect[] } {
  const turn: Turn = { committee, nowMs, state, effects: [] };
  if (state.ended) return turn;
  onInput(turn, input);
  settle(turn);
  keepTime(turn);
  return { state: turn.state, effects: turn.effects };
}

function onInput(turn: Turn, input: Input): void {
  switch (input.kind) {
    case "message":
      return onMessage(turn, input.from, input.message);
    case "certified":
      return onCertified(turn, input.certificate);
    case "vouched":
      return onVouched(turn, input);
    case "disowned":
      return onDisowned(turn, input.lane);
    case "executed":
      return onExecuted(turn, input.size, input.root);
    case "checkpoint":
      turn.state = { ...turn.state, checkpoint: { size: input.size, root: input.root } };
      return;
    case "approved":
      return onApproved(turn, input.hash, input.propose);
    case "linkUp":
      return onLinkUp(turn, input.peer);
    case "wake":
      return onWake(turn);
  }
}

/** Each rule acts when its conditions hold; what one does may let another act, until nothing changes. */
function settle(turn: Turn): void {
  for (;;) {
    const before = turn.state;
    deliver(turn);
    // A13: the shell begins the next epoch now.
    if (turn.state.ended) return;
    if (turn.committee.member) {
      propose(turn);
      notarize(turn);
    }
    if (turn.state === before) return;
  }
}

function onMessage(turn: Turn, from: GatewayIndex, message: Message): void {
  noteShown(turn, from, message);
  switch (message.kind) {
    case "propose":
      return onPropose(turn, from, message.proposal);
    case "vote":
      return onVote(turn, from, message.vote);
    case "certificate":
      return void onCertificate(turn, from, message.certificate);
    case "fetch":
      return onFetch(turn, from, message.after);
    case "block":
      return onBlock(turn, message.block);
    case "finalized":
      return onFinalizedChain(turn, from, message);
  }
}

function onVote(turn: Turn, from: GatewayIndex, signed: SignedVote): void {
  const { committee, state } = turn;
  const { vote, voter, signature } = signed;
  if (vote.view <= finalView(state)) return helpStraggler(turn, from, vote.view);
  if (voter === committee.self && committee.member) return onOwnVote(turn, signed);
  if (vote.view > state.view + HORIZON_VIEWS) return;
  if (!hasVote(committee, voter)) return reject(turn, from, `a vote by gateway ${voter}, which has none`);
  if (isKnown(state, vote)) {
    if (vote.view < state.view) helpStraggler(turn, from, vote.view);
    return;
  }
  if (!committee.verify(voter, voteBytes(committee, vote), signature))
    return reject(turn, from, `a ${vote.kind} of gateway ${voter} whose signature does not hold`);
  countVote(turn, signed);
  if (vote.view < turn.state.view) helpStraggler(turn, from, vote.view);
}

/** A9: an own vote that is not on this disk was cast by a later life of this gateway. It must not vote any more. */
function onOwnVote(turn: Turn, { vote, signature }: SignedVote): void {
  if (vote.view <= finalView(turn.state) || roundOf(turn.state, vote.view).sent[vote.kind] !== null) return;
  if (!turn.committee.verify(turn.committee.self, voteBytes(turn.committee, vote), signature)) return;
  throw new OldCopy(`the own ${vote.kind} of view ${vote.view}`);
}

/** False when it does not hold. */
function onCertificate(turn: Turn, from: GatewayIndex, certificate: Certificate): boolean {
  if (isKnown(turn.state, certificate.vote)) return true;
  if (!certificateHolds(turn, certificate)) {
    reject(turn, from, `a certificate of view ${certificate.vote.view} that does not hold`);
    return false;
  }
  acceptCertificate(turn, certificate);
  if (finalView(turn.state) > turn.state.delivered.view) deliver(turn);
  if (isMissing(turn.state)) askFor(turn, from);
  return true;
}

/** A4 (first condition): the first proposal that the view's leader signed; a second one is the witness's (E7). */
function onPropose(turn: Turn, from: GatewayIndex, proposal: Proposal): void {
  const { committee, state } = turn;
  const { block } = proposal;
  if (block.view <= finalView(state)) return;
  const hash = blockHash(block);
  const leader = leaderOf(committee, state.seeds, block.view);
  const { proposal: earlier } = roundOf(state, block.view);
  // What travels beside the block is the leader's too, though its signature does not cover it: only the leader's link counts.
  // Whoever led while less was known to be final (A12) did not equivocate: this is another leader.
  if (leader === committee.self || from !== leader || earlier?.leader === leader) return;
  if (!committee.verify(leader, proposalBytes(committee, block.view, hash), proposal.signature))
    return reject(turn, from, `a proposal for view ${block.view} that its leader did not sign`);
  // The first that does not hold spoils the rest: a message has room for thousands, and each costs signature checks.
  for (const certificate of [...proposal.nullifications, ...(proposal.parent === null ? [] : [proposal.parent])])
    if (!onCertificate(turn, from, certificate)) return;
  if (block.view <= finalView(turn.state)) return;
  // A10: whoever leads a view has what leads into it. Kept without that, proposals for views far ahead would fill the memory.
  if (block.view > turn.state.view)
    return reject(turn, from, `a proposal for view ${block.view} without the certificates that lead there`);
  setRound(turn, block.view, { proposal: { proposal, hash, leader } });
  keepBlock(turn, hash, block);
  if (isMissing(turn.state)) askFor(turn, from);
}

function onCertified(turn: Turn, certificate: LaneCertificate): void {
  const { lane, number, hash } = certificate;
  const known = knownOf(turn, lane);
  const highest = known.highest === null || known.highest.number < number ? certificate : known.highest;
  setKnown(turn, lane, { highest, hashes: withHash(known.hashes, number, hash) });
  if (isAbove(turn.state.delivered.tips, lane, number))
    turn.state = { ...turn.state, ahead: new Set(turn.state.ahead).add(lane) };
  if (lane === turn.committee.self) offerOwn(turn, turn.state.view);
}

/** A4: held and validated here, which is what a certificate says of others. */
function onVouched(turn: Turn, { lane, number, hash }: Extract<Input, { kind: "vouched" }>): void {
  const { highest, hashes } = knownOf(turn, lane);
  if (isAbove(turn.state.delivered.tips, lane, number))
    setKnown(turn, lane, { highest, hashes: withHash(hashes, number, hash) });
}

function withHash(hashes: ReadonlyMap<number, Hash>, number: number, hash: Hash): ReadonlyMap<number, Hash> {
  const kept = hashes.size < HASHES_KEPT ? hashes : [...hashes].slice(1 - HASHES_KEPT);
  return new Map(kept).set(number, hash);
}

function onDisowned(turn: Turn, lane: GatewayIndex): void {
  const { highest } = knownOf(turn, lane);
  setKnown(turn, lane, { highest, hashes: new Map(highest === null ? [] : [[highest.number, highest.hash]]) });
}

type Known = State["certified"][number];

function knownOf(turn: Turn, lane: GatewayIndex): Known {
  const known = turn.state.certified[lane];
  invariant(known !== undefined, `no lane ${lane}`);
  return known;
}

function setKnown(turn: Turn, lane: GatewayIndex, known: Known): void {
  turn.state = { ...turn.state, certified: turn.state.certified.with(lane, known) };
}

function onExecuted(turn: Turn, size: number, root: string): void {
  const kept = [...turn.state.roots].slice(1 - ROOTS_KEPT);
  turn.state = { ...turn.state, roots: new Map([...kept, [size, root]]) };
}

/** A13. The shell bounds how many there are. */
function onApproved(turn: Turn, hash: Hash, proposing: boolean): void {
  const approved = turn.state.approved.includes(hash) ? turn.state.approved : [...turn.state.approved, hash];
  turn.state = { ...turn.state, approved, proposing: proposing ? hash : turn.state.proposing };
}
