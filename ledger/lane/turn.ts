/** One call of `stepLanes`: the state as it changes and the effects so far, in order. */
import type { Bundle } from "../bundle/index.ts";
import { type Committee, type GatewayIndex, type Hash, invariant, type Recipients } from "../committee/index.ts";
import type { LaneMessage } from "../message/index.ts";
import type { Write } from "../store/port.ts";
import type { Copy, Lane, LaneEffect, Lanes, Settled } from "./types.ts";

export const NO_HASH: Hash = "0".repeat(64);
/** Before the first bundle of a lane. */
export const NOTHING: Settled = { number: -1, hash: NO_HASH };

export type Turn = {
  readonly committee: Committee;
  readonly nowMs: number;
  state: Lanes;
  readonly effects: LaneEffect[];
  /** Lanes that changed: those whose next steps are looked at before the turn ends. */
  readonly touched: Set<GatewayIndex>;
  /** Peers to whom more of the own lane may be sent now (L5). */
  readonly hungry: Set<GatewayIndex>;
};

export function laneOf(turn: Turn, lane: GatewayIndex): Lane {
  const found = turn.state.lanes[lane];
  invariant(found !== undefined, `no lane ${lane}`);
  return found;
}

export function setLane(turn: Turn, lane: GatewayIndex, change: Partial<Lane>): void {
  turn.state = { ...turn.state, lanes: turn.state.lanes.with(lane, { ...laneOf(turn, lane), ...change }) };
  turn.touched.add(lane);
}

/** Before the peer's first `tips`. */
export const NO_COPY: Copy = { held: 0, sent: null, answeredAtMs: Number.NEGATIVE_INFINITY };

export function setCopy(turn: Turn, peer: GatewayIndex, change: Partial<Copy>): void {
  turn.state = { ...turn.state, copies: turn.state.copies.with(peer, { ...copyOf(turn, peer), ...change }) };
  turn.hungry.add(peer);
}

export function copyOf({ state }: Turn, peer: GatewayIndex): Copy {
  const copy = state.copies[peer];
  invariant(copy !== undefined, `no gateway ${peer}`);
  return copy;
}

/** Everybody else who has a vote, in order: who has left gets nothing any more. */
export function peersOf({ committee }: Turn): readonly GatewayIndex[] {
  return committee.voters.filter((peer) => peer !== committee.self);
}

/** L5: the own lane has grown, or its window has moved. */
export function feedEverybody(turn: Turn): void {
  for (const peer of peersOf(turn)) turn.hungry.add(peer);
}

export function moved(turn: Turn, lane: GatewayIndex): void {
  setLane(turn, lane, { movedAtMs: turn.nowMs });
}

export function send(turn: Turn, to: Recipients, message: LaneMessage): void {
  turn.effects.push({ kind: "send", to, message });
}

export function reject(turn: Turn, from: GatewayIndex, reason: string): void {
  turn.effects.push({ kind: "reject", from, reason });
}

export function persist(turn: Turn, write: Write): void {
  turn.effects.push({ kind: "persist", write });
}

/** L8, L9: from now on no ack of this gateway vouches for anything in this lane. */
export function silence(turn: Turn, lane: GatewayIndex): void {
  persist(turn, { kind: "memo", key: silentKey(lane), bytes: new Uint8Array([1]) });
  setLane(turn, lane, { silent: true });
}

/** Under this key the store remembers it. */
export function silentKey(lane: GatewayIndex): string {
  return `lane/${lane}/silent`;
}

/** What is kept by number, above this one. */
export function above<Kept>(kept: ReadonlyMap<number, Kept>, number: number): ReadonlyMap<number, Kept> {
  return new Map([...kept].filter(([at]) => at > number));
}

/** L12: sealed here. What another key has left of the own lane comes from the others, like any lane. */
export function isOwn({ committee, state }: Turn, lane: GatewayIndex): boolean {
  return lane === committee.self && committee.member && (state.lanes[lane]?.held ?? 0) >= committee.ownFrom;
}

/** The body is persisted here; whoever speaks of it afterwards does so behind this write. */
export function hold(turn: Turn, owner: GatewayIndex, bundle: Bundle, lastAtMs: number): void {
  const { header, hash, cose } = bundle;
  const { number, parent, first, count } = header;
  const lane = laneOf(turn, owner);
  invariant(number === lane.held && parent === lane.heldHash, `L2: bundle ${number} does not follow ${lane.held - 1}`);
  persist(turn, { kind: "bundle", lane: owner, number, hash, cose, statements: bundle.statements, first });
  turn.effects.push({ kind: "held", lane: owner, number });
  const unproven = lane.unproven && hash !== lane.settled.hash;
  if (!lane.silent && !unproven) turn.effects.push({ kind: "vouched", lane: owner, number, hash });
  if (owner === turn.committee.self) feedEverybody(turn);
  const isUncertified = !isOwn(turn, owner) && number > lane.settled.number;
  setLane(turn, owner, {
    held: number + 1,
    heldHash: hash,
    nextStatement: first + count,
    lastAtMs,
    epoch: header.epoch,
    unproven,
    waiting: above(lane.waiting, number),
    checking: null,
    refused: null,
    uncertified: isUncertified ? new Map(lane.uncertified).set(number, hash) : lane.uncertified,
    movedAtMs: turn.nowMs,
  });
}
