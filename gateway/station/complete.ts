import type { Frame, Measurement } from "../../ledger/statement/index.ts";
import type { DimensionsValue, Effect, MassValue, Memo, Part, Pending, StationState, Step } from "./types.ts";

/** P1-P5: makes every measurement that the readings at hand allow. `now` = the time of the newest input. */
export function complete(before: StationState, now: number): Step {
  let state = before;
  const effects: Effect[] = [];
  for (const pending of before.pending) {
    if (pending.identity === null) continue;
    const mass = massFor(state, pending, now);
    const dimensions = pending.dimensions ?? unnamed(state)?.dimensions ?? null;
    if (mass === null || dimensions === null) continue;
    const values = [mass, dimensions];
    const parts = [pending.identity, ...values];
    if (!near(state, parts) || !parts.every((part) => usedWhole(part, values))) continue;
    const done = accept(state, pending, pending.identity, mass, dimensions);
    state = done.state;
    effects.push(...done.effects);
  }
  return { state, effects };
}

/** P2: all within one window. */
function near(state: StationState, parts: readonly Part<unknown>[]): boolean {
  const times = parts.map((part) => part.since);
  return Math.max(...times) - Math.min(...times) <= state.settings.windowMs;
}

/** P12. */
function usedWhole(part: Part<unknown>, values: readonly Part<unknown>[]): boolean {
  return values.filter((value) => value.frame === part.frame).length === part.values;
}

/** The mass that names this item, else the one of the load that stands on the scale, else one that names nobody. */
function massFor(state: StationState, pending: Pending, now: number): Part<MassValue> | null {
  if (pending.mass !== null) return pending.mass;
  const { load } = state;
  if (load.kind === "loaded" && load.mass !== null) {
    const free = load.spentBy === null || (load.moved && load.spentBy !== pending.item);
    if (free && now - load.mass.since <= state.settings.windowMs) return load.mass;
  }
  return unnamed(state)?.mass ?? null;
}

function unnamed(state: StationState): Pending | null {
  return state.pending.find((pending) => pending.item === null) ?? null;
}

function accept(
  state: StationState,
  pending: Pending,
  identity: Part<string>,
  mass: Part<MassValue>,
  dimensions: Part<DimensionsValue>,
): Step {
  const parts = [mass, dimensions, identity];
  const measurement: Measurement = {
    station: state.settings.station,
    item: identity.value,
    at: Math.max(...parts.map((part) => part.at)),
    mass: mass.value.kilograms,
    division: mass.value.division,
    dimensions: dimensions.value,
    frames: framesOf(parts),
  };
  const readings = [...new Set(parts.flatMap((part) => (part.reading === null ? [] : [part.reading])))];
  const streamed = mass.device.delivery === "stream" && state.load.kind === "loaded";
  // P5: another item on a load that moved is a cycle of its own although the scale never came back to zero.
  const cycle = streamed && state.load.kind === "loaded" && state.load.spentBy !== null ? state.cycle + 1 : state.cycle;
  const memo: Memo | null = streamed ? { cycle, item: identity.value } : null;
  const load =
    state.load.kind === "loaded" && streamed ? { ...state.load, spentBy: identity.value, moved: false } : state.load;
  const left = state.pending.flatMap((other): Pending[] => {
    if (other === pending || other.item === pending.item) return [];
    if (other.item !== null) return [other];
    const rest: Pending = {
      ...other,
      mass: other.mass === mass ? null : other.mass,
      dimensions: other.dimensions === dimensions ? null : other.dimensions,
    };
    return rest.mass === null && rest.dimensions === null ? [] : [rest];
  });
  return {
    state: { ...state, cycle, load, memo: memo ?? state.memo, pending: left, trouble: null },
    effects: [{ kind: "measure", measurement, readings, memo, cycle }],
  };
}

/** P11: each raw frame once, also when it gave several parts. */
function framesOf(parts: readonly Part<unknown>[]): readonly Frame[] {
  const frames: Frame[] = [];
  const seen = new Set<Uint8Array>();
  for (const part of parts) {
    if (seen.has(part.frame)) continue;
    seen.add(part.frame);
    frames.push({ device: part.device.id, bytes: part.frame });
  }
  return frames;
}
