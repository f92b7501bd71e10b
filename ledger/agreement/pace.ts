/** A11 and the clock of A2, A3, A6. Time touches progress only: nothing here decides what may be signed. */
import type { Vote } from "../message/index.ts";
import { finalView, roundOf, type Turn } from "./turn.ts";
import type { Clock, Pace, State } from "./types.ts";

/** Before the first view was measured. */
const FIRST_PATIENCE_MS = 120;
const MIN_PATIENCE_MS = 15;
const MAX_PATIENCE_MS = 20_000;
const MAX_DOUBLINGS = 8;
/** Weight of the newest sample, 1/8 as in TCP's round-trip estimator (RFC 6298). */
const GAIN = 1 / 8;
/** How much longer than the mean a sample may count, so that one leader in three that is slow on purpose cannot stretch the others' views. */
const MAX_STRETCH = 2;
/** Beats come 1, 2, 3, 5, 8, ... times D after the start, and at least so often. */
const GOLDEN_RATIO = 1.618;
const MAX_SILENCE_MS = 1000;

export const INITIAL_PACE: Pace = { measured: null, nullified: 0 };
export const STOPPED: Clock = { startedAtMs: null, beats: 0, beatMs: null, cutMs: null };

/** A11: D = clamp(mean + 3 sigma of the time that views take here), doubled for each consecutive nullified view. */
export function patienceMs({ measured, nullified }: Pace): number {
  const base = measured === null ? FIRST_PATIENCE_MS : measured.meanMs + 3 * Math.sqrt(measured.varianceMs2);
  return Math.min(MAX_PATIENCE_MS, Math.max(MIN_PATIENCE_MS, base) * 2 ** Math.min(nullified, MAX_DOUBLINGS));
}

/** How long a view usually takes. */
export function meanMs({ measured }: Pace): number {
  return measured?.meanMs ?? FIRST_PATIENCE_MS / 2;
}

/**
 * The view is left: its clock stops, and tells how long the view took. A nullified one tells nothing of the network, but patience doubles. So it does when
 * this gateway gave up a view that was notarized all the same: A5 forbids its Finalize, and where no quorum is without it nothing would ever become final.
 */
export function onViewClosed(turn: Turn, vote: Vote): void {
  const { pace, viewsNullified, clock } = turn.state;
  const lost = vote.kind === "nullify";
  const tooEarly = lost || roundOf(turn.state, vote.view).sent.nullify !== null;
  const isFirst = pace.measured === null;
  // The first sample counts whole, so it is taken from a view that was waited for: another may hold an outage.
  const timed = !lost && !(tooEarly && isFirst) && vote.view === turn.state.view && clock.startedAtMs !== null;
  const doubled = tooEarly ? Math.min(MAX_DOUBLINGS, pace.nullified + 1) : pace.nullified;
  turn.state = {
    ...turn.state,
    clock: STOPPED,
    viewsNullified: viewsNullified + (lost ? 1 : 0),
    pace: {
      // What was doubled before the first sample was a guess, and the sample is none.
      nullified: timed && isFirst ? 0 : doubled,
      measured: timed ? withSample(pace.measured, turn.nowMs - (clock.startedAtMs ?? 0)) : pace.measured,
    },
  };
}

function withSample(measured: Pace["measured"], tookMs: number): Pace["measured"] {
  // A proposal that brings the certificates of its cut along takes no time at all: that alone is nothing to go by.
  const firstMs = Math.max(tookMs, FIRST_PATIENCE_MS / 2);
  if (measured === null) return { meanMs: firstMs, varianceMs2: (firstMs / 2) ** 2 };
  const { meanMs, varianceMs2 } = measured;
  // Twice nothing is nothing: a mean of zero must be able to grow.
  const deviation = Math.min(tookMs, Math.max(MIN_PATIENCE_MS, MAX_STRETCH * meanMs)) - meanMs;
  return {
    meanMs: meanMs + GAIN * deviation,
    varianceMs2: (1 - GAIN) * (varianceMs2 + GAIN * deviation * deviation),
  };
}

/** A11: one doubling less for each finalization. */
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

/** Starts or stops the clock of the current view, as there is something to order or not. */
export function keepTime(turn: Turn): void {
  const { clock, pace } = turn.state;
  if (isPending(turn.state) === (clock.beatMs !== null)) return;
  if (clock.beatMs !== null) turn.state = { ...turn.state, clock: STOPPED };
  else setClock(turn, { startedAtMs: turn.nowMs, beatMs: turn.nowMs + patienceMs(pace) });
}

/** Whether the clock has come to another beat. The next is counted from now: a gateway that slept was not waiting meanwhile. */
export function beat(turn: Turn): boolean {
  const { clock, pace } = turn.state;
  if (clock.cutMs !== null && clock.cutMs <= turn.nowMs) setClock(turn, { cutMs: null });
  if (clock.beatMs === null || clock.beatMs > turn.nowMs) return false;
  const beats = Math.max(1, Math.round(clock.beats * GOLDEN_RATIO));
  const patience = patienceMs(pace);
  const untilNextMs = patience * (Math.round(beats * GOLDEN_RATIO) - beats);
  setClock(turn, { beats, beatMs: turn.nowMs + Math.min(untilNextMs, Math.max(patience, MAX_SILENCE_MS)) });
  return true;
}

/** When `step` wants to be called with `wake`; null = not before something else happens. */
export function wakeAtMs({ clock, relays }: State): number | null {
  const times = [clock.beatMs, clock.cutMs, ...relays.due.map(({ atMs }) => atMs)].filter((time) => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}

/** A3: the shortest time between two blocks. Under load a cut gathers what comes meanwhile; an idle view has been open for longer. */
const CUT_INTERVAL_MS = 20;

/** When the leader of the current view may propose what is new. */
export function cutAtMs(state: State): number {
  return state.enteredAtMs === null ? 0 : state.enteredAtMs + CUT_INTERVAL_MS;
}

export function setClock(turn: Turn, change: Partial<Clock>): void {
  turn.state = { ...turn.state, clock: { ...turn.state.clock, ...change } };
}
