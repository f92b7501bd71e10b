/**
 * A9 at every place where a process can die: one short run of a small site, again and again, and each time the process of one
 * gateway, or the power of the site, ends at another commit.
 */
import { type Cluster, type Conditions, makeCluster } from "./cluster.ts";
import type { CrashPoint } from "./disk.ts";
import { checkEnd, isSettled } from "./properties/end.ts";
import { watch as watchSite } from "./properties/index.ts";
import { seeded } from "./random.ts";
import { simulatedSite } from "./site.ts";

export const CRASH_POINTS: readonly CrashPoint[] = [
  { kind: "lost" },
  { kind: "kept" },
  { kind: "told", sends: 0 },
  { kind: "told", sends: 1 },
  { kind: "told", sends: 4 },
];

const GATEWAYS = 4;
const VICTIM = 1;
const LOADED_MS = 150;
const SETTLES_WITHIN_MS = 30_000;
const DOWN_MS = 40;
const STATEMENTS_A_GATEWAY = 3;
const CALM: Conditions = {
  weather: { latency: { kind: "uniform", lowMs: 0.5, highMs: 4 }, far: 1, loss: 0, duplicates: 0, inOrder: false },
  regions: 1,
  fsyncMs: 2,
  checkMs: 0,
  skews: Array.from({ length: GATEWAYS }, () => ({ ms: 0, rate: 1 })),
  picky: null,
  restored: null,
};

export type Sweep = { readonly violations: readonly string[]; readonly commits: number; readonly crashes: number };

/** `everybody`: the power of the whole site fails at that commit of the victim. */
export async function crashAt(commit: number, point: CrashPoint, everybody: boolean): Promise<Sweep> {
  const random = seeded(7);
  const watch = watchSite(simulatedSite(GATEWAYS), new Set());
  let crashes = 0;
  const died = (index: number) => {
    crashes += 1;
    cluster.clock.after(DOWN_MS + index, () => void cluster.start(index));
    if (!everybody || crashes > 1) return;
    for (const other of cluster.nodes.keys()) if (other !== index) cluster.crash(other, other % 2 ? "kept" : "lost");
  };
  const cluster: Cluster = makeCluster({
    gateways: GATEWAYS,
    random,
    conditions: CALM,
    attacks: new Map(),
    watch,
    died: (index) => died(index),
  });
  const load = random.split();
  for (const index of cluster.nodes.keys()) {
    for (let made = 0; made < STATEMENTS_A_GATEWAY; made += 1)
      cluster.clock.after(load.next() * LOADED_MS, () => cluster.offer(index, `item-${index}-${made}`));
    void cluster.start(index);
  }
  cluster.nodes[VICTIM]?.disk.crashAfter(commit, point);
  await cluster.run(LOADED_MS);
  for (let at = LOADED_MS; at < SETTLES_WITHIN_MS && !isSettled(cluster, watch); at += 50) await cluster.run(at);
  if (!isSettled(cluster, watch)) watch.violated("progress", `not settled after ${SETTLES_WITHIN_MS} ms`);
  await checkEnd(cluster, watch, null);
  return { violations: watch.violations(), commits: cluster.nodes[VICTIM]?.disk.commits() ?? 0, crashes };
}
