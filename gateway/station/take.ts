import { cycleOf, isGuarded } from "./binding.ts";
import { givenUp, readingsOf } from "./pending.ts";
import type { Found } from "./found.ts";
import type { Effect, Input, Part, Pending, QuantityKind, StationState, Step } from "./types.ts";

/** P10. */
export const MAX_PENDING = 64;

type FrameInput = Extract<Input, { kind: "frame" }>;

/** P5, P10, P12, P13: where the parts of one frame wait for their partners. */
export function takeParts(state: StationState, input: FrameInput, found: Found): Step {
  const item = found.identity?.value ?? null;
  const readings = input.reading === null ? [] : [input.reading];
  if (found.identity === null && found.mass === null && found.dimensions === null) {
    if (readings.length === 0) return { state, effects: [] };
    const reason = found.trouble ?? "nothing-received";
    const missing: QuantityKind[] = ["mass", "dimensions", "item"];
    return {
      state,
      effects: [{ kind: "incomplete", station: state.settings.station, item: null, missing, reason, readings }],
    };
  }
  if (item !== null && item === state.weighed?.item && found.mass === null) {
    // P5: the dimensioner sends its telegram again after a reconnect while the weighed load still stands.
    return { state, effects: [{ kind: "repeated", item, readings }] };
  }
  if (!isGuarded(state.settings) && input.reading === null) {
    // P7: on a line without acknowledgement the same bytes again are the same message again.
    const { windowMs } = state.settings;
    const recent = state.recent.filter(({ since }) => input.since - since <= windowMs).slice(1 - MAX_PENDING);
    if (recent.some(({ device, frame }) => device === input.device && sameBytes(frame, input.frame)))
      return { state: { ...state, recent }, effects: [{ kind: "repeated", item, readings }] };
    const { device, since, frame } = input;
    return merge({ ...state, recent: [...recent, { device, since, frame }] }, cycleOf(state, input), item, found);
  }
  return merge(state, cycleOf(state, input), item, found);
}

const sameBytes = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, index) => byte === b[index]);

function merge(state: StationState, cycle: number | null, item: string | null, found: Found): Step {
  // P15: of no load, two parts without a name may be of two items and are not put together.
  const apart = cycle === null && item === null;
  const existing = apart ? undefined : state.pending.find((other) => other.item === item && other.cycle === cycle);
  const merged: Pending = {
    cycle,
    item,
    identity: found.identity ?? keptOf(existing?.identity, existing, found),
    mass: found.mass ?? keptOf(existing?.mass, existing, found),
    dimensions: found.dimensions ?? keptOf(existing?.dimensions, existing, found),
  };
  const others = state.pending.filter((pending) => pending !== existing);
  // A newer reading of the same device and item takes the place of the older one, whose durable copy is given up.
  const kept = new Set(readingsOf(merged));
  const replaced = existing === undefined ? [] : readingsOf(existing).filter((reading) => !kept.has(reading));
  const effects: Effect[] = [];
  if (replaced.length > 0) effects.push(givenUp(state, existing ?? merged, "superseded", replaced));

  const ofLoad = cycle === null || item === null ? [] : others.filter((other) => other.cycle === cycle);
  // P10: one item at a time. What named nobody was then perhaps of the earlier one.
  const superseded = ofLoad.some((other) => other.item !== null) ? ofLoad : [];
  for (const other of superseded) effects.push(givenUp(state, other, "superseded", readingsOf(other)));
  const stay = others.filter((other) => !superseded.includes(other));
  while (stay.length >= MAX_PENDING) {
    const oldest = stay.shift();
    if (oldest !== undefined) effects.push(givenUp(state, oldest, "too-many-items", readingsOf(oldest)));
  }
  return { state: { ...state, pending: [...stay, merged] }, effects };
}

/** P12: an older part stays only when nothing else of its frame is replaced. */
function keptOf<Value>(
  part: Part<Value> | null | undefined,
  existing: Pending | undefined,
  found: Found,
): Part<Value> | null {
  if (part === null || part === undefined || existing === undefined) return null;
  // The same identity from another frame contradicts nothing.
  const replaced = [found.mass === null ? null : existing.mass, found.dimensions === null ? null : existing.dimensions];
  return replaced.some((old) => old?.frame === part.frame) ? null : part;
}
