/**
 * A14: who hears what in a large committee. Votes go to collectors, certificates come from them, and lane certificates
 * go to those who will propose soon. None of this decides what may be signed; what gets lost is said again (A6) to twice as many.
 */
import { collectorsOf, type GatewayIndex, isLarge, type Recipients } from "../committee/index.ts";
import { leaderOf } from "../leaders/index.ts";
import type { Message, Vote } from "../message/index.ts";
import { groundFor } from "./ground.ts";
import { isAbove, offer, roundOf, type Turn } from "./turn.ts";

/** The leaders of so many views, from the current one on, get the certificates of lanes. */
export const LEADERS_AHEAD = 3;

/** The next leader collects too, so that it can propose without waiting for the collectors' word. */
export function votersRoute({ committee, state }: Turn, { kind, view }: Vote, attempt: number): Recipients {
  if (!isLarge(committee)) return "all";
  const collectors = collectorsOf(committee, kind, view, attempt);
  const next = leaderOf(committee, state.seeds, view + 1);
  return kind === "finalize" || collectors.includes(next) ? collectors : [next, ...collectors];
}

/** A2: everybody passes a certificate on, in a large committee the collectors: one that got it from another may be the only honest one. */
export function relays({ committee }: Turn, { kind, view }: Vote): boolean {
  return !isLarge(committee) || collectorsOf(committee, kind, view, 0).includes(committee.self);
}

/** A6: who hears something again. */
export function routeAgain(turn: Turn, message: Message): Recipients {
  if (message.kind === "vote") return votersRoute(turn, message.vote.vote, turn.state.attempt);
  return message.kind === "propose" ? "all" : peersRoute(turn);
}

/** Some who may know more, as many as the attempt says. */
export function peersRoute({ committee, state }: Turn): Recipients {
  return isLarge(committee) ? collectorsOf(committee, "nullify", state.view, state.attempt) : "all";
}

/** The own lane's certificate, to the leaders of the views from `first` on, while no block on the way has it. */
export function offerOwn(turn: Turn, first: number): void {
  const { committee, state } = turn;
  const certificate = ownWaiting(turn);
  if (certificate === null) return;
  const leaders = new Set<GatewayIndex>();
  for (let view = first; view < state.view + LEADERS_AHEAD; view += 1)
    leaders.add(leaderOf(committee, state.seeds, view));
  leaders.delete(committee.self);
  if (leaders.size > 0) offer(turn, [...leaders], certificate);
}

/** The leader had its time: now everybody is to know that something waits, so that their clocks run (A3, A6). */
export function offerToAll(turn: Turn): void {
  const certificate = ownWaiting(turn);
  if (certificate !== null && roundOf(turn.state, turn.state.view).proposal === null) offer(turn, "all", certificate);
}

function ownWaiting({ committee, state }: Turn) {
  const certificate = state.certified[committee.self]?.highest ?? null;
  if (!isLarge(committee) || certificate === null) return null;
  const { tips } = groundFor(state, state.view) ?? state.delivered;
  return isAbove(tips, committee.self, certificate.number) ? certificate : null;
}
