/** What goes wrong in a run, each at a time drawn from the seed. `heal` takes all of it back. */
import type { Cluster } from "./cluster.ts";
import type { CrashPoint } from "./disk.ts";
import { calm, someWeather } from "./network.ts";
import type { Random } from "./random.ts";

export type Faults = {
  readonly heal: () => Promise<void>;
  /** A process ended by itself. */
  readonly died: (index: number, why: string) => void;
  readonly crashes: () => number;
};

export type FaultsOptions = {
  readonly cluster: () => Cluster;
  readonly random: Random;
  /** Faults come within so many milliseconds. */
  readonly withinMs: number;
  readonly restored: number | null;
  readonly fsyncMs: number;
  readonly note: (line: string) => void;
};

type Fault = (options: FaultsOptions & { readonly isHealed: () => boolean }) => void;

const name = (index: number) => `gw-${index + 1}`;

export function scheduleFaults(options: FaultsOptions): Faults {
  const { random, withinMs, note } = options;
  let crashes = 0;
  let healed = false;

  function died(index: number, why: string): void {
    crashes += 1;
    note(`${name(index)}: ${why}`);
    options.cluster().clock.after(random.wait(400), () => restart(index));
  }

  function restart(index: number): void {
    const cluster = options.cluster();
    const node = cluster.nodes[index];
    if (node === undefined || node.replica !== null || node.retired) return;
    note(`${name(index)} starts`);
    void cluster.start(index);
  }

  const cluster = options.cluster();
  for (let count = random.below(9); count > 0; count -= 1) {
    const fault = random.pick(FAULTS);
    cluster.clock.after(random.next() * withinMs, () =>
      healed ? undefined : fault({ ...options, isHealed: () => healed }),
    );
  }
  if (options.restored !== null) scheduleRestore(options, options.restored);

  return {
    died,
    crashes: () => crashes,
    heal: async () => {
      healed = true;
      const cluster = options.cluster();
      note("healed");
      cluster.network.setWeather(calm(cluster.network.weather()));
      for (const [index, node] of cluster.nodes.entries()) {
        for (const to of cluster.nodes.keys()) cluster.network.cut(index, to, false);
        node.disk.heal(Math.min(options.fsyncMs, 5));
        node.clock.stand(false);
        node.pausedUntil = 0;
      }
      for (const [index, node] of cluster.nodes.entries())
        if (node.replica === null && !node.retired) await cluster.start(index);
      // Connections that were cut are made again.
      for (const a of cluster.nodes.keys()) for (let b = 0; b < a; b += 1) cluster.link(a, b);
    },
  };
}

// --- processes and disks ----------------------------------------------------------------------------------------------

const crashAtOnce: Fault = ({ cluster, random }) => {
  const site = cluster();
  site.crash(random.below(site.nodes.length), random.pick(["lost", "kept"]));
};

const crashAtCommit: Fault = ({ cluster, random, note }) => {
  const { nodes } = cluster();
  const index = random.below(nodes.length);
  const point = somePoint(random);
  note(`${name(index)} will crash at a commit: ${point.kind}`);
  nodes[index]?.disk.crashAfter(random.below(10), point);
};

function somePoint(random: Random): CrashPoint {
  const kind = random.pick(["lost", "kept", "told"] as const);
  return kind === "told" ? { kind, sends: random.below(6) } : { kind };
}

/** The site's power fails. */
const crashAll: Fault = ({ cluster, random, note }) => {
  const site = cluster();
  note("the power of the whole site fails");
  for (const index of site.nodes.keys()) site.crash(index, random.pick(["lost", "kept"]));
};

const failDisk: Fault = ({ cluster, random, note }) => {
  const { nodes } = cluster();
  const index = random.below(nodes.length);
  note(`${name(index)}: its disk will fail`);
  nodes[index]?.disk.failAfter(random.below(10));
};

const slowDisk: Fault = ({ cluster, random, note, fsyncMs }) => {
  const { nodes, clock } = cluster();
  const index = random.below(nodes.length);
  const disk = nodes[index]?.disk;
  note(`${name(index)}: its disk slows down`);
  if (random.chance(0.5)) return disk?.stallUntil(clock.now() + random.wait(1000));
  disk?.setFsyncMs(fsyncMs * 30);
  clock.after(random.wait(1500), () => disk?.setFsyncMs(fsyncMs));
};

const pause: Fault = ({ cluster, random, note }) => {
  const { nodes, clock } = cluster();
  const index = random.below(nodes.length);
  const node = nodes[index];
  note(`${name(index)}: its process stands still`);
  if (node !== undefined) node.pausedUntil = clock.now() + random.wait(800);
};

