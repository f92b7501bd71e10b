import { loadAfter, memoOfLoad } from "./load.ts";
import { type AdmittedDimensions, type AdmittedMass, admitDimensions, admitMass } from "./admit.ts";
import { complete } from "./complete.ts";
import type {
  Effect,
  Input,
  Memo,
  Part,
  Pending,
  QuantityKind,
  Reason,
  StationDevice,
  StationSettings,
  StationState,
  Step,
} from "./types.ts";

/** P10. */
export const MAX_PENDING = 64;
/** P10: as many bytes of one frame as a statement keeps. */
export const MAX_FRAME_BYTES = 512;

/** P1: what a statement can name. */
const PRINTABLE_ITEM = /^[\x20-\x7e]{1,64}$/;

/** A station as it is after a start: nothing seen, the last weighing remembered (P6). */
export function startStation(settings: StationSettings, memo: Memo | null): StationState {
  return { settings, cycle: memo?.cycle ?? 0, load: { kind: "unseen" }, memo, pending: [], trouble: null };
}

/** The whole of the pairing. Effects are done in order. Never throws for any frame of a registered device. */
export function step(state: StationState, input: Input): Step {
  switch (input.kind) {
    case "frame":
      return onFrame(state, input);
    case "status":
      return { state: { ...state, trouble: { reason: `device-${input.status}`, at: input.at } }, effects: [] };
    case "tick":
      return onTick(state, input.now);
    case "refused":
      return onRefused(state, input.cycle);
  }
}

/** The durable readings that the station still waits with. */
export function heldReadings(state: StationState): readonly string[] {
  return state.pending.flatMap(readingsOf);
}

type FrameInput = Extract<Input, { kind: "frame" }>;

const unchanged = (state: StationState): Step => ({ state, effects: [] });

function onFrame(state: StationState, input: FrameInput): Step {
  const device = state.settings.devices.find((candidate) => candidate.id === input.device);
  if (device === undefined) return { state, effects: [] };
  const found = partsOf(device, input);
  const troubled: StationState =
    found.trouble === null ? state : { ...state, trouble: { reason: found.trouble, at: input.at } };
  const loaded =
    found.admitted === null || device.delivery === "event"
      ? unchanged(troubled)
      : loadAfter(troubled, found.admitted, (value) => partOf(device, input, value, 1), input.at);
  const taken = takeParts(loaded.state, input, found);
  const completed = complete(taken.state, input.since);
  return { state: completed.state, effects: [...loaded.effects, ...taken.effects, ...completed.effects] };
}

type Found = Pick<Pending, "identity" | "mass" | "dimensions"> & {
  readonly admitted: AdmittedMass | null;
  readonly trouble: Reason | null;
};

/** P1, P10, P12: what of a frame may be used. A mass on a stream goes to the load, not among the parts. */
function partsOf(device: StationDevice, input: FrameInput): Found {
  const nothing = { identity: null, mass: null, dimensions: null };
  if (input.frame.length > MAX_FRAME_BYTES) return { ...nothing, admitted: null, trouble: "frame-too-long" };
  let item: string | null = null;
  let admitted: AdmittedMass | null = null;
  let dimensions: AdmittedDimensions | null = null;
  for (const quantity of input.quantities) {
    if (!device.measures.includes(quantity.kind)) continue;
    if (quantity.kind === "item") item = quantity.item;
    else if (quantity.kind === "dimensions") dimensions = admitDimensions(quantity, device.dimensions);
    else if (quantity.mode !== "tare") admitted = admitMass(quantity, device.mass);
  }
  const trouble = troubleOf(item, admitted, dimensions, device);
  if (trouble !== null) return { ...nothing, admitted, trouble };
  const mass = device.delivery === "event" && admitted?.kind === "usable" ? admitted.value : null;
  const size = dimensions?.kind === "usable" ? dimensions.value : null;
  const values = (mass === null ? 0 : 1) + (size === null ? 0 : 1);
  return {
    identity: item === null ? null : partOf(device, input, item, values),
    mass: mass === null ? null : partOf(device, input, mass, values),
    dimensions: size === null ? null : partOf(device, input, size, values),
    admitted,
    trouble: null,
  };
}

function troubleOf(
  item: string | null,
  mass: AdmittedMass | null,
  dimensions: AdmittedDimensions | null,
  device: StationDevice,
): Reason | null {
  if (item !== null && !PRINTABLE_ITEM.test(item)) return "item-unprintable";
  if (mass?.kind === "refused") return mass.reason;
  // An empty stream scale is the normal end of a load; an event that weighs nothing is a fault.
  if (mass?.kind === "empty" && device.delivery === "event") return "below-minimum";
  return dimensions?.kind === "refused" ? dimensions.reason : null;
}

function partOf<Value>(device: StationDevice, input: FrameInput, value: Value, values: number): Part<Value> {
  const { at, since, frame, reading } = input;
  return { value, device, at, since, frame, values, reading };
}

