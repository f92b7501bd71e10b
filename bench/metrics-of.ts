/** What one gateway says at /metrics, as far as benchmarks need it. */
export type GatewayMetrics = {
  readonly accepted: number;
  readonly final: number;
  readonly rssBytes: number;
  readonly cpuSeconds: number;
  /** Upper bounds in seconds with cumulative counts, ascending. */
  readonly finality: readonly { readonly le: number; readonly count: number }[];
};

export async function metricsOf(url: string): Promise<GatewayMetrics> {
  const answer = await fetch(`${url}/metrics`, { signal: AbortSignal.timeout(5_000) });
  if (!answer.ok) throw new Error(`${url}/metrics answered ${answer.status}`);
  const text = await answer.text();
  const value = (name: string): number => {
    const found = new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1];
    if (found === undefined) throw new Error(`${url}/metrics has no ${name}`);
    return Number(found);
  };
  const buckets = [...text.matchAll(/^tallystick_finality_seconds_bucket\{le="([^"]+)"\} (\d+)$/gm)];
  return {
    accepted: value("tallystick_accepted_total"),
    final: value("tallystick_final_total"),
    rssBytes: value("process_resident_memory_bytes"),
    cpuSeconds: value("process_cpu_seconds"),
    finality: buckets.map(([, le, count]) => ({
      le: le === "+Inf" ? Number.POSITIVE_INFINITY : Number(le),
      count: Number(count),
    })),
  };
}

/**
 * The quantile, in ms, of what several gateways counted between two looks: linear inside a bucket, whose bounds are 10 % apart.
 * Null when nothing was counted.
 */
export function quantileMs(
  quantile: number,
  before: readonly GatewayMetrics[],
  after: readonly GatewayMetrics[],
): number | null {
  const bounds = after[0]?.finality.map(({ le }) => le) ?? [];
  const sum = (all: readonly GatewayMetrics[], index: number): number =>
    all.reduce((total, { finality }) => total + (finality[index]?.count ?? 0), 0);
  const cumulative = bounds.map((_, index) => sum(after, index) - sum(before, index));
  const total = cumulative.at(-1) ?? 0;
  if (total === 0) return null;
  const rank = quantile * total;
  const index = cumulative.findIndex((count) => count >= rank);
  const [lower, upper] = [bounds[index - 1] ?? 0, bounds[index] ?? 0];
  const below = cumulative[index - 1] ?? 0;
  const inside = (cumulative[index] ?? 0) - below;
  const share = inside === 0 ? 1 : (rank - below) / inside;
  // Above the last bound nothing more is known than that.
  return (Number.isFinite(upper) ? lower + (upper - lower) * share : lower) * 1_000;
}
