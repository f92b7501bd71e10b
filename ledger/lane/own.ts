/** The own lane: L2 and L5. */
import type { GatewayIndex } from "../committee/index.ts";
import { certify } from "./certify.ts";
import { copyOf, hold, isOwn, laneOf, peersOf, persist, send, setCopy, type Turn } from "./turn.ts";
import type { Copy, LaneInput } from "./types.ts";

/** L5: uncertified bundles in flight; also how far a peer's copy is fed ahead of what it acknowledged. */
export const WINDOW_BUNDLES = 64;

/** L2: persist, then send. `writes` become durable with the bundle: what the statements answer for. */
export function onSealed(turn: Turn, { bundle, lastAtMs, writes }: Extract<LaneInput, { kind: "sealed" }>): void {
  const { self } = turn.committee;
  const { number } = bundle.header;
  hold(turn, self, bundle, lastAtMs);
  for (const write of writes) persist(turn, write);
  const message = { kind: "bundle", cose: bundle.cose, statements: bundle.statements } as const;
  const ready = peersOf(turn).filter((peer) => {
    const copy = copyOf(turn, peer);
    return copy.sent === number && number <= lastSendable(turn, copy);
  });
  if (ready.length > 0) send(turn, ready, message);
  for (const peer of ready) setCopy(turn, peer, { sent: number + 1 });
  certify(turn, self, number);
}

/** L11: so far below what is settled that it is taken in bulk, and not assessed any more. */
export function isHistory(turn: Turn, owner: GatewayIndex, number: number): boolean {
  return number + WINDOW_BUNDLES <= laneOf(turn, owner).settled.number;
}

/** L5: the highest bundle of the own lane that may be on its way to a peer. */
function lastSendable(turn: Turn, copy: Copy): number {
  const lane = laneOf(turn, turn.committee.self);
  return Math.min(lane.held - 1, lane.settled.number + WINDOW_BUNDLES, copy.held - 1 + WINDOW_BUNDLES);
}

/** L5: what the window had held back, or a returned peer has missed, goes out from the durable outbox: the store. */
export function feed(turn: Turn, peer: GatewayIndex): void {
  if (!isOwn(turn, turn.committee.self)) return;
  const copy = copyOf(turn, peer);
  // L11: whoever is further behind takes history, from whom it likes.
  if (copy.sent === null || peer === turn.committee.self || isHistory(turn, turn.committee.self, copy.held)) return;
  const last = lastSendable(turn, copy);
  // What it has taken as history it did not get from here.
  const from = Math.max(copy.sent, copy.held);
  if (from > last) return;
  turn.effects.push({ kind: "stream", to: peer, lane: turn.committee.self, from, upTo: last });
  setCopy(turn, peer, { sent: last + 1 });
}
