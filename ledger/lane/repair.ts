/** L6 and L7: fetching what is missing, and telling where one stands. */
import { type GatewayIndex, invariant, isLarge } from "../committee/index.ts";
import { onCertificate, rewind } from "./certify.ts";
import { WINDOW_BUNDLES } from "./own.ts";
import { certifiedNumber, copyOf, laneOf, moved, peersOf, reject, send, setCopy, setLane, type Turn } from "./turn.ts";
import type { Lane, LaneMessage, Lanes } from "./types.ts";

/** After so long without movement the state of the lanes is told again, in case something was lost. */
const STANDSTILL_MS = 500;
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
  const told = isLarge(turn.committee) ? [laneOf(turn, self)] : turn.state.lanes;
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
  const own = laneOf(turn, committee.self);
  const copied = Math.min(held[lanes.indexOf(committee.self)] ?? 0, own.held);
  const { sent, answeredAtMs } = copyOf(turn, from);
  setCopy(turn, from, { held: copied, sent: again || sent === null ? copied : Math.max(sent, copied) });
  if (!again || turn.nowMs - answeredAtMs < ANSWER_EVERY_MS) return;
  setCopy(turn, from, { answeredAtMs: turn.nowMs });
  send(turn, from, tipsFor(turn, from, false));
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

/** L6: asked from those who certified it, or from anybody in turn (L10), one request of a window's size at a time. */
export function fetchBodies(turn: Turn, owner: GatewayIndex): void {
  const lane = laneOf(turn, owner);
  const { certificate, held, settled } = lane;
  if (held > settled.number || owner === turn.committee.self || lane.rewinding) return;
  if (lane.fetching !== null && turn.nowMs - lane.fetching.askedAtMs < STANDSTILL_MS) return;
  const signers =
    certificate !== null && certificate.number >= held ? certificate.acks.map(({ voter }) => voter) : null;
  const others = (signers ?? turn.committee.voters).filter((voter) => voter !== turn.committee.self && voter !== owner);
  // The owner of a disputed lane (L9) would send its other half again.
  const asked = held <= lane.disputedUpTo ? others : [owner, ...others];
  const peer = asked[lane.attempts % asked.length];
  if (peer === undefined) return;
  setLane(turn, owner, {
    fetching: { from: peer, upTo: Math.min(settled.number, held + WINDOW_BUNDLES - 1), askedAtMs: turn.nowMs },
    attempts: lane.attempts + 1,
  });
  send(turn, peer, { kind: "fetchBundles", lane: owner, from: held });
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

/** L6, L9: the next window of a lane that is being fetched, the first one of a lane that was rewound. */
export function continueFetching(turn: Turn, owner: GatewayIndex): void {
  const lane = laneOf(turn, owner);
  if (lane.fetching === null) {
    if (lane.held <= lane.disputedUpTo) fetchBodies(turn, owner);
    return;
  }
  if (lane.held <= lane.fetching.upTo) return;
  // Who answered is asked again.
  setLane(turn, owner, { fetching: null, attempts: lane.attempts - 1 });
  if (lane.held <= certifiedNumber(lane)) fetchBodies(turn, owner);
}

export function onFetchBundles(turn: Turn, from: GatewayIndex, lane: GatewayIndex, start: number): void {
  if (lane >= turn.committee.size) return reject(turn, from, `a fetch of lane ${lane}, which does not exist`);
  const { held } = laneOf(turn, lane);
  if (start >= held) return;
  turn.effects.push({ kind: "stream", to: from, lane, from: start, upTo: Math.min(held, start + WINDOW_BUNDLES) - 1 });
}

/** While some lane is uncertified or lacks bodies, a standstill makes the gateway speak up. */
export function keepWatch(turn: Turn, before: Lanes): void {
  if (turn.committee.size === 1 || turn.touched.size === 0) return;
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
  return lane.held !== certifiedNumber(lane) + 1 || lane.held <= lane.wantedUpTo;
}

/** When this lane is due for repair: a standstill, or a request that nobody answered, however busy the lane is otherwise. */
function dueAtMs(turn: Turn, owner: GatewayIndex, { lanes }: Lanes = turn.state): number {
  const lane = lanes[owner];
  invariant(lane !== undefined, `no lane ${owner}`);
  const still = isUnsettled(turn, owner, lane) ? lane.movedAtMs + STANDSTILL_MS : Number.POSITIVE_INFINITY;
  return Math.min(still, lane.fetching === null ? Number.POSITIVE_INFINITY : lane.fetching.askedAtMs + STANDSTILL_MS);
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
