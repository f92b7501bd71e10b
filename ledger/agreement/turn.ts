/** One call of `step`: the state as it changes and the effects so far, in order. */
import { type Committee, type GatewayIndex, type Hash, invariant, type Recipients } from "../committee/index.ts";
import type { Block, Certificate, LaneCertificate, Message, Tip } from "../message/index.ts";
import type { Write } from "../store/port.ts";
import type { Effect, Round, State } from "./types.ts";

export type Turn = { readonly committee: Committee; readonly nowMs: number; state: State; readonly effects: Effect[] };

const EMPTY_ROUND: Round = {
  proposal: null,
  votes: { notarize: [], nullify: [], finalize: [] },
  notarization: null,
  nullification: null,
  sent: { notarize: null, nullify: null, finalize: null },
  closedAtMs: null,
};

export function roundOf(state: State, view: number): Round {
  return state.rounds.get(view) ?? EMPTY_ROUND;
}

/** A8: nothing at or below W is ever touched again, so no record of it can be missed. */
export function setRound(turn: Turn, view: number, change: Partial<Round>): void {
  invariant(view > finalView(turn.state), `view ${view} is final and must not change`);
  const rounds = new Map(turn.state.rounds);
  rounds.set(view, { ...roundOf(turn.state, view), ...change });
  turn.state = { ...turn.state, rounds };
}

/** W: the highest finalized view known, delivered or not. */
export function finalView(state: State): number {
  return state.highest === null ? state.delivered.view : state.highest.vote.view;
}

/** What counts of a block that a later one may stand on: genesis, the last delivered one, or one above it. */
export function parentOf(state: State, hash: Hash): Pick<Block, "view" | "tips" | "seed" | "next"> | null {
  if (hash === state.delivered.hash) return state.delivered;
  return state.blocks.get(hash) ?? null;
}

/** Keeps a block that a proposal or a certificate names. Callers bound how many they let in. */
export function keepBlock(turn: Turn, hash: Hash, block: Block): void {
  if (turn.state.blocks.has(hash) || block.view <= turn.state.delivered.view) return;
  turn.state = { ...turn.state, blocks: new Map(turn.state.blocks).set(hash, block) };
}

export function persist(turn: Turn, write: Write): void {
  turn.effects.push({ kind: "persist", write });
}

export function send(turn: Turn, to: Recipients, message: Message): void {
  turn.effects.push({ kind: "send", to, message });
}

export function offer(turn: Turn, to: Recipients, certificate: LaneCertificate): void {
  turn.effects.push({ kind: "offer", to, certificate });
}

export function reject(turn: Turn, from: GatewayIndex, reason: string): void {
  turn.effects.push({ kind: "reject", from, reason });
}

/** Whether these tips leave out this bundle of a lane. */
export function isAbove(tips: readonly Tip[], lane: GatewayIndex, number: number): boolean {
  return number > (tips[lane]?.number ?? -1);
}

/** The highest certificates of the lanes that are ahead of these tips, which are the delivered ones or stand on them. */
export function newTips({ ahead, certified }: State, tips: readonly Tip[]): readonly LaneCertificate[] {
  return [...ahead].flatMap((lane) => {
    const highest = certified[lane]?.highest ?? null;
    return highest !== null && isAbove(tips, lane, highest.number) ? [highest] : [];
  });
}

/** The certificate that closed a view, the one that lets a chain grow first (A5 before A6). */
export function closing(round: Round): Certificate | null {
  return round.notarization ?? round.nullification;
}
