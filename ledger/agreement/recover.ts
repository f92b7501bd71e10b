/** A9: the state after a restart is made from what is on disk, and goes on by the same rules. */
import { type CborValue, decode, encode } from "../cbor/index.ts";
import { type Committee, hashBytes, invariant } from "../committee/index.ts";
import { sha256, toHex } from "../crypto/index.ts";
import { NO_HASH } from "../lane/index.ts";
import { NO_SEED, seedsAfter } from "../leaders/index.ts";
import type { Block, Certificate, LaneCertificate, Message, Tip } from "../message/index.ts";
import { blockHash, encodeBlock, readBlock, readMessage } from "../message/index.ts";
import type { Recovered } from "../store/port.ts";
import { acceptCertificate, withOwn } from "./certificates.ts";
import { INITIAL_PACE, STOPPED } from "./pace.ts";
import { NOBODY_SHOWN } from "./relay.ts";
import { finalView, isAbove, keepBlock, roundOf, setRound, type Turn } from "./turn.ts";
import type { Link, State } from "./types.ts";

/** Genesis is a hash of its own for every site, epoch and configuration, final at view 0 without a certificate. */
export function genesisOf({ site, epoch, configHash, size }: Committee): State["delivered"] {
  const hash = toHex(sha256(encode(["tallystick/v1 genesis", site, epoch, hashBytes(configHash)])));
  const tips: readonly Tip[] = Array.from({ length: size }, () => ({ number: -1, hash: NO_HASH }));
  return { view: 0, hash, tips, seed: NO_SEED, next: null, finalization: null };
}

/** A13: an epoch begins with the block that ended the one before; gateways that join have nothing in it. */
function startOf({ size }: Committee, { view, hash, block }: NonNullable<Recovered["finalized"]>): State["delivered"] {
  const { tips, seed } = storedBlock(block);
  const all = Array.from({ length: size }, (_, lane) => tips[lane] ?? { number: -1, hash: NO_HASH });
  return { view, hash, tips: all, seed, next: null, finalization: null };
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
  const delivered = deliveredFrom(committee, stored);
  const epochView = stored.epochs.at(-1)?.view ?? 0;
  const chain = stored.chain.map(storedBlock);
  const above = stored.blocks.filter(({ view }) => view > delivered.view);
  const state: State = {
    view: delivered.view + 1,
    delivered,
    // A12: leaders are drawn from what the epoch itself has settled.
    seeds: seedsAfter(
      committee,
      [],
      chain.filter(({ view }) => view >= epochView),
    ),
    approved: [],
    proposing: null,
    ended: false,
    highest: delivered.finalization,
    attempt: 0,
    enteredAtMs: null,
    finalAtMs: null,
    rounds: new Map(),
    blocks: new Map(above.map(({ hash, bytes }) => [hash, storedBlock(bytes)])),
    certified: certified.map((highest) => ({
      highest,
      hashes: new Map(highest === null ? [] : [[highest.number, highest.hash]]),
    })),
    ahead: new Set(
      certified.flatMap((one) => (one && isAbove(delivered.tips, one.lane, one.number) ? [one.lane] : [])),
    ),
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
  // By the rules that made it so; nobody hears of it, and what was learned of times meanwhile is not true.
  const turn: Turn = { committee: { ...committee, member: false }, nowMs: 0, state, effects: [] };
  for (const { bytes } of stored.certificates) acceptCertificate(turn, storedCertificate(bytes));
  for (const { bytes } of stored.votes) recoverVote(turn, storedMessage(bytes));
  for (const { bytes } of stored.proposals) recoverProposal(turn, storedMessage(bytes));
  const { enteredAtMs, finalAtMs, pace, clock, relays, viewsNullified } = state;
  return { ...turn.state, enteredAtMs, finalAtMs, pace, clock, relays, viewsNullified };
}

/** A13: the state in which the next epoch begins with `last`. What was learned of times and of the own log stays true. */
export function beginEpoch(committee: Committee, before: State, { hash, block }: Link): State {
  const bytes = encodeBlock(block);
  const finalized = { view: block.view, hash, block: bytes, finalization: new Uint8Array() };
  const epochs = [{ epoch: committee.epoch, view: block.view, tips: block.tips, document: new Uint8Array() }];
  const nothing = { votes: [], proposals: [], certificates: [], blocks: [] };
  const none = Array.from({ length: committee.size }, () => null);
  const { pace, roots, checkpoint, viewsNullified } = before;
  const fresh = recoverState(committee, { epochs, finalized, chain: [bytes], ...nothing }, none);
  return { ...fresh, pace, roots, checkpoint, viewsNullified };
}

function storedValue(bytes: Uint8Array): CborValue {
  const decoded = decode(bytes);
  invariant(decoded.kind === "accept", "the store holds bytes that this program did not write");
  return decoded.value;
}

function storedBlock(bytes: Uint8Array): Block {
  return readBlock(storedValue(bytes));
}

function storedMessage(bytes: Uint8Array): Message {
  const value = storedValue(bytes);
  const message = Array.isArray(value) ? readMessage(value) : null;
  invariant(message !== null, "the store holds a message of an unknown kind");
  return message;
}

export function storedCertificate(bytes: Uint8Array): Certificate {
  const message = storedMessage(bytes);
  invariant(message.kind === "certificate", `the store holds a ${message.kind} where a certificate belongs`);
  return message.certificate;
}

function deliveredFrom(committee: Committee, { finalized, epochs }: Stored): State["delivered"] {
  if (finalized === null) return genesisOf(committee);
  const { view, hash, block, finalization } = finalized;
  if (view === epochs.at(-1)?.view) return startOf(committee, finalized);
  const { tips, seed } = storedBlock(block);
  return { view, hash, tips, seed, next: null, finalization: storedCertificate(finalization) };
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
