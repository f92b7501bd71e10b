/** A9: the state after a restart is made from what is on disk, and goes on by the same rules. */
import { encode } from "../cbor/index.ts";
import { type Committee, hashBytes, invariant } from "../committee/index.ts";
import { sha256, toHex } from "../crypto/index.ts";
import { NO_HASH } from "../lane/index.ts";
import { NO_SEED, seedsAfter } from "../leaders/index.ts";
import type { Block, LaneCertificate, Message } from "../message/index.ts";
import { blockHash, storedBlock, storedCertificate, storedMessage } from "../message/index.ts";
import type { Recovered } from "../store/port.ts";
import { acceptCertificate, withOwn } from "./certificates.ts";
import { INITIAL_PACE, STOPPED } from "./pace.ts";
import { NOBODY_SHOWN } from "./relay.ts";
import { finalView, isAbove, keepBlock, roundOf, setRound, type Turn } from "./turn.ts";
import type { Link, State } from "./types.ts";

type Start = Pick<State["delivered"], "view" | "hash" | "tips" | "seed">;

/** Genesis is a hash of its own for every site, epoch and configuration, final at view 0 without a certificate. */
export function genesisOf(committee: Committee): State["delivered"] {
  const { site, epoch, configHash } = committee;
  const hash = toHex(sha256(encode(["tallystick/v1 genesis", site, epoch, hashBytes(configHash)])));
  return startOf(committee, { view: 0, hash, tips: [], seed: NO_SEED });
}

/** A13: an epoch begins with the block that ended the one before; gateways that join have nothing in it. */
function startOf({ size }: Committee, { view, hash, tips, seed }: Start): State["delivered"] {
  const all = Array.from({ length: size }, (_, lane) => tips[lane] ?? { number: -1, hash: NO_HASH });
  return { view, hash, tips: all, seed, next: null, finalization: null };
}

function deliveredFrom(committee: Committee, { finalized, epochs }: Stored): State["delivered"] {
  if (finalized === null) return genesisOf(committee);
  const last = { ...storedBlock(finalized.block), hash: finalized.hash };
  if (last.view === epochs.at(-1)?.view) return startOf(committee, last);
  const { view, hash, tips, seed } = last;
  return { view, hash, tips, seed, next: null, finalization: storedCertificate(finalized.finalization) };
}

export type Stored = Pick<
  Recovered,
  "epochs" | "finalized" | "chain" | "votes" | "proposals" | "certificates" | "blocks"
>;

/** Shapes what the store gave back. Throws when it does not decode: then the disk is not what this program wrote. */
export function recoverState(
  committee: Committee,
  stored: Stored,
  certified: readonly (LaneCertificate | null)[],
): State {
  // A12: leaders are drawn from what the epoch itself has settled.
  const settled = stored.chain.map(storedBlock).filter(({ view }) => view >= (stored.epochs.at(-1)?.view ?? 0));
  const state = stateAfter(committee, deliveredFrom(committee, stored), settled, certified);
  const above = stored.blocks.filter(({ view }) => view > state.delivered.view);
  const blocks = new Map(above.map(({ hash, bytes }) => [hash, storedBlock(bytes)]));
  // By the rules that made it so; nobody hears of it, and what was learned of times meanwhile is not true.
  const turn: Turn = { committee: { ...committee, member: false }, nowMs: 0, state: { ...state, blocks }, effects: [] };
  for (const { bytes } of stored.certificates) acceptCertificate(turn, storedCertificate(bytes));
  for (const { bytes } of stored.votes) recoverVote(turn, storedMessage(bytes));
  for (const { bytes } of stored.proposals) recoverProposal(turn, storedMessage(bytes));
  const { enteredAtMs, finalAtMs, pace, clock, relays, viewsNullified } = state;
  return { ...turn.state, enteredAtMs, finalAtMs, pace, clock, relays, viewsNullified };
}

/** A13: the state in which the next epoch begins with `last`. What was learned of times and of the own log stays true. */
export function beginEpoch(committee: Committee, before: State, { hash, block }: Link): State {
  const none = Array.from({ length: committee.size }, () => null);
  const { pace, roots, checkpoint, viewsNullified } = before;
  const fresh = stateAfter(committee, startOf(committee, { ...block, hash }), [block], none);
  return { ...fresh, pace, roots, checkpoint, viewsNullified };
}

/** Nothing but what is delivered, and what the lanes have certified. */
function stateAfter(
  committee: Committee,
  delivered: State["delivered"],
  settled: readonly Block[],
  certified: readonly (LaneCertificate | null)[],
): State {
  const ahead = certified.filter((one) => one !== null && isAbove(delivered.tips, one.lane, one.number));
  return {
    view: delivered.view + 1,
    delivered,
    seeds: seedsAfter(committee, [], settled),
    approved: [],
    proposing: null,
    ended: false,
    highest: delivered.finalization,
    attempt: 0,
    enteredAtMs: null,
    finalAtMs: null,
    rounds: new Map(),
    blocks: new Map(),
    certified: certified.map((highest) => ({ highest, hashes: new Map(highest && [[highest.number, highest.hash]]) })),
    ahead: new Set(ahead.flatMap((one) => one?.lane ?? [])),
    checkpoint: null,
    roots: new Map(),
    pace: INITIAL_PACE,
    clock: STOPPED,
    relays: NOBODY_SHOWN,
    helpedAtMs: new Map(),
    servedAtMs: new Map(),
    askedAtMs: null,
    viewsNullified: 0,
  };
}

/** A9: votes are counted and, by retransmission, sent again verbatim; A4 to A6 see them as sent. */
function recoverVote(turn: Turn, message: Message): void {
  invariant(
    message.kind === "vote" && message.vote.voter === turn.committee.self,
    "the store holds a vote that is not this gateway's",
  );
  const { view, kind } = message.vote.vote;
  if (view <= finalView(turn.state)) return;
  const { sent, votes } = roundOf(turn.state, view);
  const counted = withOwn(votes[kind], message.vote);
  setRound(turn, view, { sent: { ...sent, [kind]: message.vote }, votes: { ...votes, [kind]: counted } });
}

/** A9: the own proposal of a view is never made twice. */
function recoverProposal(turn: Turn, message: Message): void {
  invariant(message.kind === "propose", "the store holds no proposal where one belongs");
  const { proposal } = message;
  const { view } = proposal.block;
  if (view <= finalView(turn.state)) return;
  const hash = blockHash(proposal.block);
  keepBlock(turn, hash, proposal.block);
  setRound(turn, view, { proposal: { proposal, hash, leader: turn.committee.self } });
}
