/**
 * A2: certificates are passed on. Votes of a small committee go to everybody, so that everybody makes the certificates of an ordinary view
 * himself; whoever was left out by a liar or a broken link gets them a moment later from those who notice. Passing all on at once would
 * be half of all messages.
 */
import { type GatewayIndex, isLarge } from "../committee/index.ts";
import { meanMs, patienceMs } from "./pace.ts";
import { relays } from "./routes.ts";
import type { Turn } from "./turn.ts";
import type { Relay, State } from "./types.ts";
import type { Certificate, Message } from "../message/index.ts";

const SHORTEST_MOMENT_MS = 5;

export const NOBODY_SHOWN = { led: null, final: null, shown: [] } as const;

/** Right away in a large committee (A14), otherwise when its time has come (`relayDue`). */
export function relay(turn: Turn, certificate: Certificate, assembled: boolean): void {
  const { committee, state, nowMs } = turn;
  const { vote } = certificate;
  if (isLarge(committee)) {
    if (assembled || relays(turn, vote))
      turn.effects.push({ kind: "send", to: "all", message: { kind: "certificate", certificate } });
    return;
  }
  // Who lacks a Finalization is not held up by it, and the next one will do as well.
  const waitMs = vote.kind === "finalize" ? patienceMs(state.pace) : Math.max(SHORTEST_MOMENT_MS, meanMs(state.pace));
  const due: Relay = { certificate, atMs: nowMs + waitMs };
  turn.state = { ...state, relays: { ...state.relays, [vote.kind === "finalize" ? "final" : "led"]: due } };
}

/** What a message on a peer's own link shows of the views that it has left, and of the last one that it knows to be final. */
export function noteShown(turn: Turn, from: GatewayIndex, message: Message): void {
  const { committee, state } = turn;
  if (isLarge(committee)) return;
  const before = state.relays.shown[from] ?? { left: 0, final: 0 };
  const left = leftBy(from, message);
  const final =
    message.kind === "certificate" && message.certificate.vote.kind === "finalize" ? message.certificate.vote.view : 0;
  if (left <= before.left && final <= before.final) return;
  const shown = state.relays.shown.slice();
  shown[from] = { left: Math.max(left, before.left), final: Math.max(final, before.final) };
  turn.state = { ...state, relays: { ...state.relays, shown } };
}

function leftBy(from: GatewayIndex, message: Message): number {
  switch (message.kind) {
    case "vote": {
      const { vote, voter } = message.vote;
      if (voter !== from) return 0;
      return vote.kind === "finalize" ? vote.view : vote.view - 1;
    }
    case "certificate":
      return message.certificate.vote.view;
    case "propose":
      return message.proposal.block.view - 1;
    default:
      return 0;
  }
}

/** Sends what is due to those who have not shown that they have it. */
export function relayDue(turn: Turn): void {
  const { led, final } = turn.state.relays;
  if (led !== null && led.atMs <= turn.nowMs) {
    const { view } = led.certificate.vote;
    turn.state = { ...turn.state, relays: { ...turn.state.relays, led: null } };
    pass(turn, led.certificate, (shown) => shown.left >= view);
  }
  if (final !== null && final.atMs <= turn.nowMs) {
    const { view } = final.certificate.vote;
    turn.state = { ...turn.state, relays: { ...turn.state.relays, final: null } };
    pass(turn, final.certificate, (shown) => shown.final >= view);
  }
}

function pass(
  turn: Turn,
  certificate: Certificate,
  has: (shown: State["relays"]["shown"][number] & object) => boolean,
): void {
  const { committee, state } = turn;
  const to = committee.names.flatMap((_, peer) => {
    const shown = state.relays.shown[peer];
    return peer === committee.self || (shown !== undefined && has(shown)) ? [] : [peer];
  });
  if (to.length > 0) turn.effects.push({ kind: "send", to, message: { kind: "certificate", certificate } });
}
