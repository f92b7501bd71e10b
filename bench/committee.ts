import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { quorumOf } from "../ledger/management/index.ts";
import { seeded } from "../test/sim/random.ts";
import { blsSignatures, type Costs, measureCosts, REFERENCE, type Signatures } from "./committee/costs.ts";
import { neededMs } from "./committee/needed.ts";
import { NETWORKS, type Network } from "./committee/networks.ts";
import { type BenchSite, makeSite } from "./committee/site.ts";

/** What was accepted must be final after so long. */
const SETTLE_MS = 60_000;
/** Then certificates are passed on and checkpoints made, which belongs to the price of a cut. */
const AFTERMATH_MS = 2_000;

/**
 * `npm run bench -- committee [--gateways N] [--network continent|global|lan] [--rate R] [--seconds S] [--warm-up S] [--mbps B]
 * [--signatures ed25519|bls] [--costs measured|reference|FILE] [--seed S]`: replicas in virtual time. Every signature, message, statement and fsync is charged to the one
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
  const offers = random.split();
  // The clocks learn the network, and the first leaders have had their turn.
  await offerAll(site, options, options.warmUpSeconds, offers);
  await settle(site);
  site.tally.reset();
  const viewsBefore = viewsOf(site);
  const busyBefore = busyOf(site);
  await offerAll(site, options, seconds, offers);
  const busy = busyOf(site).map((ms, index) => (ms - (busyBefore[index] ?? 0)) / (seconds * 1000));
  // What was accepted before the end is waited for, or the slowest would not count; so each cut is counted with all its messages.
  await settle(site);
  const viewsAfter = viewsOf(site);
  const { messages, bytes, kinds, cuts, bundles, latenciesMs, open } = site.tally.figures();
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
    messagesPerCut: round(messages.agreement / cuts),
    messagesPerCutBound: round(10 * gateways * log2),
    disseminationPerBundle: round(messages.dissemination / bundles),
    disseminationPerBundleBound: 3 * gateways,
    checkpointMessagesPerCut: round(messages.checkpoint / cuts),
    bytesPerGatewayPerCut: round((bytes.agreement + bytes.dissemination + bytes.checkpoint) / gateways / cuts, 0),
    agreementBytesPerGatewayPerCut: round(bytes.agreement / gateways / cuts, 0),
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
    kinds: Object.fromEntries(Object.entries(kinds).map(([kind, count]) => [kind, round(count / cuts)])),
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
  readonly warmUpSeconds: number;
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
      "warm-up": { type: "string", default: "3" },
      mbps: { type: "string", default: "Infinity" },
      costs: { type: "string", default: "measured" },
      seed: { type: "string", default: "1" },
    },
  });
  const above0 = (name: "gateways" | "rate" | "seconds" | "warm-up" | "mbps" | "seed"): number => {
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
    warmUpSeconds: above0("warm-up"),
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

/** Independent customers: exponentially distributed pauses at each gateway. Returns when the time is over. */
async function offerAll(
  site: BenchSite,
  { gateways, rate }: Options,
  seconds: number,
  random: ReturnType<typeof seeded>,
): Promise<void> {
  const pauseMs = (1000 * gateways) / rate;
  const startMs = site.nowMs();
  for (let gateway = 0; gateway < gateways; gateway += 1) {
    for (let atMs = random.wait(pauseMs); atMs < seconds * 1000; atMs += random.wait(pauseMs)) {
      const item = `item-${gateway}-${startMs + atMs}`;
      site.clock.after(atMs, () => site.offer(gateway, item));
    }
  }
  await site.run(startMs + seconds * 1000);
}

async function settle(site: BenchSite): Promise<void> {
  const lastMs = site.nowMs() + SETTLE_MS;
  while (site.tally.figures().open > 0 && site.nowMs() < lastMs) await site.run(site.nowMs() + 250);
  await site.run(site.nowMs() + AFTERMATH_MS);
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
