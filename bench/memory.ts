import { setTimeout as sleep } from "node:timers/promises";
import { startTemporarySite } from "../gateway/site/index.ts";
import { benchArguments } from "./arguments.ts";
import { startLoad } from "./load.ts";
import { type GatewayMetrics, metricsOf } from "./metrics-of.ts";

const TEN_MINUTES_S = 600;
const SAMPLES = 60;
const SECONDS_PER_HOUR = 3_600;

type Sample = { readonly atSeconds: number; readonly gateways: readonly GatewayMetrics[] };

/**
 * `npm run bench -- memory [--rate R | --max] [--minutes M] [--gateways N]`: resident memory of each gateway while real
 * processes measure (default: 200 a second for 10 minutes). `rssMb`: 60 samples of each gateway, taken at `atSeconds` (MB = 10^6 bytes);
 * `lastMb`, `peakMb`: of each gateway; `slopeMbPerHour`: of a line through the second half of its samples, when heaps and caches have their size.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { rate, seconds, gateways } = benchArguments(args, { rate: 200, seconds: TEN_MINUTES_S, gateways: 4 });
  const site = await startTemporarySite({ gateways, stations: "mqtt", simulation: null, restart: false });
  const stopLoad = await startLoad(site, rate);
  try {
    const urls = site.apis.map(({ url }) => url);
    return figuresOf(await sample(urls, seconds));
  } finally {
    await stopLoad();
    await site.stop();
    await site.remove();
  }
}

async function sample(urls: readonly string[], seconds: number): Promise<readonly Sample[]> {
  const startedAt = performance.now();
  const samples: Sample[] = [];
  for (let index = 1; index <= SAMPLES; index += 1) {
    const passed = (): number => (performance.now() - startedAt) / 1_000;
    await sleep(Math.max(0, (index * seconds) / SAMPLES - passed()) * 1_000);
    const gateways = await Promise.all(urls.map(metricsOf));
    samples.push({ atSeconds: Math.round(passed()), gateways });
  }
  return samples;
}

function figuresOf(samples: readonly Sample[]): Record<string, unknown> {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined) throw new Error("no sample was taken");
  const megabytes = last.gateways.map((_, index) =>
    samples.map(({ gateways }) => (gateways[index]?.rssBytes ?? Number.NaN) / 1e6),
  );
  const final = (at: Sample): number => at.gateways.reduce((sum, metrics) => sum + metrics.final, 0);
  const times = samples.map(({ atSeconds }) => atSeconds);
  const half = Math.floor(samples.length / 2);
  return {
    measurementsPerSecond: Math.round((final(last) - final(first)) / (last.atSeconds - first.atSeconds)),
    gateways: last.gateways.length,
    lastMb: megabytes.map((each) => Math.round(each.at(-1) ?? Number.NaN)),
    peakMb: megabytes.map((each) => Math.round(Math.max(...each))),
    slopeMbPerHour: megabytes.map((each) => Math.round(slope(times.slice(half), each.slice(half)) * SECONDS_PER_HOUR)),
    atSeconds: times,
    rssMb: megabytes.map((each) => each.map(Math.round)),
  };
}

/** Of the line with the least squares, per unit of `xs`. */
function slope(xs: readonly number[], ys: readonly number[]): number {
  const mean = (all: readonly number[]): number => all.reduce((sum, each) => sum + each, 0) / all.length;
  const [x, y] = [mean(xs), mean(ys)];
  const above = xs.reduce((sum, each, index) => sum + (each - x) * ((ys[index] ?? y) - y), 0);
  return above / xs.reduce((sum, each) => sum + (each - x) ** 2, 0);
}
