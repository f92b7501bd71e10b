/** L6 and L7: fetching what is missing, and telling where one stands. */
import { type GatewayIndex, invariant, isLarge } from "../committee/index.ts";
import type { LaneMessage } from "../message/index.ts";
import { onCertificate, rewind } from "./certify.ts";
import { isHistory, WINDOW_BUNDLES } from "./own.ts";
import { copyOf, isOwn, laneOf, moved, peersOf, reject, send, setCopy, setLane, type Turn } from "./turn.ts";
import type { Lane, Lanes } from "./types.ts";

/** After so long without movement the state of the lanes is told again, in case something was lost. */
const STANDSTILL_MS = 500;
/** Longer than any way there and back. */
const MOST_PATIENCE_MS = 4_000;
/** Whoever brings less than a window in this time is left for the next one. */
const TRICKLE_MS = 5_000;
/** Of one request for history: as much as may be on its way to the disk of a small machine. */
const FETCH_BYTES = 1024 * 1024;
const HISTORY_BUNDLES = 2 * WINDOW_BUNDLES;
/** Standing answers cost much more than the question: nobody gets them more often than this. */
const ANSWER_EVERY_MS = 100;

export function onLinkUp(turn: Turn, peer: GatewayIndex): void {
  setCopy(turn, peer, { sent: null, answeredAtMs: Number.NEGATIVE_INFINITY });
  send(turn, peer, tipsFor(turn, peer, true));
}

/** L7, L10: in a large committee nobody speaks for other lanes: the peer's copy of the own lane, and what is held of the peer's. */
export function tipsFor(turn: Turn, peer: GatewayIndex, again: boolean): LaneMessage {
  const { self } = turn.committee;
  const lanes = isLarge(turn.committee) ? [laneOf(turn, peer)] : turn.state.lanes;
  const told = isLarge(turn.committee) ? turn.state.lanes.slice(self, self + 1) : turn.state.lanes;
  return {
    kind: "tips",
    again,
    held: lanes.map(({ held }) => held),
    certificates: told.flatMap(({ certificate }) => (certificate === null ? [] : [certificate])),
  };
}

/** Feeds the own lane from where the peer's copy ends, and repeats own acks and certificates that the peer lacks. */
export function onTips(
  turn: Turn,
  from: GatewayIndex,
  { again, held, certificates }: Extract<LaneMessage, { kind: "tips" }>,
): void {
  const { committee } = turn;
  const lanes = isLarge(committee) ? [committee.self] : [...turn.state.lanes.keys()];
  if (held.length !== lanes.length)
    return reject(turn, from, `tips of ${held.length} lanes, but ${lanes.length} are told of`);
  for (const certificate of certificates) onCertificate(turn, from, certificate);
  const ownHeld = turn.state.lanes[committee.self]?.held ?? 0;
  const known = held[lanes.indexOf(committee.self)] ?? 0;
  const copied = Math.min(known, ownHeld);
  const { sent, answeredAtMs } = copyOf(turn, from);
  setCopy(turn, from, { held: copied, sent: again || sent === null ? copied : Math.max(sent, copied) });
  if (!again || turn.nowMs - answeredAtMs < ANSWER_EVERY_MS) return;
  setCopy(turn, from, { answeredAtMs: turn.nowMs });
  send(turn, from, tipsFor(turn, from, false));
  // A9: its word proves nothing, but it may have an own bundle to show that is not on this disk.
  if (known > ownHeld && isOwn(turn, committee.self))
    send(turn, from, { kind: "fetchBundles", lane: committee.self, from: ownHeld, count: 1 });
  for (const lane of isLarge(committee) ? [from] : lanes) {
    const { certificate, acks } = laneOf(turn, lane);
    const theirs = certificates.find((other) => other.lane === lane)?.number ?? -1;
    if (certificate !== null && certificate.number > theirs) send(turn, from, { kind: "laneCertificate", certificate });
    for (const votes of acks.values()) {
      const ack = votes[committee.self];
      if (ack && ack.number > theirs) send(turn, from, { kind: "ack", ack });
    }
  }
}

