/** L6 and L7: fetching what is missing, and telling where one stands. */
import type { GatewayIndex } from "../committee/index.ts";
import { onCertificate, rewind } from "./certify.ts";
import { WINDOW_BUNDLES } from "./own.ts";
import { certifiedNumber, laneOf, moved, NO_COPY, reject, send, setCopy, setLane, type Turn } from "./turn.ts";
import type { Lane, LaneMessage } from "./types.ts";

/** After so long without movement the state of the lanes is told again, in case something was lost. */
const STANDSTILL_MS = 500;
/** Standing answers cost much more than the question: nobody gets them more often than this. */
const ANSWER_EVERY_MS = 100;

export function onLinkUp(turn: Turn, peer: GatewayIndex): void {
  setCopy(turn, peer, { sent: null, answeredAtMs: Number.NEGATIVE_INFINITY });
  send(turn, peer, tipsOf(turn, true));
}

export function tipsOf(turn: Turn, again: boolean): LaneMessage {
  const { lanes } = turn.state;
  return {
    kind: "tips",
    again,
    held: lanes.map((lane) => lane.held),
    certificates: lanes.flatMap(({ certificate }) => (certificate === null ? [] : [certificate])),
  };
}

/** Feeds the own lane from where the peer's copy ends, and repeats own acks and certificates that the peer lacks. */
export function onTips(
  turn: Turn,
  from: GatewayIndex,
  { again, held, certificates }: Extract<LaneMessage, { kind: "tips" }>,
): void {
  const { committee } = turn;
  if (held.length !== committee.size)
    return reject(turn, from, `tips of ${held.length} lanes, the site has ${committee.size}`);
  for (const certificate of certificates) onCertificate(turn, from, certificate);
  const own = laneOf(turn, committee.self);
  const copied = Math.min(held[committee.self] ?? 0, own.held);
  const { sent, answeredAtMs } = turn.state.copies.get(from) ?? NO_COPY;
  setCopy(turn, from, { held: copied, sent: again || sent === null ? copied : Math.max(sent, copied) });
  if (!again || turn.nowMs - answeredAtMs < ANSWER_EVERY_MS) return;
  setCopy(turn, from, { answeredAtMs: turn.nowMs });
  send(turn, from, tipsOf(turn, false));
  for (const [lane, { certificate, acks }] of turn.state.lanes.entries()) {
    const theirs = certificates.find((other) => other.lane === lane)?.number ?? -1;
    if (certificate !== null && certificate.number > theirs) send(turn, from, { kind: "laneCertificate", certificate });
    for (const votes of acks.values()) {
      const ack = votes.get(committee.self);
      if (ack !== undefined && ack.number > theirs) send(turn, from, { kind: "ack", ack });
    }
  }
}

/** L6: asked from those who certified it, one request of a window's size at a time. */
export function fetchBodies(turn: Turn, owner: GatewayIndex): void {
  const lane = laneOf(turn, owner);
  const { certificate, held } = lane;
  if (certificate === null || held > certificate.number || owner === turn.committee.self || lane.rewinding) return;
  if (lane.fetching !== null && turn.nowMs - lane.fetching.askedAtMs < STANDSTILL_MS) return;
  const others = certificate.acks.map(({ voter }) => voter).filter((voter) => voter !== turn.committee.self);
  // The owner of a disputed lane (L9) would send its other half again.
  const signers = held <= lane.disputedUpTo ? others : [owner, ...others];
  const peer = signers[lane.attempts % signers.length];
  if (peer === undefined) return;
  setLane(turn, owner, {
    fetching: { from: peer, upTo: Math.min(certificate.number, held + WINDOW_BUNDLES - 1), askedAtMs: turn.nowMs },
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
export function keepWatch(turn: Turn): void {
  const dueMs = Math.min(...turn.state.lanes.map(dueAtMs));
  const wakeAtMs = Number.isFinite(dueMs) && turn.committee.size > 1 ? dueMs : null;
  if (wakeAtMs !== turn.state.wakeAtMs) turn.state = { ...turn.state, wakeAtMs };
}

function isUnsettled(lane: Lane): boolean {
  return lane.held !== certifiedNumber(lane) + 1 || lane.held <= lane.wantedUpTo;
}

/** When this lane is due for repair: a standstill, or a request that nobody answered, however busy the lane is otherwise. */
function dueAtMs(lane: Lane): number {
  const still = isUnsettled(lane) ? lane.movedAtMs + STANDSTILL_MS : Number.POSITIVE_INFINITY;
  return Math.min(still, lane.fetching === null ? Number.POSITIVE_INFINITY : lane.fetching.askedAtMs + STANDSTILL_MS);
}

export function onWake(turn: Turn): void {
  if (turn.state.wakeAtMs === null || turn.nowMs < turn.state.wakeAtMs) return;
  const still = [...turn.state.lanes.entries()].filter(([, lane]) => turn.nowMs >= dueAtMs(lane));
  if (still.some(([owner]) => owner === turn.committee.self)) {
    // What was sent of the own lane may be lost: each copy's own word tells where to go on.
    for (const peer of turn.state.copies.keys()) setCopy(turn, peer, { sent: null });
  }
  send(turn, "all", tipsOf(turn, true));
  for (const [owner] of still) {
    moved(turn, owner);
    fetchBodies(turn, owner);
  }
}
