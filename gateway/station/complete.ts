import type { Frame, Measurement } from "../../ledger/statement/index.ts";
import { partsOf } from "./pending.ts";
import type { DimensionsValue, Effect, MassValue, Part, Pending, StationState, Step } from "./types.ts";

/** The parts of one measurement, and the waiting sets that they come from. */
type Whole = {
  readonly identity: Part<string>;
  readonly mass: Part<MassValue>;
  readonly dimensions: Part<DimensionsValue>;
  readonly from: readonly Pending[];
};

/** P1-P5: makes every measurement that the parts at hand allow. */
export function complete(before: StationState): Step {
  let state = before;
  const effects: Effect[] = [];
  for (const pending of before.pending) {
    const whole = wholeOf(state, pending);
    if (whole === null || !fits(state, whole)) continue;
    const done = accept(state, whole);
    state = done.state;
    effects.push(...done.effects);
  }
  return { state, effects };
}

/** What belongs to this item beyond doubt: what names it and, on its own load, what names nobody (P13). */
function wholeOf(state: StationState, named: Pending): Whole | null {
  if (named.identity === null) return null;
  const unnamed =
    named.cycle === state.cycle
      ? (state.pending.find(({ item, cycle }) => item === null && cycle === named.cycle) ?? null)
      : null;
  const mass = named.mass ?? (named.cycle === state.cycle ? massOfLoad(state) : null) ?? unnamed?.mass ?? null;
  const dimensions = named.dimensions ?? unnamed?.dimensions ?? null;
  if (mass === null || dimensions === null) return null;
  return { identity: named.identity, mass, dimensions, from: unnamed === null ? [named] : [named, unnamed] };
}

/** P4: a load that was accepted gives its mass to nobody else. */
function massOfLoad({ load, weighed }: StationState): Part<MassValue> | null {
  return load.kind === "loaded" && weighed === null ? load.mass : null;
}

export type Join =
  | { readonly kind: "measured"; readonly step: Step }
  /** P15: these may belong to this item, to another, or to none. */
  | { readonly kind: "ambiguous"; readonly others: readonly Pending[] }
  | { readonly kind: "alone" };

/** P15: at the end of its window a named set of no load meets the parts without a name, if there is exactly one way. */
export function join(state: StationState, named: Pending): Join {
  const isNear = (a: Pending, b: Pending): boolean => near(state, [...partsOf(a), ...partsOf(b)]);
  const loose = state.pending.filter(({ cycle }) => cycle === null);
  const others = loose.filter((other) => other.item === null && isNear(named, other));
  if (others.length === 0 || named.identity === null) return { kind: "alone" };
  const rivals = loose.filter(
    (rival) => rival.item !== null && rival !== named && others.some((other) => isNear(rival, other)),
  );
  const masses = [named, ...others].flatMap(({ mass }) => (mass === null ? [] : [mass]));
  const sizes = [named, ...others].flatMap(({ dimensions }) => (dimensions === null ? [] : [dimensions]));
  const [mass, secondMass] = masses;
  const [dimensions, secondSize] = sizes;
  const unclear = rivals.length > 0 || secondMass !== undefined || secondSize !== undefined;
  if (unclear || mass === undefined || dimensions === undefined) return { kind: "ambiguous", others };
  const whole: Whole = { identity: named.identity, mass, dimensions, from: [named, ...others] };
  return fits(state, whole) ? { kind: "measured", step: accept(state, whole) } : { kind: "ambiguous", others };
}

function fits(state: StationState, { identity, mass, dimensions }: Whole): boolean {
  const values = [mass, dimensions];
  const parts = [identity, ...values];
  return near(state, parts) && parts.every((part) => usedWhole(part, values));
}

/** P2, P9: all within one window; of what came before a restart only the wall clock knows when. */
function near(state: StationState, parts: readonly Part<unknown>[]): boolean {
  const reloaded = parts.some((part) => part.reloaded);
  const times = parts.map((part) => (reloaded ? part.at : part.since));
  return Math.max(...times) - Math.min(...times) <= state.settings.windowMs;
}

/** P12. */
function usedWhole(part: Part<unknown>, values: readonly Part<unknown>[]): boolean {
  return values.filter((value) => value.frame === part.frame).length === part.values;
}

function accept(state: StationState, whole: Whole): Step {
  const { identity, mass, dimensions, from } = whole;
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
  const { cycle } = state;
  const weighed = mass.device.delivery === "stream" ? { item: identity.value, mass: mass.value } : null;
  return {
    state: {
      ...state,
      weighed: weighed ?? state.weighed,
      pending: state.pending.flatMap((pending) => (from.includes(pending) ? withoutUsed(pending, parts) : [pending])),
      trouble: null,
    },
    effects: [{ kind: "measure", measurement, readings, memo: weighed === null ? null : { cycle, weighed }, cycle }],
  };
}

function withoutUsed(pending: Pending, used: readonly Part<unknown>[]): readonly Pending[] {
  const rest = <Value>(part: Part<Value> | null): Part<Value> | null =>
    part === null || used.includes(part) ? null : part;
  const left: Pending = {
    ...pending,
    identity: rest(pending.identity),
    mass: rest(pending.mass),
    dimensions: rest(pending.dimensions),
  };
  return partsOf(left).length === 0 ? [] : [left];
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
