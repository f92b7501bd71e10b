import { addDecimals, compareDecimals } from "../../devices/quantity/index.ts";
import { endCycle, giveUp, newest, recentTrouble } from "./pending.ts";
import { zeroAfterSilence } from "./zero.ts";
import type { Effect, Load, MassValue, Part, Pending, Reason, StationState, Step } from "./types.ts";

/** P14: a scale is polled ten times a second, and an answer that was lost is asked for again after half a second. */
export const WATCH_MS = 750;

/** What one more word of a stream scale tells about the load. */
export type Sight =
  | { readonly kind: "empty" }
  /** There is a load, but no mass that may be used: moving, overloaded, off the division. */
  | { readonly kind: "unusable" }
  | { readonly kind: "stable"; readonly part: Part<MassValue> }
  /** The scale speaks and shows nothing: busy. */
  | { readonly kind: "none" };

/** P3-P6, P13: to be called after `lookAway` of the same moment. */
export function see(state: StationState, sight: Sight, now: number): Step {
  switch (sight.kind) {
    case "empty":
      return onEmpty(state, now);
    case "none":
      return state.load.kind === "loaded" ? onUnusable(seenAt(state, now), now) : unchanged(seenAt(state, now));
    case "unusable":
      return after(placed(state, now), (opened) => onUnusable(opened, now));
    case "stable":
      return after(placed(state, now), (opened) => onStable(opened, sight.part, now));
  }
}

/** P14: nobody knows what stands on a scale that has been silent; what waited for its load is given up. */
export function lookAway(state: StationState, now: number): Step {
  const { load } = state;
  if (load.kind === "unseen" || now - load.seenAt <= WATCH_MS) return unchanged(state);
  const ended =
    load.kind === "loaded" ? endCycle(state, recentTrouble(state, now) ?? "scale-silent") : unchanged(state);
  const isMute = state.settings.devices.some(({ silentOutOfRange }) => silentOutOfRange === true);
  const zero = zeroAfterSilence(state.zero, isMute && load.kind === "empty");
  return { state: { ...ended.state, load: { kind: "unseen" }, zero }, effects: ended.effects };
}

type Loaded = Extract<Load, { kind: "loaded" }>;

const unchanged = (state: StationState): Step => ({ state, effects: [] });

function after(step: Step, next: (state: StationState) => Step): Step {
  const done = next(step.state);
  return { state: done.state, effects: [...step.effects, ...done.effects] };
}

function seenAt(state: StationState, now: number): StationState {
  return state.load.kind === "unseen" ? state : { ...state, load: { ...state.load, seenAt: now } };
}

/** P4, P13: an accepted load has left when the scale says so twice; what waits for another one may not outlive doubt. */
function onEmpty(state: StationState, now: number): Step {
  const { load } = state;
  const left = load.kind === "loaded" ? giveUp(state, "load-left", ({ cycle }) => cycle !== null) : unchanged(state);
  const emptied: StationState = { ...left.state, load: { kind: "empty", seenAt: now } };
  if (load.kind !== "empty") return { ...left, state: emptied };
  return { state: { ...emptied, weighed: null }, effects: [...left.effects, ...forgotten(state)] };
}

/** P6: the memo must not claim the next load. */
function forgotten({ cycle, weighed }: StationState): readonly Effect[] {
  return weighed === null ? [] : [{ kind: "remember", memo: { cycle, weighed: null } }];
}

/** A load that comes into sight opens a cycle, unless it is the accepted one again (P4, P6). */
function placed(state: StationState, now: number): Step {
  if (state.load.kind === "loaded") return unchanged(seenAt(state, now));
  const { weighed } = state;
  const load: Load = {
    kind: "loaded",
    since: now,
    seenAt: now,
    shown: null,
    mass: null,
    settled: weighed?.mass ?? null,
    stirredAt: null,
    reported: false,
  };
  if (weighed !== null) return unchanged({ ...state, load });
  return nextCycle({ ...state, load }, now, "no-load");
}

/** P13: what came at most `earlyMs` before `from` is of the new load; everything older was of another load or of none. */
function nextCycle(state: StationState, from: number, reason: Reason): Step {
  const cycle = state.cycle + 1;
  const isOfNew = (waiting: Pending): boolean => {
    if (waiting.cycle === null) return true;
    const unspent = state.weighed === null || waiting.cycle > state.cycle;
    return unspent && newest(waiting) >= from - state.settings.earlyMs;
  };
  const left = giveUp(state, reason, (waiting) => !isOfNew(waiting));
  const pending = left.state.pending.map((waiting) => (waiting.cycle === null ? waiting : { ...waiting, cycle }));
  return { state: { ...left.state, pending, cycle, weighed: null }, effects: [...left.effects, ...forgotten(state)] };
}

/** P3, P5: no mass that the scale no longer shows; a stir alone says nothing about whose load it is. */
function onUnusable(state: StationState, now: number): Step {
  const load = loadedOf(state);
  return unchanged({ ...state, load: { ...load, shown: null, mass: null, stirredAt: load.stirredAt ?? now } });
}

/** P3: two equal frames in a row make a mass. P5: only another mass makes another load. */
function onStable(state: StationState, part: Part<MassValue>, now: number): Step {
  const load = loadedOf(state);
  const same = load.settled === null || withinDivision(load.settled, part.value);
  const agreed = load.shown !== null && compareDecimals(load.shown.value.kilograms, part.value.kilograms) === 0;
  if (!agreed) {
    const stirredAt = load.stirredAt ?? (same ? null : now);
    return unchanged({ ...state, load: { ...load, shown: part, mass: null, stirredAt } });
  }
  const rested: Loaded = { ...load, shown: part, mass: part, settled: part.value, stirredAt: null };
  if (same) return unchanged({ ...state, load: rested });
  const next = nextCycle(state, load.stirredAt ?? now, "load-left");
  return { ...next, state: { ...next.state, load: { ...rested, since: now, reported: false } } };
}

function loadedOf({ load }: StationState): Loaded {
  if (load.kind !== "loaded") throw new Error(`a ${load.kind} scale has no load`);
  return load;
}

/** P5: a display may change by a division under a load that rests. */
function withinDivision(a: MassValue, b: MassValue): boolean {
  const [low, high] = compareDecimals(a.kilograms, b.kilograms) < 0 ? [a, b] : [b, a];
  const limit = addDecimals(low.kilograms, low.division);
  return limit !== null && compareDecimals(high.kilograms, limit) <= 0;
}
