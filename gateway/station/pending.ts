import type { Effect, Part, Pending, QuantityKind, Reason, StationState, Step } from "./types.ts";

/** P13: gives up what waits for the load of this cycle. */
export const endCycle = (state: StationState, reason: Reason): Step =>
  giveUp(state, reason, ({ cycle }) => cycle !== null && cycle <= state.cycle);

/** Gives up all that `leaves` holds for. */
export function giveUp(state: StationState, reason: Reason, leaves: (pending: Pending) => boolean): Step {
  const left = state.pending.filter(leaves);
  if (left.length === 0) return { state, effects: [] };
  return {
    state: { ...state, pending: state.pending.filter((pending) => !left.includes(pending)) },
    effects: left.map((pending) => givenUp(state, pending, reason, readingsOf(pending))),
  };
}

export function givenUp(state: StationState, pending: Pending, reason: Reason, readings: readonly string[]): Effect {
  const missing: QuantityKind[] = [];
  if (pending.mass === null) missing.push("mass");
  if (pending.dimensions === null) missing.push("dimensions");
  if (pending.item === null) missing.push("item");
  return { kind: "incomplete", station: state.settings.station, item: pending.item, missing, reason, readings };
}

/** Trouble explains a missing part only when it happened while that part was waited for. */
export function recentTrouble(state: StationState, now: number): Reason | null {
  return state.trouble !== null && now - state.trouble.since <= 2 * state.settings.windowMs
    ? state.trouble.reason
    : null;
}

export function readingsOf(pending: Pending): readonly string[] {
  return [...new Set(partsOf(pending).flatMap((part) => (part.reading === null ? [] : [part.reading])))];
}

/** When the youngest part came. */
export function newest(pending: Pending): number {
  return Math.max(...partsOf(pending).map((part) => part.since));
}

export function partsOf({ identity, mass, dimensions }: Pending): readonly Part<unknown>[] {
  return [identity, mass, dimensions].filter((part) => part !== null);
}
