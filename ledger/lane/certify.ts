/** L4: acks become certificates. */
import { type GatewayIndex, type Hash, hasVote, isLarge, OldCopy, ownerCollects } from "../committee/index.ts";
import { type Ack, ackBytes, encodeLaneCertificate, type LaneCertificate } from "../message/index.ts";
import { acksNeeded, laneCertificateHolds } from "./certificate.ts";
import type { Turn } from "./turn.ts";
import {
  above,
  copyOf,
  feedEverybody,
  isOwn,
  laneOf,
  persist,
  reject,
  send,
  setCopy,
  setLane,
  silence,
} from "./turn.ts";
import type { LaneEnd, Settled } from "./types.ts";

/** Acks and candidates further ahead than this of what is held are not kept; a `tips` exchange (L7) brings them back. */
export const KEPT_AHEAD = 128;

export function onAck(turn: Turn, from: GatewayIndex, ack: Ack): void {
  const { committee } = turn;
  const { lane: owner, number, hash, voter } = ack;
  if (!hasVote(committee, owner) || !hasVote(committee, voter) || voter === owner || voter === committee.self)
    return reject(turn, from, "an ack of nobody, or of an owner for itself");
  const { settled, held, acks } = laneOf(turn, owner);
  const isMine = owner === committee.self;
  // L4: who acknowledges number k holds 0..k. That it says so on its own link is enough to go on feeding it.
  if (isMine && voter === from && number >= copyOf(turn, from).held && number < held)
    setCopy(turn, from, { held: number + 1 });
  // L5: of the own lane nothing further ahead was ever sent.
  if (number <= settled.number || number >= held + KEPT_AHEAD || (isMine && number > settled.number + KEPT_AHEAD))
    return;
  // A second, different one is the witness's (E7), and counts for nothing.
  if (acks.get(number)?.[voter]) return;
  if (!committee.verify(voter, ackBytes(committee, owner, number, hash), ack.signature))
    return reject(turn, from, `an ack of gateway ${voter} whose signature does not hold`);
  countAck(turn, ack);
  certify(turn, owner, number);
}

/** The first ack of a voter for a number counts, once. */
function countAck(turn: Turn, ack: Ack): void {
  const lane = laneOf(turn, ack.lane);
  const votes = lane.acks.get(ack.number) ?? turn.state.lanes.map(() => null);
  if (votes[ack.voter]) return;
  const acks = new Map(lane.acks).set(ack.number, votes.with(ack.voter, ack));
  setLane(turn, ack.lane, { acks, movedAtMs: turn.nowMs });
}

/** L4: q acks, the owner's own signature counted. */
export function certify(turn: Turn, lane: GatewayIndex, number: number): void {
  const { committee } = turn;
  const { acks, held, heldHash } = laneOf(turn, lane);
  const votes = (acks.get(number) ?? []).filter((ack) => ack !== null);
  // A committee of one needs nobody's ack: its own bundle is the certificate.
  const hashes = new Set(votes.map((ack) => ack.hash));
  if (isOwn(turn, lane) && number === held - 1) hashes.add(heldHash);
  for (const hash of hashes) {
    const agreeing = votes.filter((ack) => ack.hash === hash);
    if (agreeing.length < acksNeeded(committee)) continue;
    const signed = agreeing.map(({ voter, signature }) => ({ voter, signature }));
    const certificate: LaneCertificate = { lane, number, hash, acks: signed };
    acceptCertificate(turn, certificate);
    if (ownerCollects(committee) && !isLarge(committee)) send(turn, "all", { kind: "laneCertificate", certificate });
  }
}

export function onCertificate(turn: Turn, from: GatewayIndex, certificate: LaneCertificate): void {
  if (certificate.lane >= turn.committee.size)
    return reject(turn, from, `a certificate of lane ${certificate.lane}, which does not exist`);
  if (certificate.number <= laneOf(turn, certificate.lane).settled.number) return;
  if (!laneCertificateHolds(turn.committee, certificate))
    return reject(turn, from, `a certificate of lane ${certificate.lane} that does not hold`);
  acceptCertificate(turn, certificate);
}

function acceptCertificate(turn: Turn, certificate: LaneCertificate): void {
  const { lane, number } = certificate;
  if (number <= laneOf(turn, lane).settled.number) return;
  persist(turn, { kind: "laneCertificate", lane, number, bytes: encodeLaneCertificate(certificate) });
  turn.effects.push({ kind: "certified", certificate });
  settle(turn, lane, certificate, certificate);
}