function takeParts(state: StationState, input: FrameInput, found: Found): Step {
  const item = found.identity?.value ?? null;
  const readings = input.reading === null ? [] : [input.reading];
  if (found.identity === null && found.mass === null && found.dimensions === null) {
    if (readings.length === 0) return unchanged(state);
    const reason = found.trouble ?? "nothing-received";
    const missing: QuantityKind[] = ["mass", "dimensions", "item"];
    return {
      state,
      effects: [{ kind: "incomplete", station: state.settings.station, item: null, missing, reason, readings }],
    };
  }
  const spentBy = state.load.kind === "loaded" ? state.load.spentBy : remembered(state);
  if (item !== null && item === spentBy && found.mass === null) {
    // P5: the dimensioner sends its telegram again after a reconnect while the weighed load still stands.
    return { state, effects: [{ kind: "repeated", item, readings }] };
  }
  return merge(state, item, found);
}

/** Before the scale has spoken after a start, the load of the remembered item is taken to stand still (P6). */
function remembered(state: StationState): string | null {
  return state.load.kind === "unseen" ? (state.memo?.item ?? null) : null;
}

function merge(state: StationState, item: string | null, found: Found): Step {
  const existing = state.pending.find((pending) => pending.item === item);
  const merged: Pending = {
    item,
    identity: found.identity ?? keptOf(existing?.identity, existing, found),
    mass: found.mass ?? keptOf(existing?.mass, existing, found),
    dimensions: found.dimensions ?? keptOf(existing?.dimensions, existing, found),
  };
  const others = state.pending.filter((pending) => pending.item !== item);
  // A newer reading of the same device and item takes the place of the older one, whose durable copy is given up.
  const kept = new Set(readingsOf(merged));
  const replaced = existing === undefined ? [] : readingsOf(existing).filter((reading) => !kept.has(reading));
  const effects: Effect[] = [];
  if (replaced.length > 0) effects.push(givenUp(state, existing ?? merged, "superseded", replaced));

  const oneAtATime = state.settings.devices.some(
    (device) => device.delivery === "stream" && device.measures.includes("mass"),
  );
  const stay: Pending[] = [];
  for (const other of others) {
    if (item !== null && other.item !== null && oneAtATime) {
      effects.push(givenUp(state, other, "superseded", readingsOf(other)));
    } else {
      stay.push(other);
    }
  }
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
  const replaced = [
    found.identity === null ? null : existing.identity,
    found.mass === null ? null : existing.mass,
    found.dimensions === null ? null : existing.dimensions,
  ];
  // The same identity from another frame contradicts nothing.
  return replaced.slice(1).some((old) => old?.frame === part.frame) ? null : part;
}

function onTick(state: StationState, now: number): Step {
  const effects: Effect[] = [];
  const pending: Pending[] = [];
  let next = state;
  for (const waiting of state.pending) {
    if (now - newest(waiting) <= state.settings.windowMs) {
      pending.push(waiting);
    } else {
      effects.push(givenUp(state, waiting, reasonFor(state, waiting, now), readingsOf(waiting)));
    }
  }
  const { load } = state;
  const silent =
    load.kind === "loaded" && !load.reported && load.spentBy === null && now - load.since > state.settings.windowMs;
  if (silent && pending.length === 0 && effects.length === 0) {
    const missing: QuantityKind[] = load.mass === null ? ["mass", "dimensions", "item"] : ["dimensions", "item"];
    effects.push({
      kind: "incomplete",
      station: state.settings.station,
      item: null,
      missing,
      reason: recentTrouble(state, now) ?? "nothing-received",
      readings: [],
    });
  }
  if (silent) next = { ...next, load: { ...load, reported: true } };
  const trouble = recentTrouble(state, now) === null ? null : state.trouble;
  return { state: { ...next, pending, trouble }, effects };
}

/** P8. */
function onRefused(state: StationState, cycle: number): Step {
  if (state.load.kind !== "loaded" || state.cycle !== cycle) return { state, effects: [] };
  const freed: StationState = { ...state, load: { ...state.load, spentBy: null, moved: false, reported: false } };
  return { state: freed, effects: [{ kind: "remember", memo: memoOfLoad(freed, null) }] };
}

function givenUp(state: StationState, pending: Pending, reason: Reason, readings: readonly string[]): Effect {
  const missing: QuantityKind[] = [];
  if (pending.mass === null) missing.push("mass");
  if (pending.dimensions === null) missing.push("dimensions");
  if (pending.item === null) missing.push("item");
  return { kind: "incomplete", station: state.settings.station, item: pending.item, missing, reason, readings };
}

function reasonFor(state: StationState, pending: Pending, now: number): Reason {
  const trouble = recentTrouble(state, now);
  if (trouble !== null) return trouble;
  const { load } = state;
  if (pending.mass === null && load.kind === "loaded" && load.spentBy !== null && !load.moved) return "previous-load";
  return "nothing-received";
}

/** Trouble explains a missing part only when it happened while that part was waited for. */
function recentTrouble(state: StationState, now: number): Reason | null {
  return state.trouble !== null && now - state.trouble.at <= 2 * state.settings.windowMs ? state.trouble.reason : null;
}

function readingsOf(pending: Pending): readonly string[] {
  const parts = [pending.identity, pending.mass, pending.dimensions];
  return [...new Set(parts.flatMap((part) => (part === null || part.reading === null ? [] : [part.reading])))];
}

function newest(pending: Pending): number {
  const parts = [pending.identity, pending.mass, pending.dimensions];
  return Math.max(...parts.map((part) => part?.since ?? 0));
}
