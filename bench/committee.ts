import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { quorumOf } from "../ledger/management/index.ts";
import { seeded } from "../test/sim/random.ts";
import { blsSignatures, type Costs, measureCosts, REFERENCE, type Signatures } from "./committee/costs.ts";
import { neededMs } from "./committee/needed.ts";
import { NETWORKS, type Network } from "./committee/networks.ts";
import { type BenchSite, makeSite } from "./committee/site.ts";

/** The clocks learn the network, and the first leaders have had their turn. */
const WARM_UP_MS = 3_000;
const SETTLE_MS = 60_000;

/**
 * `npm run bench -- committee [--gateways N] [--network continent|global|lan] [--rate R] [--seconds S] [--mbps B] [--signatures ed25519|bls]
 * [--costs measured|reference|FILE] [--seed S]`: replicas in virtual time. Every signature, message, statement and fsync is charged to the one
 * processor and one disk of its gateway. `--rate`: statements a second of the whole site. Times are from fsynced to final at the
 * accepting gateway.
 */
export async function run(args: readonly string[]): Promise<Record<string, unknown>> {
  const options = await parse(args);
  const { gateways, network, costs, rate, seconds, seed } = options;
  const random = seeded(seed);
  const startedMs = performance.now();
  const site = await makeSite({ ...options, random: random.split() });
  await site.connect();
  offerAll(site, gateways, rate / gateways, WARM_UP_MS + seconds * 1000, random.split());
  await site.run(WARM_UP_MS);
  site.tally.reset();
  const viewsBefore = viewsOf(site);
  const busyBefore = busyOf(site);
  await site.run(WARM_UP_MS + seconds * 1000);
  const { messages, bytes, kinds, cuts, bundles } = site.tally.figures();
  const counted = { messages: { ...messages }, bytes: { ...bytes }, kinds: { ...kinds } };
  const viewsAfter = viewsOf(site);
  const busy = busyOf(site).map((ms, index) => (ms - (busyBefore[index] ?? 0)) / (seconds * 1000));
  // What was accepted before the end is waited for, or the slowest would not count.
  while (site.tally.figures().open > 0 && site.nowMs() < WARM_UP_MS + seconds * 1000 + SETTLE_MS)
    await site.run(site.nowMs() + 250);
  const { latenciesMs, open } = site.tally.figures();
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  const p50Ms = quantile(sorted, 0.5);
  const sumOfOneWayDelaysMs = neededMs(gateways, network, random.split());
  const log2 = Math.log2(gateways);
  return {
    gateways,
    network: network.name,
    p50Ms: round(p50Ms),
    p99Ms: round(quantile(sorted, 0.99)),
    sumOfOneWayDelaysMs: round(sumOfOneWayDelaysMs),
    ratio: round(p50Ms / sumOfOneWayDelaysMs, 3),
    messagesPerCut: round(counted.messages.agreement / cuts),
    messagesPerCutBound: round(10 * gateways * log2),
    disseminationPerBundle: round(counted.messages.dissemination / bundles),
    disseminationPerBundleBound: 3 * gateways,
    checkpointMessagesPerCut: round(counted.messages.checkpoint / cuts),
    bytesPerGatewayPerCut: round(
      (counted.bytes.agreement + counted.bytes.dissemination + counted.bytes.checkpoint) / gateways / cuts,
      0,
    ),
    agreementBytesPerGatewayPerCut: round(counted.bytes.agreement / gateways / cuts, 0),
    cutsPerSecond: round(cuts / seconds),
    bundlesPerCut: round(bundles / cuts),
    statementsPerSecond: rate,
    signatures: options.signatures,
    statements: latenciesMs.length,
    neverFinal: open,
    viewsNullified: viewsAfter.nullified - viewsBefore.nullified,
    views: viewsAfter.view - viewsBefore.view,
    cpuShare: {
      mean: round(busy.reduce((sum, share) => sum + share, 0) / gateways, 3),
      most: round(Math.max(...busy), 3),
    },
    kinds: Object.fromEntries(Object.entries(counted.kinds).map(([kind, count]) => [kind, round(count / cuts)])),
    costs: Object.fromEntries(Object.entries(costs).map(([name, value]) => [name, round(value, 2)])),
    source: network.source,
    simulatedInSeconds: round((performance.now() - startedMs) / 1000),
  };
}

type Options = {
  readonly gateways: number;
  readonly network: Network;
  readonly costs: Costs;
  readonly votes: Signatures;
  readonly signatures: string;
  readonly rate: number;
  readonly seconds: number;
  readonly megabitsPerSecond: number;
  readonly seed: number;
};

async function parse(args: readonly string[]): Promise<Options> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      gateways: { type: "string", default: "100" },
      network: { type: "string", default: "continent" },
      rate: { type: "string", default: "20" },
      signatures: { type: "string", default: "ed25519" },
      seconds: { type: "string", default: "10" },
      mbps: { type: "string", default: "Infinity" },
      costs: { type: "string", default: "measured" },
      seed: { type: "string", default: "1" },
    },
  });
  const above0 = (name: "gateways" | "rate" | "seconds" | "mbps" | "seed"): number => {
    const value = Number(values[name]);
    if (!(value > 0)) throw new TypeError(`--${name} is "${values[name]}", but must be a number above 0`);
    return value;
  };
  const network = NETWORKS[values.network];
  if (network === undefined)
    throw new TypeError(`--network is "${values.network}", but must be one of ${Object.keys(NETWORKS).join(", ")}`);
  if (values.signatures !== "ed25519" && values.signatures !== "bls")
    throw new TypeError(`--signatures is "${values.signatures}", but must be ed25519 or bls`);
  const gateways = above0("gateways");
  const costs = await costsOf(values.costs);
  return {
    gateways,
    network,
    costs,
    votes: values.signatures === "bls" ? blsSignatures(quorumOf(gateways)) : costs,
    signatures: values.signatures,
    rate: above0("rate"),
    seconds: above0("seconds"),
    megabitsPerSecond: above0("mbps"),
    seed: above0("seed"),
  };
}

/** A file holds the JSON of some of the costs; the rest is as in the reference. */
async function costsOf(name: string): Promise<Costs> {
  if (name === "measured") return measureCosts();
  if (name === "reference") return REFERENCE;
  return { ...REFERENCE, ...(JSON.parse(readFileSync(name, "utf8")) as Partial<Costs>) };
}

/** Independent customers: exponentially distributed pauses at each gateway. */
function offerAll(
  site: BenchSite,
  gateways: number,
  rate: number,
  untilMs: number,
  random: ReturnType<typeof seeded>,
): void {
  for (let gateway = 0; gateway < gateways; gateway += 1) {
    for (let atMs = random.wait(1000 / rate), made = 0; atMs < untilMs; atMs += random.wait(1000 / rate), made += 1) {
      const item = `item-${gateway}-${made}`;
      site.clock.after(atMs, () => site.offer(gateway, item));
    }
  }
}

function viewsOf({ replicas }: BenchSite): { readonly view: number; readonly nullified: number } {
  const status = replicas[0]?.status();
  return { view: status?.view ?? 0, nullified: status?.viewsNullified ?? 0 };
}

function busyOf({ machines }: BenchSite): readonly number[] {
  return machines.map(({ busyMs }) => busyMs());
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

function round(value: number, digits = 1): number {
  return Math.round(value * 10 ** digits) / 10 ** digits;
}