/** A7, L10: what is final was notarized by a quorum that held it or saw its certificate: nobody needs that certificate any more. */
export function onFinal(turn: Turn, tips: readonly Settled[]): void {
  for (const [lane, tip] of tips.entries()) {
    const { settled, certificate } = laneOf(turn, lane);
    if (tip.number > settled.number) settle(turn, lane, tip, certificate);
  }
}

function settle(turn: Turn, lane: GatewayIndex, { number, hash }: Settled, certificate: LaneCertificate | null): void {
  const { acks, held, refusers, uncertified } = laneOf(turn, lane);
  // A9: peers hold more of the own lane than this disk does. Signing those numbers again would make this gateway a liar.
  if (lane === turn.committee.self && turn.committee.member && number >= held)
    throw new OldCopy(`own bundle ${number}, which the others certified,`);
  const known = uncertified.get(number);
  setLane(turn, lane, {
    certificate,
    settled: { number, hash },
    acks: above(acks, number),
    uncertified: above(uncertified, number),
    refusers: above(refusers, number),
    movedAtMs: turn.nowMs,
  });
  if (lane === turn.committee.self) feedEverybody(turn);
  if (known !== undefined && known !== hash) rewind(turn, lane);
}

/**
 * L9: what is held of this lane is not what a quorum certified: its owner signed rivals and this gateway got the losing one. Back to
 * where execution stands, which is certified and final, and on from there with what the signers hold.
 */
export function rewind(turn: Turn, lane: GatewayIndex): void {
  const { settled, rewinding, wantedUpTo, disputedUpTo, attempts } = laneOf(turn, lane);
  if (rewinding || isOwn(turn, lane)) return;
  // Its owner is a proven liar; and acks for what comes now could contradict those for what was held before.
  silence(turn, lane);
  setLane(turn, lane, {
    rewinding: true,
    disputedUpTo: Math.max(settled.number, wantedUpTo),
    checking: null,
    refused: null,
    refusedHashes: [],
    waiting: new Map(),
    fetching: null,
    // A second time: who was asked sent the wrong half, too.
    attempts: disputedUpTo < 0 ? attempts : attempts + 1,
  });
  turn.effects.push({ kind: "disowned", lane });
  turn.effects.push({ kind: "rewind", lane });
}

/**
 * The hashes of what is held. After a restart, and in a lane that was cut off (L12), only now can a certificate be held against them,
 * so nothing was taken before.
 */
export function onRecalled(turn: Turn, lane: GatewayIndex, found: ReadonlyMap<number, Hash>, end: LaneEnd): void {
  const { uncertified: known, unproven: before } = laneOf(turn, lane);
  const hashes = new Map([...found, ...known]);
  const isFirst = laneOf(turn, lane).rewinding;
  if (isFirst) setLane(turn, lane, end);
  const { settled, silent, held } = laneOf(turn, lane);
  const certified = hashes.get(settled.number);
  const uncertified = above(hashes, settled.number);
  const unproven = isFirst ? held <= settled.number : before;
  setLane(turn, lane, { rewinding: false, unproven, uncertified, movedAtMs: turn.nowMs });
  if (certified !== undefined && certified !== settled.hash) return rewind(turn, lane);
  if (!silent && !unproven)
    for (const [number, hash] of hashes) turn.effects.push({ kind: "vouched", lane, number, hash });
  acknowledgeAgain(turn, lane);
}

/**
 * L3: the last body that was on disk before the restart is acknowledged again, in case the ack or its certificate went
 * down with the process. That one vouches for all below it (L4); the ones above follow as they come.
 */
function acknowledgeAgain(turn: Turn, lane: GatewayIndex): void {
  const { held, heldHash } = laneOf(turn, lane);
  // The owner's bundle is its ack, which is all that a committee of one needs.
  if (lane === turn.committee.self || acknowledge(turn, lane, held - 1, heldHash)) certify(turn, lane, held - 1);
}

/** L3: broadcast Ack, unless silent. False when it would say nothing, or nothing new. */
export function acknowledge(turn: Turn, lane: GatewayIndex, number: number, hash: Hash): boolean {
  const { committee } = turn;
  const { silent, settled } = laneOf(turn, lane);
  if (silent || !committee.member || number <= settled.number) return false;
  const signature = committee.sign(ackBytes(committee, lane, number, hash));
  const ack: Ack = { lane, number, hash, voter: committee.self, signature };
  countAck(turn, ack);
  send(turn, ownerCollects(committee) ? lane : "all", { kind: "ack", ack });
  return true;
}

export function onRewound(turn: Turn, lane: GatewayIndex, end: LaneEnd): void {
  if (!laneOf(turn, lane).rewinding) return;
  setLane(turn, lane, { ...end, rewinding: false, unproven: false, uncertified: new Map() });
}
