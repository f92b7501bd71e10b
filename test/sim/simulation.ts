/** One seed, one run: a site under load and faults, then healed; afterwards everything that was promised is checked. */
import { createHash } from "node:crypto";
import { decodeStatement } from "../../ledger/statement/index.ts";
import { assignAttacks } from "./attacked.ts";
import type { Attack } from "./attackers/index.ts";
import { type Cluster, type Conditions, makeCluster } from "./cluster.ts";
import { type Random, seeded } from "./random.ts";

export type Outcome = {
  readonly seed: number;
  readonly violations: readonly string[];
  readonly accepted: number;
  readonly final: number;
  readonly views: number;
  readonly crashes: number;
  readonly traceHash: string;
  /** How often each attack struck. */
  readonly strikes: Readonly<Record<string, number>>;
};

const FAULTY_MS = 6_000;
/** After the network heals everything accepted must become final within this time. */
const HEALED_MS = 30_000;
/** Load goes on for so long after the network has healed: repair must not wait for quiet. */
const LOADED_MS = 2_000;
const CALM: Conditions = { latencyMs: 1, loss: 0, duplicates: 0, fsyncMs: 1, picky: null };

export type Options = {
  readonly seed: number;
  readonly gateways: number;
  readonly attacks?: readonly Attack[];
  readonly trace?: (line: string) => void;
};

export async function simulate({ seed, gateways, attacks = [], trace }: Options): Promise<Outcome> {
  const random = seeded(seed);
  const spare = Math.floor((gateways - 1) / 3);
  const assigned = assignAttacks(attacks, gateways, spare, seed, random);
  // One that refuses is one of the f that may fail.
  const conditions = conditionsFor(random, assigned.size < spare ? gateways : 0);
  const { picky } = conditions;
  const cluster = makeCluster(gateways, random, conditions, assigned);
  const hash = createHash("sha256");
  const note = (line: string) => {
    hash.update(`${line}\n`);
    trace?.(`${(cluster.clock.now() % 1e6).toFixed(3)} ${line}`);
  };
  for (const [index, some] of assigned) note(`gw-${index + 1} is ${some.map(({ name }) => name).join(", ")}`);
  for (const index of cluster.nodes.keys()) await cluster.start(index);
  const crashes = scheduleFaults(cluster, random, note);
  scheduleLoad(cluster, random);
  await cluster.run(FAULTY_MS);
  await heal(cluster);
  note("healed");
  await cluster.run(FAULTY_MS + HEALED_MS);
  const { violations, final } = await check(cluster, picky, note);
  const views = Math.max(...cluster.nodes.map(({ replica }) => replica?.status().view ?? 0));
  return {
    seed,
    violations,
    accepted: cluster.accepted.length,
    final,
    views,
    crashes: crashes(),
    traceHash: hash.digest("hex"),
    strikes: Object.fromEntries(cluster.strikes()),
  };
}

function conditionsFor(random: Random, candidates: number): Conditions {
  return {
    latencyMs: random.pick([0.2, 1, 5, 40]),
    loss: random.pick([0, 0, 0.02, 0.1, 0.3]),
    duplicates: random.pick([0, 0.05]),
    fsyncMs: random.pick([0.3, 2, 20]),
    picky: candidates > 0 && random.chance(0.3) ? random.below(candidates) : null,
  };
}

function scheduleLoad(cluster: Cluster, random: Random): void {
  const meanMs = random.pick([50, 150, 400]);
  for (const index of cluster.nodes.keys()) {
    let made = 0;
    const next = () => {
      cluster.offer(index, `item-${index + 1}-${made}`);
      made += 1;
      if (made * meanMs < FAULTY_MS + LOADED_MS) cluster.clock.after(random.wait(meanMs), next);
    };
    cluster.clock.after(random.wait(meanMs), next);
  }
}

/** Crashes, restarts, partitions (also one-way) and changing conditions, each at its own time. */
function scheduleFaults(cluster: Cluster, random: Random, note: (line: string) => void): () => number {
  let crashed = 0;
  const faults = random.below(8);
  for (let fault = 0; fault < faults; fault += 1) {
    cluster.clock.after(random.next() * FAULTY_MS, () => {
      const index = random.below(cluster.nodes.length);
      switch (random.below(4)) {
        case 0:
        case 1:
          note(`crash gw-${index + 1}`);
          crashed += 1;
          cluster.crash(index);
          cluster.clock.after(random.wait(500), () => restart(cluster, index, note));
          return;
        case 2: {
          const other = random.below(cluster.nodes.length);
          note(`cut gw-${index + 1} > gw-${other + 1}`);
          cluster.cut(index, other, true);
          if (random.chance(0.5)) cluster.cut(other, index, true);
          return;
        }
        default:
          note("crash of the whole site");
          crashed += 1;
          for (const each of cluster.nodes.keys()) cluster.crash(each);
          for (const each of cluster.nodes.keys())
            cluster.clock.after(random.wait(300), () => restart(cluster, each, note));
      }
    });
  }
  return () => crashed;
}

