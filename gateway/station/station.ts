import { complete, join } from "./complete.ts";
import { findParts, type Found, partOfLoad } from "./found.ts";
import { lookAway, see, type Sight } from "./load.ts";
import { givenUp, newest, readingsOf, recentTrouble } from "./pending.ts";
import { takeParts } from "./take.ts";
import { isBelowZero, zeroAfterFrame, zeroAfterStatus } from "./zero.ts";
import type {
  Effect,
  Input,
  Memo,
  Pending,
  QuantityKind,
  Reason,
  StationDevice,
  StationSettings,
  StationState,
  Step,
  Zero,
} from "./types.ts";

/** A station as it is after a start: nothing seen, the last weighing remembered (P6). */
export function startStation(settings: StationSettings, memo: Memo | null): StationState {
  return {
    settings,
    cycle: memo?.cycle ?? 0,
    load: { kind: "unseen" },
    zero: "unproven",
    weighed: memo?.weighed ?? null,
    pending: [],
    recent: [],
    trouble: null,
    unit: null,
  };
}

/** The whole of the pairing. Effects are done in order. Never throws for any frame of a registered device. */
export function step(state: StationState, input: Input): Step {
  switch (input.kind) {
    case "frame":
      return after(lookAway(state, input.since), (watched) => onFrame(watched, input));
    case "status":
      return after(lookAway(state, input.since), (watched) => onStatus(watched, input));
    case "tick":
      return after(lookAway(state, input.now), (watched) => onTick(watched, input.now));
    case "refused":
      return onRefused(state, input.cycle);
  }
}

/** The durable readings that the station still waits with. */
export function heldReadings(state: StationState): readonly string[] {
  return state.pending.flatMap(readingsOf);
}

type FrameInput = Extract<Input, { kind: "frame" }>;

function after(first: Step, next: (state: StationState) => Step): Step {
  const done = next(first.state);
  return { state: done.state, effects: [...first.effects, ...done.effects] };
}

function onFrame(state: StationState, input: FrameInput): Step {
  const device = state.settings.devices.find(({ id }) => id === input.device);
  if (device === undefined) return { state, effects: [] };
  const found = findParts(device, input, state.unit);
  const usable = found.shown?.admitted.kind === "usable";
  const told: StationState = {
    ...state,
    trouble: found.trouble === null ? state.trouble : { reason: found.trouble, since: input.since },
    unit: usable ? (found.shown?.mass.unit ?? null) : state.unit,
    zero: input.reloaded ? state.zero : zeroOf(state, found.shown),
  };
  const sight = sightOf(device, input, found);
  if (sight?.kind === "stable" && told.zero === "off") {
    const off: StationState = { ...told, trouble: { reason: "zero-off", since: input.since } };
    return see(off, { kind: "unusable" }, input.since);
  }
  const seen = sight === null ? { state: told, effects: [] } : see(told, sight, input.since);
  return after(
    after(seen, (loaded) => takeParts(loaded, input, found)),
    complete,
  );
}

/** P18. */
function zeroOf({ zero, load }: StationState, shown: Found["shown"]): Zero {
  if (shown === null) return zero;
  const { admitted, mass } = shown;
  const rest = admitted.kind !== "empty" ? "load" : admitted.isBelow ? "below" : "zero";
  return zeroAfterFrame(zero, rest, mass, load.kind === "loaded");
}

/** P9: a frame of before a restart says nothing about the load that stands there now. */
function sightOf(device: StationDevice, input: FrameInput, { shown }: Found): Sight | null {
  if (shown === null || input.reloaded) return null;
  const { admitted } = shown;
  switch (admitted.kind) {
    case "empty":
      return { kind: "empty" };
    case "refused":
      return { kind: "unusable" };
    case "usable":
      return { kind: "stable", part: partOfLoad(device, input, admitted.value) };
  }
}

