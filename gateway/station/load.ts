import { compareDecimals } from "../../devices/quantity/index.ts";
import type { AdmittedMass } from "./admit.ts";
import type { Effect, Load, MassValue, Memo, Part, StationState, Step } from "./types.ts";

/** P4, P5: what one more mass of a stream scale tells about the load. */
export function loadAfter(
  state: StationState,
  admitted: AdmittedMass,
  part: (value: MassValue) => Part<MassValue>,
  at: number,
): Step {
  if (admitted.kind === "empty") return emptied(state);
  const load = state.load.kind === "loaded" ? watched(state.load, state, at) : placed(state, at);
  // P5: a moving, overloaded or otherwise unusable mass means that the accepted load no longer stands still.
  if (admitted.kind === "refused") return loaded(state, { ...load, mass: null, moved: load.spentBy !== null });
  const changed = load.mass !== null && compareDecimals(load.mass.value.kilograms, admitted.value.kilograms) !== 0;
  return loaded(state, {
    ...load,
    mass: part(admitted.value),
    moved: load.moved || (load.spentBy !== null && changed),
  });
}

/** The memo of the load as it now is (P6); `item` null = not spent by anybody. */
export function memoOfLoad(state: StationState, item: string | null): Memo {
  return { cycle: state.cycle, item };
}

type Loaded = Extract<Load, { kind: "loaded" }>;

/** The first sight of a load: a new cycle, or after a start the load of the remembered item (P6). */
function placed(state: StationState, at: number): Loaded {
  const spentBy = state.load.kind === "unseen" ? (state.memo?.item ?? null) : null;
  return { kind: "loaded", since: at, seenAt: at, mass: null, spentBy, moved: spentBy !== null, reported: false };
}

function watched(load: Loaded, state: StationState, at: number): Loaded {
  const unwatched = at - load.seenAt > state.settings.windowMs;
  return { ...load, seenAt: at, moved: load.moved || (unwatched && load.spentBy !== null) };
}

function loaded(state: StationState, load: Loaded): Step {
  // A load that nobody has been weighed for opens a cycle of its own when it is first seen.
  const opens = state.load.kind !== "loaded" && load.spentBy === null;
  return { state: { ...state, load, cycle: opens ? state.cycle + 1 : state.cycle }, effects: [] };
}

/** Back below the minimum: the cycle ends, and the memo must not claim the next load (P6). */
function emptied(state: StationState): Step {
  const spent =
    state.load.kind === "loaded" ? state.load.spentBy : state.load.kind === "unseen" ? state.memo?.item : null;
  const memo: Memo = { cycle: state.cycle, item: null };
  const effects: Effect[] = spent === null || spent === undefined ? [] : [{ kind: "remember", memo }];
  return { state: { ...state, load: { kind: "empty" }, memo: effects.length > 0 ? memo : state.memo }, effects };
}
