/**
 * One place where items are weighed and measured, as rules without clock or I/O. An item leaves only when the host must
 * have recorded it, so that killing the host at any moment loses and doubles nothing (F12).
 */
export type Cycle =
  /** Nothing there. The next item comes when the host has seen the empty scale, and not before `dueMs`. */
  | { readonly kind: "empty"; readonly dueMs: number; readonly seenEmpty: boolean }
  /** `heldSinceMs`: since when the host has been watching the resting item without a gap; null = it is not. */
  | {
      readonly kind: "loaded";
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

export type CycleInput =
  /** The host was told what the scale shows. Stations without a scale give this on every tick while a host is linked. */
  | { readonly kind: "seen"; readonly grams: number; readonly stable: boolean; readonly deliveredAtMs: number | null }
  | { readonly kind: "tick" };

export type CycleStep = { readonly cycle: Cycle; readonly act: "present" | "remove" | null };

/** Lighter than this is an empty scale. */
const EMPTY_GRAMS = 20;

export const emptyFrom = (dueMs: number, seenEmpty: boolean): Cycle => ({ kind: "empty", dueMs, seenEmpty });
export const loadedFrom = (atMs: number): Cycle => ({
  kind: "loaded",
  sinceMs: atMs,
  heldSinceMs: null,
  lastSeenMs: atMs,
});

export function step(cycle: Cycle, settings: CycleSettings, input: CycleInput, atMs: number): CycleStep {
  if (cycle.kind === "loaded")
    return input.kind === "seen" ? onLoadedSeen(cycle, settings, input, atMs) : { cycle, act: null };
  const seen = input.kind === "seen" && input.stable && Math.abs(input.grams) < EMPTY_GRAMS;
  const seenEmpty = cycle.seenEmpty || seen;
  if (!seenEmpty || atMs < cycle.dueMs) return { cycle: { ...cycle, seenEmpty }, act: null };
  return { cycle: loadedFrom(atMs), act: "present" };
}

function onLoadedSeen(
  cycle: Extract<Cycle, { kind: "loaded" }>,
  settings: CycleSettings,
  input: Extract<CycleInput, { kind: "seen" }>,
  atMs: number,
): CycleStep {
  const watched = input.stable && input.grams >= EMPTY_GRAMS && input.deliveredAtMs !== null;
  if (!watched) return { cycle: { ...cycle, heldSinceMs: null, lastSeenMs: atMs }, act: null };
  const gap = atMs - cycle.lastSeenMs > settings.gapMs;
  const heldSinceMs = gap || cycle.heldSinceMs === null ? atMs : cycle.heldSinceMs;
  // A telegram that went out again says that the host was away: the watch starts over.
  const heldMs = atMs - Math.max(heldSinceMs, input.deliveredAtMs);
  if (heldMs < settings.dwellMs) return { cycle: { ...cycle, heldSinceMs, lastSeenMs: atMs }, act: null };
  // The host asked just now, so it was alive for the whole dwell.
  return { cycle: emptyFrom(cycle.sinceMs + settings.everyMs, false), act: "remove" };
}
