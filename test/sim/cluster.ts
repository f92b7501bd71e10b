/** A whole site in one process and in virtual time: the very replicas that gateways run, over a hostile network and disks. */
import { type Accusation, type Replica, startReplica } from "../../ledger/replica/index.ts";
import { strikesOf } from "./attackers/index.ts";
import { type Assignment, type Attacked, beginAttack } from "./attacked.ts";
import { type Clock, virtualClock } from "./clock.ts";
import { type CrashPoint, type Disk, makeDisk } from "./disk.ts";
import { type GatewayClock, gatewayClock } from "./gateway-clock.ts";
import { assess, falsehood, judge, judgePickily, measure } from "./measure.ts";
import { makeNetwork, type Network, type Weather } from "./network.ts";
import { openOnce } from "./opened.ts";
import type { Watch } from "./properties/index.ts";
import type { Random } from "./random.ts";
import { type SimulatedSite, simulatedSite } from "./site.ts";
import { type Digest, digest } from "./trace.ts";

/** 2026-01-01, so that times in statements look like times. */
const EPOCH_MS = 1_767_225_600_000;

/** Fifty times what a run needs: something goes round in circles. */
const MOST_EVENTS = 3_000_000;

export type Conditions = {
  readonly weather: Weather;
  readonly regions: number;
  readonly fsyncMs: number;
  /** How long re-assessment takes; 0 = no time. */
  readonly checkMs: number;
  readonly skews: readonly { readonly ms: number; readonly rate: number }[];
  /** A gateway that refuses some of what is valid, as one with a worn model would; null = none. */
  readonly picky: number | null;
  /** A gateway that is brought back with an old copy of its disk; null = none. */
  readonly restored: number | null;
};

export type Accepted = { readonly gateway: number; readonly number: number; readonly item: string };

export type Node = {
  replica: Replica | null;
  readonly disk: Disk;
  readonly clock: GatewayClock;
  /** Counts lives; what an earlier life left in flight is not delivered to a later one. */
  life: number;
  /** Stopped for good: it said that its disk is an old copy. */
  retired: boolean;
  /** Its process does not get the processor until then. */
  pausedUntil: number;
};

export type Cluster = {
  readonly clock: Clock;
  readonly network: Network;
  readonly nodes: readonly Node[];
  readonly site: SimulatedSite;
  readonly accepted: readonly Accepted[];
  readonly trace: Digest;
  /** How often each attack struck. */
  readonly strikes: () => ReadonlyMap<string, number>;
  readonly start: (index: number) => Promise<void>;
  readonly crash: (index: number, fate: "lost" | "kept") => void;
  readonly offer: (index: number, item: string) => void;
  /** A connection breaks, and both ends notice. */
  readonly unlink: (a: number, b: number) => void;
  readonly link: (a: number, b: number) => void;
  /** Runs events until then, or until something is violated. */
  readonly run: (untilMs: number) => Promise<void>;
  /** Milliseconds since the beginning. */
  readonly elapsedMs: () => number;
};

export type ClusterOptions = {
  readonly gateways: number;
  readonly random: Random;
  readonly conditions: Conditions;
  readonly attacks: Assignment;
  readonly watch: Watch;
  /** The process of a gateway ended by itself: at a crash point, or because its disk failed. */
  readonly died: (index: number, why: string) => void;
};

