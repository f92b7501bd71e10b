/** One seed, one run: a site under load, faults and attackers, then healed. Its properties are watched from first to last. */
import { faultsOf } from "../../ledger/management/index.ts";
import { assignAttacks } from "./attacked.ts";
import type { Attack } from "./attackers/index.ts";
import { type Cluster, type Conditions, makeCluster } from "./cluster.ts";
import { type Faults, scheduleFaults } from "./faults.ts";
import { scheduleLoad } from "./load.ts";
import { slowestMs, someWeather } from "./network.ts";
import { checkEnd, isSettled } from "./properties/end.ts";
import { type Watch, watch as watchSite } from "./properties/index.ts";
import { type Random, seeded } from "./random.ts";
import { simulatedSite } from "./site.ts";

export type Outcome = {
  readonly seed: number;
  readonly gateways: number;
  readonly violations: readonly string[];
  readonly accepted: number;
  readonly final: number;
  readonly views: number;
  readonly crashes: number;
  /** Gateways that stopped for good because they found out that their disk is an old copy (A9). */
  readonly retired: number;
  /** From the healing to the moment when everything accepted was final, executed and cosigned everywhere; null = never. */
  readonly settledMs: number | null;
  /** The most that was seen of each buffer. */
  readonly peaks: Readonly<Record<string, number>>;
  /** How often each attack struck. */
  readonly strikes: Readonly<Record<string, number>>;
  readonly traceHash: string;
};

const FAULTY_MS = 4_500;
/** Load goes on for so long after the network has healed: repair must not wait for quiet. */
const LOADED_MS = 1_000;
/**
 * Progress: after the healing and the end of the load everything accepted becomes final within this time, and so many times what a
 * slow message takes: views under a liar have to be given up first, and patience follows the network (A11).
 */
const SETTLES_WITHIN_MS = 30_000;
const SETTLES_WITHIN_DELAYS = 60;
const LOOK_EVERY_MS = 250;

export type Options = {
  readonly seed: number;
  readonly gateways: number;
  readonly attacks?: readonly Attack[];
  readonly trace?: (line: string) => void;
};

/** Never throws: what breaks the simulator is a violation, too. */
export async function simulate(options: Options): Promise<Outcome> {
  try {
    return await run(options);
  } catch (error) {
    const { seed, gateways } = options;
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { ...NOTHING, seed, gateways, violations: [`bug: ${text}`] };
  }
}

const NOTHING: Omit<Outcome, "seed" | "gateways" | "violations"> = {
  accepted: 0,
  final: 0,
  views: 0,
  crashes: 0,
  retired: 0,
  settledMs: null,
  peaks: {},
  strikes: {},
  traceHash: "",
};

async function run({ seed, gateways, attacks = [], trace }: Options): Promise<Outcome> {
  const random = seeded(seed);
  const spare = faultsOf(gateways);
  const assigned = assignAttacks(attacks, gateways, spare, seed, random);
  const conditions = conditionsFor(random, gateways, spare, new Set(assigned.keys()));
  const liars = new Set(assigned.keys());
  if (conditions.restored !== null) liars.add(conditions.restored);
  const watch = watchSite(simulatedSite(gateways), liars);
  const note = (line: string) => {
    cluster.trace.text(line);
    trace?.(`${cluster.elapsedMs().toFixed(3)} ${line}`);
  };
  let faults: Faults | null = null;
  const died = (index: number, why: string) => faults?.died(index, why);
  const cluster: Cluster = makeCluster({ gateways, random, conditions, attacks: assigned, watch, died });
  note(JSON.stringify(conditions));
  for (const [index, some] of assigned) note(`gw-${index + 1} is ${some.map(({ name }) => name).join(", ")}`);
  const { restored, fsyncMs } = conditions;
  faults = scheduleFaults({
    cluster: () => cluster,
    random: random.split(),
    withinMs: FAULTY_MS,
    restored,
    fsyncMs,
    note,
  });
  scheduleLoad(cluster, random.split(), FAULTY_MS + LOADED_MS);
  for (const index of cluster.nodes.keys()) void cluster.start(index);
  await cluster.run(FAULTY_MS);
  const settledMs = watch.violations().length > 0 ? null : await settle(cluster, watch, faults);
  const final = watch.violations().length > 0 ? [] : await checkEnd(cluster, watch, conditions.picky);
  if (settledMs === null)
    watch.violated("progress", `not everything is settled ${withinMs(cluster)} ms after the healing`);
  for (const line of final) note(line);
  for (const { replica } of cluster.nodes) note(JSON.stringify(replica?.status() ?? "down"));
  return {
    seed,
    gateways,
    violations: watch.violations(),
    accepted: cluster.accepted.length,
    final: final.length,
    views: Math.max(...cluster.nodes.map(({ replica }) => replica?.status().view ?? 0)),
    crashes: faults.crashes(),
    retired: cluster.nodes.filter(({ retired }) => retired).length,
    settledMs,
    peaks: Object.fromEntries(watch.peaks()),
    strikes: Object.fromEntries(cluster.strikes()),
    traceHash: cluster.trace.hex(),
  };
}

async function settle(cluster: Cluster, watch: Watch, faults: Faults): Promise<number | null> {
  await faults.heal();
  await cluster.run(FAULTY_MS + LOADED_MS);
  for (let waitedMs = 0; waitedMs <= withinMs(cluster); waitedMs += LOOK_EVERY_MS) {
    await cluster.run(FAULTY_MS + LOADED_MS + waitedMs);
    if (watch.violations().length > 0) return null;
    if (isSettled(cluster, watch)) return waitedMs;
  }
  return null;
}

function withinMs({ network }: Cluster): number {
  return SETTLES_WITHIN_MS + Math.ceil(SETTLES_WITHIN_DELAYS * slowestMs(network.weather()));
}

function conditionsFor(random: Random, gateways: number, spare: number, taken: ReadonlySet<number>): Conditions {
  const faulty = new Set(taken);
  /** One that refuses what is valid, and one with an old disk, are among the f that may fail. */
  const one = (probability: number) => {
    const index = random.below(gateways);
    if (!random.chance(probability) || faulty.size >= spare || faulty.has(index)) return null;
    faulty.add(index);
    return index;
  };
  return {
    weather: someWeather(random),
    regions: random.pick([1, 2, 3]),
    fsyncMs: random.pick([0.3, 2, 20]),
    checkMs: random.pick([0, 0, 3]),
    skews: Array.from({ length: gateways }, () => ({
      ms: random.pick([0, 0, 300, -300, 60_000, -60_000]),
      rate: random.pick([1, 1, 1.002, 0.998]),
    })),
    picky: one(0.2),
    restored: one(0.25),
  };
}
