/**
 * One place where items are weighed and measured, as rules without clock or I/O. An item leaves only when the host must
 * have recorded it, so that killing the host at any moment loses and doubles nothing (F12).
 */
export type Cycle =
  /** Nothing there. The next item comes when the host has seen the empty scale twice in a row, and not before `dueMs`. */
  | { readonly kind: "empty"; readonly dueMs: number; readonly sightings: number; readonly lastSeenMs: number }
  /** `heldSinceMs`: since when the host has been watching the resting item without a gap; null = it is not. */
  | {
      readonly kind: "loaded";
      /** The dimensioner was told to measure, and the host has watched ever since. */
      readonly measured: boolean;
      readonly sinceMs: number;
      readonly heldSinceMs: number | null;
      readonly lastSeenMs: number;
    };

export type CycleSettings = {
  readonly dwellMs: number;
  /** A host that has not asked for this long may be dead. */
  readonly gapMs: number;
  /** Mean time between two items. */
  readonly everyMs: number;
};

/** F15: how whoever works there treats the item: waits for the host, or takes it off as soon as its telegram is out. */
export type Operator = "patient" | "hasty";

export type CycleInput =
  /** The host was told what the scale shows. Stations without a scale give this on every tick while a host is linked. */
  | { readonly kind: "seen"; readonly grams: number; readonly stable: boolean; readonly deliveredAtMs: number | null }
  | { readonly kind: "tick" };

export type CycleStep = { readonly cycle: Cycle; readonly act: "present" | "measure" | "remove" | null };

/** Lighter than this is an empty scale. */
const EMPTY_GRAMS = 20;
const SIGHTINGS = 2;

export const emptyFrom = (dueMs: number, seenEmpty: boolean): Cycle => ({
  kind: "empty",
  dueMs,
  sightings: seenEmpty ? SIGHTINGS : 0,
  lastSeenMs: dueMs,
});
export const loadedFrom = (atMs: number): Cycle => ({
  kind: "loaded",
  measured: false,
  sinceMs: atMs,
  heldSinceMs: null,
  lastSeenMs: atMs,
});

export function step(
  cycle: Cycle,
  settings: CycleSettings,
  input: CycleInput,
  atMs: number,
  operator: Operator = "patient",
): CycleStep {
  if (cycle.kind === "loaded")
    return input.kind === "seen" ? onLoadedSeen(cycle, settings, input, atMs, operator) : { cycle, act: null };
  const next = input.kind === "seen" ? onEmptySeen(cycle, settings, input, atMs) : cycle;
  return next.sightings < SIGHTINGS || atMs < next.dueMs
    ? { cycle: next, act: null }
    : { cycle: loadedFrom(atMs), act: "present" };
}

type Empty = Extract<Cycle, { kind: "empty" }>;
type Loaded = Extract<Cycle, { kind: "loaded" }>;
type Seen = Extract<CycleInput, { kind: "seen" }>;

/** F12: once may be a host that was killed right after; twice in a row is one that knows. */
function onEmptySeen(cycle: Empty, { gapMs }: CycleSettings, { grams, stable }: Seen, atMs: number): Empty {
  const isEmpty = stable && Math.abs(grams) < EMPTY_GRAMS;
  if (cycle.sightings >= SIGHTINGS) return cycle;
  const inARow = atMs - cycle.lastSeenMs <= gapMs ? cycle.sightings : 0;
  return { ...cycle, sightings: isEmpty ? inARow + 1 : 0, lastSeenMs: atMs };
}

function onLoadedSeen(
  before: Loaded,
  settings: CycleSettings,
  input: Seen,
  atMs: number,
  operator: Operator,
): CycleStep {
  const gap = atMs - before.lastSeenMs > settings.gapMs;
  const cycle: Loaded = { ...before, lastSeenMs: atMs, heldSinceMs: gap ? null : before.heldSinceMs };
  // F11: the dimensioner measures what the scale has shown, and again for a host that was away.
  if (input.grams >= EMPTY_GRAMS && (gap || !cycle.measured))
    return { cycle: { ...cycle, measured: true, heldSinceMs: null }, act: "measure" };
  const off: CycleStep = { cycle: emptyFrom(cycle.sinceMs + settings.everyMs, false), act: "remove" };
  if (operator === "hasty") return cycle.measured && input.deliveredAtMs !== null ? off : { cycle, act: null };
  const watched = input.stable && input.grams >= EMPTY_GRAMS && input.deliveredAtMs !== null;
  if (!watched) return { cycle: { ...cycle, heldSinceMs: null }, act: null };
  const heldSinceMs = cycle.heldSinceMs ?? atMs;
  // A telegram that went out again says that the host was away: the watch starts over.
  const heldMs = atMs - Math.max(heldSinceMs, input.deliveredAtMs);
  // The host asked just now, so it was alive for the whole dwell.
  return heldMs < settings.dwellMs ? { cycle: { ...cycle, heldSinceMs }, act: null } : off;
}
