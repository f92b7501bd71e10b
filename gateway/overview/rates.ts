/** How fast the counters grow: a window of samples, pure (O8). */

export type Counters = { readonly accepted: number; readonly final: number; readonly anchored: number };
/** `heard`: of how many gateways the counters are the sum. */
export type Sample = { readonly atMs: number; readonly heard: number; readonly counters: Counters };

const WINDOW_MS = 10_000;
/** Below this the rate would be noise: unknown rather than wrong. */
const LEAST_MS = 900;

/**
 * Adds a sample and drops what left the window. A counter that went back (a fresh site) or a gateway heard for the first
 * time is no rate: both start the window anew.
 */
export function withSample(samples: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = samples.at(-1);
  const { accepted, final, anchored } = sample.counters;
  const anew =
    last !== undefined &&
    (sample.heard !== last.heard ||
      accepted < last.counters.accepted ||
      final < last.counters.final ||
      anchored < last.counters.anchored);
  if (anew) return [sample];
  return [...samples.filter(({ atMs }) => sample.atMs - atMs <= WINDOW_MS), sample];
}

/** Per second over the window; null while the window is too short to say. */
export function ratesOf(samples: readonly Sample[]): Counters | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.atMs - first.atMs < LEAST_MS) return null;
  const seconds = (last.atMs - first.atMs) / 1000;
  const rate = (name: keyof Counters): number =>
    Math.round((10 * (last.counters[name] - first.counters[name])) / seconds) / 10;
  return { accepted: rate("accepted"), final: rate("final"), anchored: rate("anchored") };
}
