/**
 * A2: certificates are passed on. Votes of a small committee go to everybody, so that everybody makes the certificates of an ordinary view
 * himself; whoever was left out by a liar or a broken link gets them a moment later from those who notice. Passing all on at once would
 * be half of all messages.
 */
import { type Committee, type GatewayIndex, isLarge } from "../committee/index.ts";
import type { Certificate, Message } from "../message/index.ts";
import { meanMs, patienceMs } from "./pace.ts";
import { relays } from "./routes.ts";
import { send, type Turn } from "./turn.ts";

const SHORTEST_MOMENT_MS = 5;

export const NOBODY_SHOWN = { due: [], shown: [] } as const;

const isFinal = ({ vote }: Certificate): boolean => vote.kind === "finalize";

/** Right away in a large committee (A14), otherwise when its time has come (`relayDue`). */
export function relay(turn: Turn, certificate: Certificate, assembled: boolean): void {
  const { committee, state, nowMs } = turn;
  if (isLarge(committee)) {
    if (assembled || relays(turn, certificate.vote)) send(turn, "all", { kind: "certificate", certificate });
    return;
  }
  // Who lacks a Finalization is not held up by it, and the next one will do as well.
  const waitMs = isFinal(certificate) ? patienceMs(state.pace) : Math.max(SHORTEST_MOMENT_MS, meanMs(state.pace));
  const others = state.relays.due.filter((other) => isFinal(other.certificate) !== isFinal(certificate));
  turn.state = { ...state, relays: { ...state.relays, due: [...others, { certificate, atMs: nowMs + waitMs }] } };
}

/** What a message on a peer's own link shows of the views that it has left, and of the last one that it knows to be final. */
export function noteShown(turn: Turn, from: GatewayIndex, message: Message): void {
  const { committee, state } = turn;
  if (isLarge(committee)) return;
  const before = state.relays.shown[from] ?? { left: 0, final: 0 };
  const left = leftBy(from, message);
  const final = message.kind === "certificate" && isFinal(message.certificate) ? message.certificate.vote.view : 0;
  if (left <= before.left && final <= before.final) return;
  const shown = state.relays.shown.slice();
  shown[from] = { left: Math.max(left, before.left), final: Math.max(final, before.final) };
  turn.state = { ...state, relays: { ...state.relays, shown } };
}

function leftBy(from: GatewayIndex, message: Message): number {
  if (message.kind === "certificate") return message.certificate.vote.view;
  if (message.kind === "propose") return message.proposal.block.view - 1;
  if (message.kind !== "vote" || message.vote.voter !== from) return 0;
  const { kind, view } = message.vote.vote;
  return kind === "finalize" ? view : view - 1;
}

/** Sends what is due to those who have not shown that they have it. */
export function relayDue(turn: Turn): void {
  const { relays } = turn.state;
  const due = relays.due.filter(({ atMs }) => atMs <= turn.nowMs);
  if (due.length === 0) return;
  turn.state = { ...turn.state, relays: { ...relays, due: relays.due.filter((relay) => !due.includes(relay)) } };
  for (const { certificate } of due) {
    const shown = (peer: GatewayIndex) => relays.shown[peer]?.[isFinal(certificate) ? "final" : "left"] ?? 0;
    const peers = isFinal(certificate) ? heirsOf(turn.committee) : [...turn.committee.names.keys()];
    const to = peers.filter((peer) => peer !== turn.committee.self && shown(peer) < certificate.vote.view);
    if (to.length > 0) send(turn, to, { kind: "certificate", certificate });
  }
}

/**
 * Nothing that is sent anyway shows that somebody has a Finalization, so each passes it to the next n - q + 1 voters alone (f + 1 of 3 f + 1). One of them
 * is honest and there as long as a quorum is, and so is one of the next of that one: it comes around. Who only follows hears it from all.
 */
function heirsOf({ self, voters, quorum, names }: Committee): readonly GatewayIndex[] {
  const place = voters.indexOf(self);
  const last = voters.length - quorum + 1;
  return [...names.keys()].filter((peer) => {
    const at = voters.indexOf(peer);
    return at === -1 || (at - place + voters.length) % voters.length <= last;
  });
}
