/** What the devices of a site present: a trickle, a stream or bursts, not the same at every gateway. */
import type { Cluster } from "./cluster.ts";
import type { Random } from "./random.ts";

/** Statements of the whole site, on average: enough for many cuts, few enough for many seeds a second. */
const STATEMENTS = 40;
const BURST = 12;

export function scheduleLoad(cluster: Cluster, random: Random, withinMs: number): void {
  const bursts = random.chance(0.3);
  const share = (STATEMENTS * random.pick([0.3, 1, 1, 2])) / cluster.nodes.length;
  for (const index of cluster.nodes.keys()) {
    // Some lanes are idle.
    const wanted = Math.ceil(share * random.pick([0, 0.5, 1, 1, 1.5]));
    let made = 0;
    const present = (count: number) => {
      for (let one = 0; one < count; one += 1) {
        cluster.offer(index, `item-${index + 1}-${made}`);
        made += 1;
      }
    };
    for (let left = wanted; left > 0; ) {
      const count = bursts ? Math.min(left, 1 + random.below(BURST)) : 1;
      left -= count;
      cluster.clock.after(random.next() * withinMs, () => present(count));
    }
  }
}
