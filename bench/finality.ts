import { generateKeyPairSync, sign, verify } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { startTemporarySite } from "../gateway/site/index.ts";
import { benchArguments } from "./arguments.ts";
import { startLoad } from "./load.ts";
import { type GatewayMetrics, metricsOf, quantileMs } from "./metrics-of.ts";

/** Until then V8 is still compiling: a third of the processor time in the first seconds. */
const WARM_UP_MS = 30_000;

/**
 * `npm run bench -- finality [--rate R | --max] [--seconds S] [--gateways N]`: real processes (ledger, N gateways, one process of MQTT QoS 1 sensors)
 * on this machine. Figures are of S seconds after a warm-up of 30 s: `offeredPerSecond` = accepted, `measurementsPerSecond` =
 * final, latencies from fsynced to final at the accepting gateway;
 * `verifyUs` says how fast the machine is.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const { rate, seconds, gateways } = benchArguments(args, { rate: 200, seconds: 10, gateways: 4 });
  const site = await startTemporarySite({ gateways, stations: "mqtt", simulation: null, restart: false });
  const stopLoad = await startLoad(site, rate);
  try {
    const look = async (): Promise<readonly GatewayMetrics[]> =>
      Promise.all(site.apis.map(({ url }) => metricsOf(url)));
    await sleep(WARM_UP_MS);
    const before = await look();
    const startedAt = performance.now();
    await sleep(seconds * 1_000);
    const after = await look();
    return figuresOf(before, after, (performance.now() - startedAt) / 1_000);
  } finally {
    await stopLoad();
    await site.stop();
    await site.remove();
  }
}

function figuresOf(
  before: readonly GatewayMetrics[],
  after: readonly GatewayMetrics[],
  seconds: number,
): Record<string, unknown> {
  const grown = (pick: (metrics: GatewayMetrics) => number): number =>
    after.reduce((sum, metrics) => sum + pick(metrics), 0) - before.reduce((sum, metrics) => sum + pick(metrics), 0);
  const final = grown((metrics) => metrics.final);
  const cpuMs = grown((metrics) => metrics.cpuSeconds) * 1_000;
  return {
    measurementsPerSecond: round(final / seconds),
    offeredPerSecond: round(grown((metrics) => metrics.accepted) / seconds),
    p50Ms: round(quantileMs(0.5, before, after)),
    p99Ms: round(quantileMs(0.99, before, after)),
    gateways: after.length,
    rssMb: after.map(({ rssBytes }) => Math.round(rssBytes / 1e6)),
    cpuMsPerThousand: final === 0 ? null : round((cpuMs / final) * 1_000),
    verifyUs: round(verifyUs()),
  };
}

/** Processor time of one Ed25519 check on this machine: the yardstick for figures from elsewhere. */
function verifyUs(): number {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const message = Buffer.alloc(200);
  const signature = sign(null, message, privateKey);
  const checks = 1_000;
  const before = process.cpuUsage();
  for (let check = 0; check < checks; check += 1) verify(null, message, publicKey, signature);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / checks;
}

const round = (value: number | null): number | null => (value === null ? null : Math.round(value * 10) / 10);
