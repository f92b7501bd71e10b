/** A whole site in one process and in virtual time: the very replicas that gateways run, over a hostile network and disks. */
import { type Replica, startReplica } from "../../ledger/replica/index.ts";
import type { Assessment, Measurement } from "../../ledger/statement/index.ts";
import { type MemoryStore, openMemoryStore } from "../../ledger/store/memory.ts";
import { strikesOf } from "./attackers/index.ts";
import { type Assignment, type Attacked, beginAttack } from "./attacked.ts";
import { type Clock, virtualClock } from "./clock.ts";
import type { Random } from "./random.ts";
import { type SimulatedSite, simulatedSite } from "./site.ts";

/** 2026-01-01, so that times in statements look like times. */
const EPOCH_MS = 1_767_225_600_000;

const PICKY_CHANCE = 0.05;

export type Conditions = {
  readonly latencyMs: number;
  readonly loss: number;
  readonly duplicates: number;
  readonly fsyncMs: number;
  /** A gateway that refuses some of what is valid, as one with a worn model would; null = none. */
  readonly picky: number | null;
};

export type Accepted = { readonly gateway: number; readonly number: number; readonly item: string };

export type Node = {
  replica: Replica | null;
  store: MemoryStore;
  /** Counts lives; what an earlier life left in flight is not delivered to a later one. */
  life: number;
};

export type Cluster = {
  readonly clock: Clock;
  readonly nodes: readonly Node[];
  readonly site: SimulatedSite;
  readonly accepted: readonly Accepted[];
  readonly halts: readonly string[];
  readonly start: (index: number) => Promise<void>;
  readonly crash: (index: number) => void;
  readonly offer: (index: number, item: string) => void;
  /** True cuts the path from one to the other; both ways are set apart. */
  readonly cut: (from: number, to: number, isCut: boolean) => void;
  readonly setConditions: (conditions: Conditions) => void;
  readonly run: (untilMs: number) => Promise<void>;
  /** Nothing is promised about the others. */
  readonly isHonest: (index: number) => boolean;
  /** How often each attack struck. */
  readonly strikes: () => ReadonlyMap<string, number>;
};

export function makeCluster(
  gateways: number,
  random: Random,
  initial: Conditions,
  attacks: Assignment = new Map(),
): Cluster {
  const site = simulatedSite(gateways);
  const clock = virtualClock(EPOCH_MS);
  const cuts = new Set<string>();
  const accepted: Accepted[] = [];
  const halts: string[] = [];
  let conditions = initial;
  const nodes: Node[] = Array.from({ length: gateways }, () => ({ replica: null, store: newStore(), life: 0 }));

  const shared = new Map<string, unknown>();
  const attacked = new Map<number, Attacked>();
  for (const [self, some] of attacks) {
    const send = (to: number, bytes: Uint8Array) => (nodes[self]?.replica ? transmit(self, to, bytes) : undefined);
    const colluders = [...attacks.keys()];
    attacked.set(self, beginAttack({ self, attacks: some, colluders, shared, site, random, clock, send }));
  }

  function newStore(): MemoryStore {
    return openMemoryStore({
      lanes: gateways,
      sync: (done) => void clock.after(random.wait(conditions.fsyncMs), done),
    });
  }

  function transmit(from: number, to: number, bytes: Uint8Array): void {
    const copies = random.chance(conditions.loss) ? 0 : random.chance(conditions.duplicates) ? 2 : 1;
    const life = nodes[to]?.life;
    for (let copy = 0; copy < copies; copy += 1) {
      clock.after(random.wait(conditions.latencyMs), () => {
        const node = nodes[to];
        if (cuts.has(`${from}>${to}`) || node === undefined || node.life !== life) return;
        if (attacked.get(to)?.incoming(from, bytes) ?? true) node.replica?.receive(from, bytes);
      });
    }
  }

  async function start(index: number): Promise<void> {
    const node = nodes[index] as Node;
    const { life } = node;
    const recovered = await node.store.recover();
    const alive = () => node.life === life;
    const send = attacked.get(index)?.outgoing ?? ((to: number, bytes: Uint8Array) => transmit(index, to, bytes));
    node.replica = startReplica({
      site: site.site,
      self: index,
      store: node.store,
      recovered,
      send: (to, bytes) => (alive() ? send(to, bytes) : undefined),
      now: clock.now,
      steady: clock.now,
      after: (ms, run) => clock.after(ms, () => (alive() ? run() : undefined)),
      keys: site.keys(index),
      verify: site.verify,
      verifyReveal: site.verifyReveal,
      validate: () =>
        Promise.resolve(
          conditions.picky === index && random.chance(PICKY_CHANCE)
            ? { kind: "reject", reason: "it does not please" }
            : { kind: "accept" },
        ),
      events: {
        executed: () => undefined,
        checkpoint: () => undefined,
        anchored: () => undefined,
        // R8: as the links of a gateway do it.
        cutOff: (peer, { restMs }) => {
          nodes[peer]?.replica?.linkDown(index);
          clock.after(restMs, () => (alive() ? linkUp(index, peer) : undefined));
        },
        refusal: () => undefined,
        evidence: () => undefined,
        halted: (error) =>
          alive() && !attacks.has(index)
            ? void halts.push(`gw-${index + 1}: ${error.stack ?? error.message}`)
            : undefined,
      },
    });
    for (const peer of nodes.keys()) if (peer !== index) linkUp(index, peer);
  }

  function linkUp(one: number, two: number): void {
    const [a, b] = [nodes[one] as Node, nodes[two] as Node];
    if (a.replica === null || b.replica === null) return;
    const lives = [a.life, b.life];
    clock.after(conditions.latencyMs, () => {
      if (a.life !== lives[0] || b.life !== lives[1]) return;
      a.replica?.linkUp(two);
      b.replica?.linkUp(one);
    });
  }

  return {
    clock,
    nodes,
    site,
    accepted,
    halts,
    isHonest: (index) => !attacks.has(index),
    strikes: () => strikesOf(shared),
    start,
    crash: (index) => {
      const node = nodes[index] as Node;
      if (node.replica === null) return;
      node.life += 1;
      node.replica = null;
      node.store = node.store.crash(random.chance(0.5) ? "kept" : "lost");
      for (const other of nodes) other.replica?.linkDown(index);
    },
    offer: (index, item) => {
      const node = nodes[index] as Node;
      const { life } = node;
      node.replica
        ?.accept({ measurement: measurementOf(item, clock.now()), assessment: ASSESSMENT, writes: () => [] })
        .then(
          ({ number }) => (node.life === life ? accepted.push({ gateway: index, number, item }) : 0),
          () => 0,
        );
    },
    cut: (from, to, isCut) => void (isCut ? cuts.add(`${from}>${to}`) : cuts.delete(`${from}>${to}`)),
    setConditions: (next) => {
      conditions = next;
    },
    run: async (untilMs) => {
      while (await clock.step(EPOCH_MS + untilMs)) {
        if (halts.length > 0) return;
      }
    },
  };
}

const ASSESSMENT: Assessment = {
  model: "0".repeat(64),
  predictedGrams: 1000,
  lowGrams: 500,
  highGrams: 2000,
  verdict: "accept",
  reasons: [],
};

function measurementOf(item: string, nowMs: number): Measurement {
  const metres = (mantissa: number) => ({ mantissa, exponent: -3 });
  return {
    station: "bench",
    item,
    at: Math.floor(nowMs),
    mass: { mantissa: 1234, exponent: -3 },
    division: { mantissa: 1, exponent: -3 },
    dimensions: { length: metres(300), width: metres(200), height: metres(100) },
    frames: [],
  };
}