/** L6: asked from those who certified it, or from anybody in turn (L10), a window at a time; history (L11) in longer ones. */
export function fetchBodies(turn: Turn, owner: GatewayIndex): void {
  const lane = laneOf(turn, owner);
  if (lane.held > lane.settled.number || isOwn(turn, owner) || lane.rewinding) return;
  if (lane.fetching === null) return ask(turn, owner, lane.held, STANDSTILL_MS);
  if (turn.nowMs < fetchDueAtMs(lane.fetching)) return;
  setLane(turn, owner, { attempts: lane.attempts + 1 });
  ask(turn, owner, lane.held, Math.min(2 * lane.fetching.patienceMs, MOST_PATIENCE_MS));
}

/** Whose link is up, or all of them when none is. */
function holdersOf(turn: Turn, owner: GatewayIndex): readonly GatewayIndex[] {
  const { certificate, held, disputedUpTo } = laneOf(turn, owner);
  const signers =
    certificate !== null && certificate.number >= held ? certificate.acks.map(({ voter }) => voter) : null;
  const { self, voters } = turn.committee;
  const others = (signers ?? voters).filter((voter) => voter !== self && voter !== owner);
  // The owner of a disputed lane (L9) would send its other half again.
  const holders = held <= disputedUpTo || !voters.includes(owner) || owner === self ? others : [owner, ...others];
  const linked = holders.filter((peer) => copyOf(turn, peer).sent !== null);
  return linked.length > 0 ? linked : holders;
}

function ask(turn: Turn, owner: GatewayIndex, start: number, patienceMs: number): void {
  const holders = holdersOf(turn, owner);
  const from = holders[laneOf(turn, owner).attempts % holders.length];
  if (from === undefined) return;
  const { settled, fetching } = laneOf(turn, owner);
  const count = isHistory(turn, owner, start) ? (fetching?.count ?? HISTORY_BUNDLES) : WINDOW_BUNDLES;
  const upTo = Math.min(settled.number, start + count - 1);
  const { nowMs } = turn;
  setLane(turn, owner, { fetching: { from, upTo, count, movedAtMs: nowMs, sinceMs: nowMs, patienceMs } });
  send(turn, from, { kind: "fetchBundles", lane: owner, from: start, count: upTo - start + 1 });
}

/** L11: as many of them at a time as have 1 MiB. */
export function resizeFetch(turn: Turn, owner: GatewayIndex, bytes: number, bundles: number): void {
  const { fetching } = laneOf(turn, owner);
  const count = Math.min(HISTORY_BUNDLES, Math.max(4, Math.floor((FETCH_BYTES * bundles) / bytes)));
  if (fetching !== null && fetching.count !== count) setLane(turn, owner, { fetching: { ...fetching, count } });
}

/** When the next one is asked: nothing has come for a while, or so little that it is asked to be overtaken. */
function fetchDueAtMs({ movedAtMs, sinceMs, patienceMs }: NonNullable<Lane["fetching"]>): number {
  return Math.min(movedAtMs + patienceMs, sinceMs + Math.max(TRICKLE_MS, 2 * patienceMs));
}

/**
 * L6: execution lacks what is final up to this number. On disk beyond it and yet not what it needs: then what is held is not
 * the certified chain (L9). What is not yet on disk proves nothing.
 */
export function onWanted(turn: Turn, owner: GatewayIndex, upTo: number, onDisk: number): void {
  const lane = laneOf(turn, owner);
  setLane(turn, owner, { wantedUpTo: Math.max(lane.wantedUpTo, upTo) });
  if (lane.held > upTo && onDisk > upTo) return rewind(turn, owner);
  fetchBodies(turn, owner);
}

/**
 * L6: the next part is asked for while the one before is still coming, of the same one as long as it answers. L9: the first window of a lane that
 * was rewound; L11: history as soon as there is any.
 */
