/** A11 and the clocks of A2, A3, A6. Time touches progress only: nothing here decides what may be signed. */
import type { Turn } from "./turn.ts";
import { finalView, roundOf } from "./turn.ts";
import type { Deadlines, Pace, State, Vote } from "./types.ts";

const MIN_PATIENCE_MS = 50;
const MAX_PATIENCE_MS = 20_000;
const MAX_DOUBLINGS = 8;
/** Weight of the newest sample, 1/8 as in TCP's round-trip estimator (RFC 6298). */
const GAIN = 1 / 8;

export const INITIAL_PACE: Pace = { meanMs: 60, varianceMs2: 400, nullified: 0, proposed: null };
export const STOPPED: Deadlines = {
  started: false,
  proposalMs: null,
  certificateMs: null,
  retransmitMs: null,
  carryMs: null,
  mayCarry: false,
  cutMs: null,
};

/** A11: D = clamp(mean + 3 sigma of own propose-to-notarize times), doubled for each consecutive nullified view. */
export function patienceMs(pace: Pace): number {
  const base = Math.max(MIN_PATIENCE_MS, pace.meanMs + 3 * Math.sqrt(pace.varianceMs2));
  return Math.min(MAX_PATIENCE_MS, base * 2 ** Math.min(pace.nullified, MAX_DOUBLINGS));
}

/** The view is left: its clocks stop; what was learned from it is kept. */
export function onViewClosed(turn: Turn, vote: Vote): void {
  const { pace, viewsNullified } = turn.state;
  const lost = vote.kind === "nullify";
  turn.state = {
    ...turn.state,
    deadlines: STOPPED,
    viewsNullified: viewsNullified + (lost ? 1 : 0),
    pace: lost
      ? { ...pace, nullified: Math.min(MAX_DOUBLINGS, pace.nullified + 1), proposed: null }
      : withSample(pace, vote.view, turn.nowMs),
  };
}

function withSample(pace: Pace, view: number, nowMs: number): Pace {
  if (pace.proposed?.view !== view) return { ...pace, proposed: null };
  const deviation = nowMs - pace.proposed.atMs - pace.meanMs;
  return {
    ...pace,
    proposed: null,
    meanMs: pace.meanMs + GAIN * deviation,
    varianceMs2: (1 - GAIN) * (pace.varianceMs2 + GAIN * deviation * deviation),
  };
}

/** A11: patience decays slowly, one doubling for each finalization. */
export function onFinalized(turn: Turn): void {
  const { pace } = turn.state;
  if (pace.nullified > 0) turn.state = { ...turn.state, pace: { ...pace, nullified: pace.nullified - 1 } };
}

/**
 * A3: is there anything to order? A certified tip that is not in the finalized chain, a successor of the configuration (A13), a block on its way to finality,
 * or a finalized block that is still being fetched.
 */
export function isPending(state: State): boolean {
  if (finalView(state) > state.delivered.view) return true;
  if (state.proposing !== null || roundOf(state, state.view).proposal !== null) return true;
  for (const round of state.rounds.values()) if (round.notarization !== null) return true;
  return state.ahead.size > 0;
}

/** Starts or stops the clocks of the current view, as there is something to order or not. */
export function keepTime(turn: Turn): void {
  const { state, nowMs } = turn;
  if (!isPending(state)) {
    if (state.deadlines.started) turn.state = { ...state, deadlines: STOPPED };
    return;
  }
  if (state.deadlines.started) return;
  const patience = patienceMs(state.pace);
  turn.state = {
    ...state,
    deadlines: {
      started: true,
      mayCarry: false,
      cutMs: state.deadlines.cutMs,
      carryMs: nowMs + patience,
      proposalMs: nowMs + 3 * patience,
      certificateMs: nowMs + 5 * patience,
      retransmitMs: nowMs + 4 * patience,
    },
  };
}

/** When `step` wants to be called with `wake`; null = not before something else happens. */
export function wakeAtMs(state: State): number | null {
  const { proposalMs, certificateMs, retransmitMs, carryMs, cutMs } = state.deadlines;
  const { led, final } = state.relays;
  const relays = [led, final].map((relay) => relay?.atMs ?? null);
  const times = [proposalMs, certificateMs, retransmitMs, carryMs, cutMs, ...relays].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/** A3: the shortest time between two blocks. Under load a cut gathers what comes meanwhile; an idle view has been open for longer. */
const CUT_INTERVAL_MS = 10;

/** When the leader of the current view may propose what is new. */
export function cutAtMs(state: State): number {
  return state.enteredAtMs === null ? 0 : state.enteredAtMs + CUT_INTERVAL_MS;
}

export function setDeadlines(turn: Turn, change: Partial<Deadlines>): void {
  turn.state = { ...turn.state, deadlines: { ...turn.state.deadlines, ...change } };
}
