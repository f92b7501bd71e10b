/** T3: 100 ms, doubled to 5 s: a device that comes back is found soon, one that stays away costs nothing. */
export type BackOff = { readonly waitMs: number };

const SHORTEST_MS = 100;
const LONGEST_MS = 5_000;

export const shortestWait: BackOff = { waitMs: SHORTEST_MS };

export const longerWait = (backOff: BackOff): { readonly waitMs: number; readonly next: BackOff } => ({
  waitMs: backOff.waitMs,
  next: { waitMs: Math.min(2 * backOff.waitMs, LONGEST_MS) },
});