export function continueFetching(turn: Turn, owner: GatewayIndex, heldBefore: number): void {
  const lane = laneOf(turn, owner);
  const { fetching, held } = lane;
  if (fetching === null) {
    if (held <= lane.disputedUpTo || isHistory(turn, owner, held)) fetchBodies(turn, owner);
    return;
  }
  if (held > lane.settled.number) {
    setLane(turn, owner, { fetching: null });
    // L5: from here on the owner feeds this copy.
    return owner === turn.committee.self ? undefined : send(turn, owner, tipsFor(turn, owner, false));
  }
  if (held === heldBefore) return;
  if (held + fetching.count / 2 > fetching.upTo && fetching.upTo < lane.settled.number)
    return ask(turn, owner, Math.max(held, fetching.upTo + 1), fetching.patienceMs);
  setLane(turn, owner, { fetching: { ...fetching, movedAtMs: turn.nowMs } });
}

export function onFetchBundles(
  turn: Turn,
  from: GatewayIndex,
  { lane, from: start, count }: Extract<LaneMessage, { kind: "fetchBundles" }>,
): void {
  if (lane >= turn.committee.size) return reject(turn, from, `a fetch of lane ${lane}, which does not exist`);
  const { held } = laneOf(turn, lane);
  const upTo = Math.min(held, start + Math.min(count, HISTORY_BUNDLES)) - 1;
  if (start <= upTo) turn.effects.push({ kind: "stream", to: from, lane, from: start, upTo });
}

/** While some lane is uncertified or lacks bodies, a standstill makes the gateway speak up. */
export function keepWatch(turn: Turn, before: Lanes): void {
  if (peersOf(turn).length === 0 || turn.touched.size === 0) return;
  const wakeMs = before.wakeAtMs ?? Number.POSITIVE_INFINITY;
  // Only when the lane that was due first has moved need all of them be looked at.
  const isFirst = [...turn.touched].some((owner) => dueAtMs(turn, owner, before) <= wakeMs);
  const owners = isFirst ? [...before.lanes.keys()] : [...turn.touched];
  const dueMs = Math.min(isFirst ? Number.POSITIVE_INFINITY : wakeMs, ...owners.map((owner) => dueAtMs(turn, owner)));
  turn.state = { ...turn.state, wakeAtMs: Number.isFinite(dueMs) ? dueMs : null };
}

/** L10: in a large committee certificates are the owner's business; the others lack something when a body is missing. */
function isUnsettled({ committee }: Turn, owner: GatewayIndex, lane: Lane): boolean {
  if (isLarge(committee) && owner !== committee.self) return lane.held <= lane.settled.number;
  return lane.held !== lane.settled.number + 1 || lane.held <= lane.wantedUpTo;
}

/** When this lane is due for repair: a standstill, or a request that nobody answered, however busy the lane is otherwise. */
function dueAtMs(turn: Turn, owner: GatewayIndex, { lanes }: Lanes = turn.state): number {
  const lane = lanes[owner];
  invariant(lane !== undefined, `no lane ${owner}`);
  const still = isUnsettled(turn, owner, lane) ? lane.movedAtMs + STANDSTILL_MS : Number.POSITIVE_INFINITY;
  return Math.min(still, lane.fetching === null ? Number.POSITIVE_INFINITY : fetchDueAtMs(lane.fetching));
}

export function onWake(turn: Turn): void {
  if (turn.state.wakeAtMs === null || turn.nowMs < turn.state.wakeAtMs) return;
  const { self } = turn.committee;
  const still = [...turn.state.lanes.keys()].filter((owner) => turn.nowMs >= dueAtMs(turn, owner));
  // What was sent of the own lane may be lost: each copy's own word tells where to go on.
  if (still.includes(self)) for (const peer of peersOf(turn)) setCopy(turn, peer, { sent: null });
  if (!isLarge(turn.committee)) send(turn, "all", tipsFor(turn, self, true));
  // L10: only for the own lane, and only to those whose ack has not come.
  else if (still.includes(self))
    for (const peer of peersOf(turn).filter((peer) => copyOf(turn, peer).held < laneOf(turn, self).held))
      send(turn, peer, tipsFor(turn, peer, true));
  for (const owner of still) {
    moved(turn, owner);
    fetchBodies(turn, owner);
  }
}
