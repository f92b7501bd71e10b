/**
 * R8: what a peer may cost this gateway without bringing anything on, and for how long it is cut off when it costs more.
 * Pure: a leaky bucket, in microseconds of this gateway's work.
 */

/** A message that no honest gateway sends: fifty of them at once are too much. */
const REJECT_UNITS = 20_000;
/** A message that was read and brought nothing on, each KiB of it, and each signature that was checked for it. */
const MESSAGE_UNITS = 30;
const KIB_UNITS = 10;
const SIGNATURE_UNITS = 60;

export const CAPACITY_UNITS = 1_000_000;
/** All peers together may cost three tenths of a core for ever, and one alone never more than one tenth. */
const LEAK_UNITS_A_MS = 300;
const MOST_LEAK_UNITS_A_MS = 100;

/** Each cut-off is twice as long as the one before; a quarter of an hour of good conduct halves the next one again. */
export const FIRST_CUT_OFF_MS = 10_000;
export const LAST_CUT_OFF_MS = 900_000;
const FORGIVEN_AFTER_MS = 900_000;

export type Budget = {
  readonly spentUnits: number;
  readonly atMs: number;
  /** Cut-offs that are not yet forgiven, and when the last was or one was forgiven. */
  readonly strikes: number;
  readonly strikeAtMs: number;
  /** Null while the peer is heard. */
  readonly cutOffUntilMs: number | null;
};

export const FRESH: Budget = { spentUnits: 0, atMs: 0, strikes: 0, strikeAtMs: 0, cutOffUntilMs: null };

export type Cost =
  | { readonly kind: "reject" }
  | { readonly kind: "waste"; readonly bytes: number; readonly signatures: number };

/** The budget after a message. Overdrawn, it begins anew behind a cut-off. `peers`: how many share this gateway's patience. */
export function charge(budget: Budget, cost: Cost, peers: number, nowMs: number): Budget {
  const now = pass(budget, peers, nowMs);
  if (now.cutOffUntilMs !== null) return now;
  const spentUnits = now.spentUnits + unitsOf(cost);
  if (spentUnits <= CAPACITY_UNITS) return { ...now, spentUnits };
  const forMs = Math.min(LAST_CUT_OFF_MS, FIRST_CUT_OFF_MS * 2 ** now.strikes);
  const cutOffUntilMs = nowMs + forMs;
  return { spentUnits: 0, atMs: nowMs, strikes: now.strikes + 1, strikeAtMs: cutOffUntilMs, cutOffUntilMs };
}

function unitsOf(cost: Cost): number {
  if (cost.kind === "reject") return REJECT_UNITS;
  return MESSAGE_UNITS + (cost.bytes / 1024) * KIB_UNITS + cost.signatures * SIGNATURE_UNITS;
}

/** What time has mended. */
export function pass(budget: Budget, peers: number, nowMs: number): Budget {
  const leak = Math.min(MOST_LEAK_UNITS_A_MS, LEAK_UNITS_A_MS / Math.max(1, peers));
  const spentUnits = Math.max(0, budget.spentUnits - (nowMs - budget.atMs) * leak);
  const { cutOffUntilMs: until } = budget;
  const cutOffUntilMs = until !== null && nowMs < until ? until : null;
  const goodMs = Math.max(0, nowMs - budget.strikeAtMs);
  const forgiven = Math.min(budget.strikes, Math.floor(goodMs / FORGIVEN_AFTER_MS));
  const strikeAtMs = budget.strikeAtMs + forgiven * FORGIVEN_AFTER_MS;
  return { spentUnits, atMs: nowMs, strikes: budget.strikes - forgiven, strikeAtMs, cutOffUntilMs };
}