/** P14: a scale that has no value shows no mass any more; lighter than zero is empty. */
function onStatus(state: StationState, input: Extract<Input, { kind: "status" }>): Step {
  const { since, status } = input;
  const told: StationState = { ...state, trouble: { reason: `device-${status}`, since } };
  const device = state.settings.devices.find(({ id }) => id === input.device);
  const isScale = device?.delivery === "stream" && device.measures.includes("mass");
  if (!isScale) return { state: told, effects: [] };
  const zeroed: StationState = { ...told, zero: zeroAfterStatus(state.zero, status, state.load.kind === "loaded") };
  return see(zeroed, { kind: isBelowZero(status) ? "empty" : "none" }, since);
}

function onTick(before: StationState, now: number): Step {
  const effects: Effect[] = [];
  let state = before;
  // P15: names first, while what they may need is still there.
  const inOrder = [...before.pending].sort((a, b) => Number(a.item === null) - Number(b.item === null));
  for (const waiting of inOrder) {
    // A set that met another one in this tick is gone or smaller.
    if (!state.pending.includes(waiting) || now - newest(waiting) <= patienceOf(state, waiting)) continue;
    const joined: ReturnType<typeof join> =
      waiting.cycle === null && waiting.item !== null ? join(state, waiting) : { kind: "alone" };
    if (joined.kind === "measured") {
      ({ state } = joined.step);
      effects.push(...joined.step.effects);
      continue;
    }
    const lost = joined.kind === "ambiguous" ? [waiting, ...joined.others] : [waiting];
    for (const one of lost) {
      const reason = joined.kind === "ambiguous" ? "ambiguous" : reasonFor(state, one, now);
      effects.push(givenUp(state, one, reason, readingsOf(one)));
    }
    state = { ...state, pending: state.pending.filter((one) => !lost.includes(one)) };
  }
  if (isSilent(state, now)) {
    if (state.pending.length === 0 && effects.length === 0) effects.push(unidentified(state, now));
    if (state.load.kind === "loaded") state = { ...state, load: { ...state.load, reported: true } };
  }
  const trouble = recentTrouble(state, now) === null ? null : state.trouble;
  return { state: { ...state, trouble }, effects };
}

/** P2, P13, P15. */
function patienceOf(state: StationState, { cycle, item }: Pending): number {
  const { earlyMs, windowMs } = state.settings;
  // A name that comes a window later may still need it, and has a window of its own.
  if (cycle === null) return item === null ? 2 * windowMs : windowMs;
  const stirred = state.load.kind === "loaded" && state.load.stirredAt !== null;
  return cycle > state.cycle && !stirred ? earlyMs : windowMs;
}

/** P2: a load that nobody has identified for a window is told once. */
function isSilent({ load, weighed, settings }: StationState, now: number): boolean {
  return load.kind === "loaded" && weighed === null && !load.reported && now - load.since > settings.windowMs;
}

function unidentified(state: StationState, now: number): Effect {
  const weighable = state.load.kind === "loaded" && state.load.mass !== null;
  return {
    kind: "incomplete",
    station: state.settings.station,
    item: null,
    missing: weighable ? ["dimensions", "item"] : (["mass", "dimensions", "item"] satisfies QuantityKind[]),
    reason: recentTrouble(state, now) ?? "nothing-received",
    readings: [],
  };
}

/** P8. */
function onRefused(state: StationState, cycle: number): Step {
  if (state.cycle !== cycle || state.weighed === null) return { state, effects: [] };
  const { load } = state;
  return {
    state: { ...state, weighed: null, load: load.kind === "loaded" ? { ...load, reported: false } : load },
    effects: [{ kind: "remember", memo: { cycle, weighed: null } }],
  };
}

function reasonFor(state: StationState, pending: Pending, now: number): Reason {
  const early = pending.cycle !== null && pending.cycle > state.cycle;
  if (early && state.weighed !== null) return "previous-load";
  return recentTrouble(state, now) ?? (early ? "no-load" : "nothing-received");
}