function restart(cluster: Cluster, index: number, note: (line: string) => void): void {
  if (cluster.nodes[index]?.replica !== null) return;
  note(`start gw-${index + 1}`);
  void cluster.start(index);
}

async function heal(cluster: Cluster): Promise<void> {
  cluster.setConditions(CALM);
  for (const [from, node] of cluster.nodes.entries()) {
    for (const to of cluster.nodes.keys()) cluster.cut(from, to, false);
    if (node.replica === null) await cluster.start(from);
  }
}

/** Promises 1, 2, 7 and agreement, on the stores alone: what a gateway says of itself does not count. */
async function check(
  cluster: Cluster,
  picky: number | null,
  note: (line: string) => void,
): Promise<{ readonly violations: readonly string[]; readonly final: number }> {
  const violations: string[] = [...cluster.halts];
  if (violations.length > 0) return { violations, final: 0 };
  const honest = [...cluster.nodes.entries()].filter(([index]) => cluster.isHonest(index));
  const logs = await Promise.all(honest.map(async ([index, { store }]) => [index, await logOf(store)] as const));
  const longest = logs.map(([, log]) => log).reduce((a, b) => (b.length > a.length ? b : a));
  for (const [index, log] of logs) {
    for (const [at, line] of log.entries()) {
      if (line !== longest[at])
        violations.push(`agreement: gw-${index + 1} has ${line} at index ${at}, another has ${longest[at]}`);
    }
    if (log.length !== longest.length)
      violations.push(`progress: gw-${index + 1} has ${log.length} final statements, another has ${longest.length}`);
  }
  const seen = new Map<string, number>();
  for (const line of longest) seen.set(line, (seen.get(line) ?? 0) + 1);
  for (const [line, times] of seen) if (times > 1) violations.push(`doubled: ${line} is final ${times} times`);
  const items = new Set(longest.map((line) => line.split(" ")[2]));
  // An attacker may sell one item twice; its word is not the honest ones'.
  if (longest.length !== items.size && cluster.nodes.every((_, index) => cluster.isHonest(index)))
    violations.push("doubled: an item is final twice");
  for (const { gateway, number, item } of cluster.accepted) {
    if (cluster.isHonest(gateway) && !seen.has(`${gateway} ${number} ${item}`))
      violations.push(`lost: ${item} was accepted by gw-${gateway + 1} as ${number} and is not final`);
  }
  const roots = new Set(honest.map(([, { replica }]) => JSON.stringify(replica?.status().log)));
  if (roots.size > 1) violations.push(`agreement: the logs end differently: ${[...roots].join(" ")}`);
  for (const [index, { store }] of honest) {
    // Nobody honest may be taken for a liar (L9); only the picky one falls silent (L8).
    const silent = (await store.recover()).silentLanes.filter(cluster.isHonest);
    if (silent.length > 0 && index !== picky)
      violations.push(`L9: gw-${index + 1} gives no acks in the lanes ${silent.join(", ")}`);
  }
  for (const [index, { replica }] of honest) {
    const { checkpoint, log } = replica?.status() ?? { checkpoint: null, log: { size: 0 } };
    if ((checkpoint?.size ?? 0) !== log.size)
      violations.push(
        `progress: gw-${index + 1} has a log of ${log.size} and a checkpoint of ${checkpoint?.size ?? 0}`,
      );
  }
  for (const [index, { replica }] of honest) {
    // R8: what honest gateways send is never held against them, whatever the network and their disks do.
    for (const [peer, { rejects, last, cutOffs }] of (replica?.status().conduct ?? []).entries()) {
      if (cluster.isHonest(peer) && rejects + cutOffs > 0)
        violations.push(`R8: gw-${index + 1} holds ${rejects} messages against gw-${peer + 1}, the last: ${last}`);
    }
  }
  for (const line of longest) note(line);
  for (const { replica } of cluster.nodes) note(JSON.stringify(replica?.status()));
  return { violations, final: longest.length };
}

async function logOf(store: Cluster["nodes"][number]["store"]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (;;) {
    const page = await store.statementsAfter(lines.length - 1, 1000);
    if (page.length === 0) return lines;
    for (const { lane, number, bytes } of page) {
      const decoded = decodeStatement(bytes);
      lines.push(`${lane} ${number} ${decoded.kind === "accept" ? decoded.statement.measurement.item : "undecodable"}`);
    }
  }
}
