/** L4: acks become certificates. */
import { type GatewayIndex, type Hash, hasVote, invariant, isLarge, type Recipients } from "../committee/index.ts";
import { ackBytes, acksNeeded, laneCertificateHolds } from "./certificate.ts";
import {
  certifiedNumber,
  copyOf,
  feedEverybody,
  isOwn,
  laneOf,
  moved,
  reject,
  send,
  setCopy,
  setLane,
  type Turn,
} from "./turn.ts";
import type { LaneEnd, Settled } from "./types.ts";
import { type Ack, encodeLaneCertificate, type LaneCertificate } from "../message/index.ts";

/** Acks and candidates further ahead than this of what is held are not kept; a `tips` exchange (L7) brings them back. */
export const KEPT_AHEAD = 128;

export function onAck(turn: Turn, from: GatewayIndex, ack: Ack): void {
  const { committee } = turn;
  if (
    !hasVote(committee, ack.lane) ||
    !hasVote(committee, ack.voter) ||
    ack.voter === ack.lane ||
    ack.voter === committee.self
  )
    return reject(turn, from, "an ack of nobody, or of an owner for itself");
  const lane = laneOf(turn, ack.lane);
  const fresh =
    ack.number > certifiedNumber(lane) &&
    ack.number < lane.held + KEPT_AHEAD &&
    // L5: of the own lane nothing further ahead was ever sent.
    (ack.lane !== committee.self || ack.number <= certifiedNumber(lane) + KEPT_AHEAD) &&
    // A second, different one is the witness's (E7), and counts for nothing.
    !lane.acks.get(ack.number)?.[ack.voter];
  const tells = ack.lane === committee.self && ack.voter === from && ack.number >= copyOf(turn, from).held;
  // L4: who acknowledges number k holds 0..k. That it says so on its own link is enough to go on feeding it.
  if (tells && ack.number < lane.held) setCopy(turn, from, { held: ack.number + 1 });
  if (!fresh) return;
  if (!committee.verify(ack.voter, ackBytes(committee, ack.lane, ack.number, ack.hash), ack.signature))
    return reject(turn, from, `an ack of gateway ${ack.voter} whose signature does not hold`);
  countAck(turn, ack);
  certify(turn, ack.lane, ack.number);
}

/** The first ack of a voter for a number counts, once. */
export function countAck(turn: Turn, ack: Ack): void {
  const lane = laneOf(turn, ack.lane);
  const votes = lane.acks.get(ack.number) ?? turn.state.lanes.map(() => null);
  if (votes[ack.voter]) return;
  moved(turn, ack.lane);
  setLane(turn, ack.lane, { acks: new Map(lane.acks).set(ack.number, votes.with(ack.voter, ack)) });
}

/** L4: q acks, the owner's own signature counted. */
export function certify(turn: Turn, lane: GatewayIndex, number: number): void {
  const { acks, held, heldHash } = laneOf(turn, lane);
  const votes = (acks.get(number) ?? []).filter((ack) => ack !== null);
  // A committee of one needs nobody's ack: its own bundle is the certificate.
  const hashes = new Set(votes.map((ack) => ack.hash));
  if (isOwn(turn, lane) && number === held - 1) hashes.add(heldHash);
  for (const hash of hashes) {
    const agreeing = votes.filter((ack) => ack.hash === hash);
    if (agreeing.length < acksNeeded(turn.committee)) continue;
    acceptCertificate(turn, {
      lane,
      number,
      hash,
      acks: agreeing.map(({ voter, signature }) => ({ voter, signature })),
    });
  }
}

export function onCertificate(turn: Turn, from: GatewayIndex, certificate: LaneCertificate): void {
  if (certificate.lane >= turn.committee.size)
    return reject(turn, from, `a certificate of lane ${certificate.lane}, which does not exist`);
  if (certificate.number <= certifiedNumber(laneOf(turn, certificate.lane))) return;
  if (!laneCertificateHolds(turn.committee, certificate))
    return reject(turn, from, `a certificate of lane ${certificate.lane} that does not hold`);
  acceptCertificate(turn, certificate);
}

function acceptCertificate(turn: Turn, certificate: LaneCertificate): void {
  const { lane, number } = certificate;
  if (number <= certifiedNumber(laneOf(turn, lane))) return;
  turn.effects.push({
    kind: "persist",
    write: { kind: "laneCertificate", lane, number, bytes: encodeLaneCertificate(certificate) },
  });
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
  invariant(
    lane !== turn.committee.self || !turn.committee.member || number < held,
    `L2: the others certified own bundle ${number}, which is not on this disk: it is an old copy; give this gateway a new key before it joins again`,
  );
  const known = uncertified.get(number);
  setLane(turn, lane, {
    certificate,
    settled: { number, hash },
    acks: new Map([...acks].filter(([at]) => at > number)),
    uncertified: new Map([...uncertified].filter(([at]) => at > number)),
    refusers: new Map([...refusers].filter(([at]) => at > number)),
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
  turn.effects.push({ kind: "persist", write: { kind: "memo", key: silentKey(lane), bytes: new Uint8Array([1]) } });
  setLane(turn, lane, {
    silent: true,
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

/** Under this key the store remembers that this gateway gives no more acks in a lane (L8, L9). */
export function silentKey(lane: GatewayIndex): string {
  return `lane/${lane}/silent`;
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
  const uncertified = new Map([...hashes].filter(([number]) => number > settled.number));
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
  const { committee } = turn;
  const { silent, held, heldHash } = laneOf(turn, lane);
  const number = held - 1;
  // The owner's bundle is its ack, which is all that a committee of one needs.
  if (lane === committee.self) return certify(turn, lane, number);
  if (silent || !committee.member || number <= certifiedNumber(laneOf(turn, lane))) return;
  const signature = committee.sign(ackBytes(committee, lane, number, heldHash));
  const ack: Ack = { lane, number, hash: heldHash, voter: committee.self, signature };
  countAck(turn, ack);
  send(turn, ackRecipients(turn, lane), { kind: "ack", ack });
  certify(turn, lane, number);
}

/** L3, L10: who gets an ack for this lane. */
export function ackRecipients({ committee }: Turn, lane: GatewayIndex): Recipients {
  return isLarge(committee) ? lane : "all";
}

export function onRewound(turn: Turn, lane: GatewayIndex, end: LaneEnd): void {
  if (!laneOf(turn, lane).rewinding) return;
  setLane(turn, lane, { ...end, rewinding: false, unproven: false, uncertified: new Map() });
}