export function makeCluster(options: ClusterOptions): Cluster {
  const { gateways, random, conditions, attacks, watch } = options;
  const site = simulatedSite(gateways);
  const clock = virtualClock(EPOCH_MS);
  const network = makeNetwork(gateways, conditions.regions, clock, random.split(), conditions.weather);
  const trace = digest();
  const accepted: Accepted[] = [];
  let events = 0;
  const diskRandom = random.split();
  const nodes = Array.from({ length: gateways }, (_, index): Node => {
    const { ms, rate } = conditions.skews[index] ?? { ms: 0, rate: 1 };
    const disk = makeDisk({
      lanes: gateways,
      clock,
      random: diskRandom,
      fsyncMs: conditions.fsyncMs,
      durable: (writes) => watch.durable(index, writes),
      died: (point) => died(index, crashName(point)),
      stir: clock.stir,
    });
    return { replica: null, disk, clock: gatewayClock(clock, ms, rate), life: 0, retired: false, pausedUntil: 0 };
  });
  const attacked = new Map<number, Attacked>();
  const shared = new Map<string, unknown>();
  for (const [self, some] of attacks) {
    const send = (to: number, bytes: Uint8Array) => (nodeAt(self).replica ? transmit(self, to, bytes) : undefined);
    const colluders = [...attacks.keys()];
    const keys = keysOf(self);
    const attackRandom = random.split();
    const context = { self, colluders, shared, site: { ...site, keys: () => keys }, clock, send, random: attackRandom };
    attacked.set(self, beginAttack({ ...context, attacks: some }));
  }

  function nodeAt(index: number): Node {
    const node = nodes[index];
    if (node === undefined) throw new Error(`there is no gateway ${index}`);
    return node;
  }

  /** Whatever is signed is on record: what liars sign as the proof wants it, what the honest sign as their decision. */
  function keysOf(index: number) {
    const keys = site.keys(index);
    return {
      ...keys,
      sign: (message: Uint8Array) => {
        watch.signed(index, message);
        return keys.sign(message);
      },
    };
  }

  function transmit(from: number, to: number, bytes: Uint8Array): void {
    const node = nodeAt(to);
    const { life } = node;
    network.transmit(from, to, () => {
      trace.number(from * gateways + to);
      trace.number(clock.now());
      trace.number(bytes.length);
      when(node, life, () => {
        if (!(attacked.get(to)?.incoming(from, bytes) ?? true)) return;
        node.replica?.receive(from, bytes);
        watch.touched(to, node.replica);
      });
    });
  }

  /** Runs in this life of a gateway, as soon as its process gets the processor. */
  function when(node: Node, life: number, run: () => void): void {
    if (node.life !== life) return;
    if (node.pausedUntil > clock.now()) clock.after(node.pausedUntil - clock.now(), () => when(node, life, run));
    else run();
  }

  function died(index: number, why: string): void {
    const node = nodeAt(index);
    node.life += 1;
    node.replica = null;
    for (const [peer, other] of nodes.entries()) if (peer !== index) other.replica?.linkDown(index);
    clock.stir();
    options.died(index, why);
  }

  function crash(index: number, fate: "lost" | "kept", why = "crash"): void {
    const node = nodeAt(index);
    if (node.replica === null) return;
    node.disk.crash(fate);
    died(index, `${why}; what was on its way to the disk is ${fate}`);
  }

  function send(index: number, to: number, bytes: Uint8Array): void {
    watch.sent(index, bytes);
    const attack = attacked.get(index);
    if (attack === undefined) transmit(index, to, bytes);
    else attack.outgoing(to, bytes);
    if (nodeAt(index).disk.isDue()) crash(index, random.pick(["lost", "kept"]), "crash between two sends");
  }

  function halted(index: number, error: Error): void {
    const node = nodeAt(index);
    if (error.message.startsWith("simulated: ")) return crash(index, random.pick(["lost", "kept"]), error.message);
    node.retired = conditions.restored === index && OLD_COPY.test(error.message);
    if (!node.retired && !attacks.has(index))
      watch.violated("R7", `gw-${index + 1} halted: ${error.stack ?? error.message}`);
  }

  async function start(index: number): Promise<void> {
    const node = nodeAt(index);
    const { life } = node;
    const recovered = await node.disk.store().recover();
    if (node.life !== life || node.replica !== null) return;
    watch.started(index);
    const alive = () => node.life === life;
    const ifAlive = (run: () => void) => (alive() ? run() : undefined);
    node.replica = startReplica({
      site: site.site,
      self: index,
      store: node.disk.store(),
      recovered,
      send: (to, bytes) => ifAlive(() => send(index, to, bytes)),
      queuedBytes: () => 0,
      now: node.clock.wall,
      steady: node.clock.steady,
      after: (ms, run) =>
        node.clock.after(ms, () =>
          when(node, life, () => {
            run();
            watch.touched(index, node.replica);
          }),
        ),
      keys: keysOf(index),
      verify: site.verify,
      verifyReveal: site.verifyReveal,
      open: openOnce,
      verifyCosignature: site.verifyCosignature,
      falsehood,
      validate: (lane, statements) => {
        const verdict = conditions.picky === index && lane !== index ? judgePickily(statements) : judge(statements);
        clock.stir();
        if (conditions.checkMs === 0) return Promise.resolve(verdict);
        return new Promise((resolve) => {
          clock.after(random.wait(conditions.checkMs), () => {
            clock.stir();
            resolve(verdict);
          });
        });
      },
      events: {
        executed: (execution) => ifAlive(() => watch.executed(index, execution)),
        checkpoint: () => undefined,
        anchored: () => undefined,
        // R8: as the links of a gateway do it.
        cutOff: (peer, { restMs }) => ifAlive(() => rest(index, peer, restMs)),
        refusal: () => undefined,
        evidence: (accusation: Accusation) => ifAlive(() => watch.accused(index, accusation)),
        halted: (error) => ifAlive(() => halted(index, error)),
      },
    });
    clock.stir();
    for (const peer of nodes.keys()) if (peer !== index) link(index, peer);
  }

  function rest(index: number, peer: number, ms: number): void {
    const node = nodeAt(index);
    const { life } = node;
    network.reset(index, peer);
    nodeAt(peer).replica?.linkDown(index);
    node.clock.after(ms, () => (node.life === life ? link(index, peer) : undefined));
  }

  /** Both ends notice, after the way that a greeting takes. */
  function link(a: number, b: number): void {
    const [one, other] = [nodeAt(a), nodeAt(b)];
    const lives = [one.life, other.life];
    const greet = () => {
      if (one.life !== lives[0] || other.life !== lives[1] || one.replica === null || other.replica === null) return;
      if (network.isCut(a, b) || network.isCut(b, a)) return;
      one.replica.linkUp(b);
      other.replica.linkUp(a);
      clock.stir();
    };
    clock.after(network.delayMs(a, b) + network.delayMs(b, a), greet);
  }

  return {
    clock,
    network,
    nodes,
    site,
    accepted,
    trace,
    strikes: () => strikesOf(shared),
    start,
    crash,
    link,
    unlink: (a, b) => {
      network.reset(a, b);
      nodeAt(a).replica?.linkDown(b);
      nodeAt(b).replica?.linkDown(a);
    },
    offer: (index, item) => {
      const node = nodeAt(index);
      const { life } = node;
      const measurement = measure(item, node.clock.wall());
      clock.stir();
      node.replica?.accept({ measurement, assessment: assess(measurement), writes: () => [] }).then(
        ({ number }) => {
          if (node.life !== life) return;
          accepted.push({ gateway: index, number, item });
          watch.accepted(index, number, item);
        },
        () => undefined,
      );
    },
    run: async (untilMs) => {
      for (let next = clock.step(EPOCH_MS + untilMs); next !== false; next = clock.step(EPOCH_MS + untilMs)) {
        if (next !== true) await next;
        events += 1;
        if (events > MOST_EVENTS) watch.violated("progress", `${MOST_EVENTS} events and no end`);
        if (watch.violations().length > 0) return;
      }
    },
    elapsedMs: () => clock.now() - EPOCH_MS,
  };
}

/** What a gateway says that meets its own later votes or bundles (A9, L2). */
const OLD_COPY = /old copy/;

function crashName(point: CrashPoint): string {
  switch (point.kind) {
    case "lost":
      return "crash before the commit was on disk";
    case "kept":
      return "crash after the commit was on disk, before anybody was told";
    case "told":
      return "crash after the commit was on disk";
  }
}
