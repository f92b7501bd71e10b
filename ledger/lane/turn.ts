/** One call of `stepLanes`: the state as it changes and the effects so far, in order. */
import type { Committee, GatewayIndex, Hash } from "../committee/index.ts";
import { invariant } from "../committee/index.ts";
import type { Bundle } from "../bundle/index.ts";
import type { Copy, Lane, LaneEffect, LaneMessage, Lanes } from "./types.ts";

export const NO_HASH: Hash = "0".repeat(64);

export type Turn = {
  readonly committee: Committee;
  readonly nowMs: number;
  state: Lanes;
  readonly effects: LaneEffect[];
  /** Lanes that changed: those whose next steps are looked at before the turn ends. */
  readonly touched: Set<GatewayIndex>;
};

export function laneOf(turn: Turn, lane: GatewayIndex): Lane {
  const found = turn.state.lanes[lane];
  invariant(found !== undefined, `no lane ${lane}`);
  return found;
}

export function setLane(turn: Turn, lane: GatewayIndex, change: Partial<Lane>): void {
  const lanes = turn.state.lanes.map((old, index) => (index === lane ? { ...old, ...change } : old));
  turn.state = { ...turn.state, lanes };
  turn.touched.add(lane);
}

/** Before the peer's first `tips`. */
export const NO_COPY: Copy = { held: 0, sent: null, answeredAtMs: Number.NEGATIVE_INFINITY };

export function setCopy(turn: Turn, peer: GatewayIndex, change: Partial<Copy>): void {
  const old = turn.state.copies.get(peer) ?? NO_COPY;
  turn.state = { ...turn.state, copies: new Map(turn.state.copies).set(peer, { ...old, ...change }) };
}

export function moved(turn: Turn, lane: GatewayIndex): void {
  setLane(turn, lane, { movedAtMs: turn.nowMs });
}

export function send(turn: Turn, to: "all" | GatewayIndex, message: LaneMessage): void {
  turn.effects.push({ kind: "send", to, message });
}

export function reject(turn: Turn, from: GatewayIndex, reason: string): void {
  turn.effects.push({ kind: "reject", from, reason });
}

export function certifiedNumber(lane: Lane): number {
  return lane.certificate === null ? -1 : lane.certificate.number;
}

/** The body is persisted here; whoever speaks of it afterwards does so behind this write. */
export function hold(turn: Turn, owner: GatewayIndex, bundle: Bundle, lastAtMs: number): void {
  const { header, hash, cose } = bundle;
  const { number, parent, first, count } = header;
  const lane = laneOf(turn, owner);
  invariant(number === lane.held && parent === lane.heldHash, `L2: bundle ${number} does not follow ${lane.held - 1}`);
  turn.effects.push({
    kind: "persist",
    write: { kind: "bundle", lane: owner, number, hash, cose, statements: bundle.statements, first },
  });
  turn.effects.push({ kind: "held", lane: owner, number });
  const waiting = new Map([...lane.waiting].filter(([at]) => at > number));
  const above = owner !== turn.committee.self && number > certifiedNumber(lane);
  setLane(turn, owner, {
    held: number + 1,
    heldHash: hash,
    nextStatement: first + count,
    lastAtMs,
    waiting,
    checking: null,
    refused: null,
    uncertified: above ? new Map(lane.uncertified).set(number, hash) : lane.uncertified,
    movedAtMs: turn.nowMs,
  });
}