/** A9: a gateway is brought back with a copy of its disk from earlier. */
function scheduleRestore({ cluster, random, withinMs, note }: FaultsOptions, index: number): void {
  const { clock } = cluster();
  const copiedMs = random.next() * withinMs * 0.6;
  clock.after(copiedMs, () => cluster().nodes[index]?.disk.keepImage());
  clock.after(copiedMs + random.next() * (withinMs - copiedMs), () => {
    const site = cluster();
    note(`${name(index)}: an old copy of its disk is put in`);
    site.crash(index, "lost");
    site.nodes[index]?.disk.restoreImage();
  });
}

// --- the network ------------------------------------------------------------------------------------------------------

const cutOneWay: Fault = ({ cluster, random, note }) => {
  const { nodes, network, clock } = cluster();
  const [from, to] = [random.below(nodes.length), random.below(nodes.length)];
  note(`cut ${name(from)} > ${name(to)}`);
  network.cut(from, to, true);
  if (random.chance(0.5)) clock.after(random.wait(2000), () => network.cut(from, to, false));
};

/** The site falls into two parts; whether anybody is told is the difference between a pulled cable and a firewall. */
const split: Fault = ({ cluster, random, note }) => {
  const site = cluster();
  const part = new Set([...site.nodes.keys()].filter(() => random.chance(0.5)));
  const isTold = random.chance(0.5);
  note(`split: ${[...part].map(name).join(", ")} from the others${isTold ? "" : ", silently"}`);
  const across = pairs(site).filter(([a, b]) => part.has(a) !== part.has(b));
  sever(site, across, isTold);
  if (random.chance(0.7)) site.clock.after(random.wait(2000), () => join(site, across, isTold));
};

const flap: Fault = ({ cluster, random, note, isHealed }) => {
  const site = cluster();
  const one = random.below(site.nodes.length);
  const isTold = random.chance(0.7);
  const links = pairs(site).filter(([a, b]) => a === one || b === one);
  note(`${name(one)}: its link flaps`);
  const everyMs = 20 + random.wait(200);
  for (let count = 0; count < 6; count += 1) {
    site.clock.after(2 * count * everyMs, () => (isHealed() ? undefined : sever(site, links, isTold)));
    site.clock.after((2 * count + 1) * everyMs, () => join(site, links, isTold));
  }
};

const changeWeather: Fault = ({ cluster, random, note }) => {
  const weather = someWeather(random);
  note(`weather: ${JSON.stringify(weather)}`);
  cluster().network.setWeather(weather);
};

function pairs(site: Cluster): readonly (readonly [number, number])[] {
  return [...site.nodes.keys()].flatMap((a) => Array.from({ length: a }, (_, b) => [a, b] as const));
}

function sever(site: Cluster, links: readonly (readonly [number, number])[], isTold: boolean): void {
  for (const [a, b] of links) {
    site.network.cut(a, b, true);
    site.network.cut(b, a, true);
    if (isTold) site.unlink(a, b);
  }
}

function join(site: Cluster, links: readonly (readonly [number, number])[], isTold: boolean): void {
  for (const [a, b] of links) {
    site.network.cut(a, b, false);
    site.network.cut(b, a, false);
    if (isTold) site.link(a, b);
  }
}

// --- clocks -----------------------------------------------------------------------------------------------------------

const jumpClock: Fault = ({ cluster, random, note }) => {
  const { nodes } = cluster();
  const index = random.below(nodes.length);
  const ms = random.pick([-3_600_000, -5_000, -50, 50, 5_000, 86_400_000]);
  // All of them, when the server goes wrong that they take the time from.
  const isShared = random.chance(0.4);
  note(`${isShared ? "all" : name(index)}: the clock jumps by ${ms} ms`);
  for (const [each, { clock }] of nodes.entries()) if (isShared || each === index) clock.jump(ms);
};

const standClock: Fault = ({ cluster, random, note }) => {
  const { nodes, clock } = cluster();
  const index = random.below(nodes.length);
  note(`${name(index)}: its clock stands still`);
  nodes[index]?.clock.stand(true);
  clock.after(random.wait(2000), () => nodes[index]?.clock.stand(false));
};

/** Those that break the most come twice. */
const FAULTS: readonly Fault[] = [
  crashAtOnce,
  crashAtOnce,
  crashAtCommit,
  crashAtCommit,
  crashAtCommit,
  crashAll,
  failDisk,
  slowDisk,
  pause,
  cutOneWay,
  cutOneWay,
  split,
  split,
  flap,
  changeWeather,
  jumpClock,
  standClock,
];
