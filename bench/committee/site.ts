/** A committee of replicas, the very ones that gateways run, in virtual time, where processors and distances cost what they cost. */
import { startReplica, type Replica } from "../../ledger/replica/index.ts";
import { type Opened, openMessage } from "../../ledger/replica/wire.ts";
import { openMemoryStore } from "../../ledger/store/memory.ts";
import type { Store } from "../../ledger/store/port.ts";
import { type Clock, virtualClock } from "../../test/sim/clock.ts";
import type { Random } from "../../test/sim/random.ts";
import { simulatedSite } from "../../test/sim/site.ts";
import type { Costs, Signatures } from "./costs.ts";
import { type Machine, makeMachine } from "./machine.ts";
import type { Network } from "./networks.ts";
import { makeTally, type Tally } from "./tally.ts";

const EPOCH_MS = 1_767_225_600_000;

export type SiteOptions = {
  readonly gateways: number;
  readonly network: Network;
  readonly costs: Costs;
  /** Of votes and acks; bundles are COSE and stay with Ed25519. */
  readonly votes: Signatures;
  /** Of each gateway's link, both ways; infinite when only distance counts. */
  readonly megabitsPerSecond: number;
  readonly random: Random;
};

export type BenchSite = {
  readonly clock: Clock;
  readonly replicas: readonly Replica[];
  readonly machines: readonly Machine[];
  readonly tally: Tally;
  /** Links come up, nothing is charged. */
  readonly connect: () => Promise<void>;
  /** Offers a statement to a gateway, in its turn. */
  readonly offer: (gateway: number, item: string) => void;
  readonly run: (untilMs: number) => Promise<void>;
  readonly nowMs: () => number;
};

export async function makeSite(options: SiteOptions): Promise<BenchSite> {
  const { gateways, network, costs, votes, random } = options;
  const clock = virtualClock(EPOCH_MS);
  const site = simulatedSite(gateways);
  const tally = makeTally();
  const machines = Array.from({ length: gateways }, () => makeMachine(clock));
  const replicas: Replica[] = [];
  /** Until the links are up nothing costs anything and nothing is far. */
  let measured = false;
  const kib = (bytes: Uint8Array) => bytes.length / 1024;
  const upFreeMs = new Float64Array(gateways);
  const downFreeMs = new Float64Array(gateways);

  function transmit(from: number, to: number, bytes: Uint8Array): void {
    if (!measured) return void clock.after(0, () => replicas[to]?.receive(from, bytes));
    const machine = machines[from] as Machine;
    machine.charge(costs.sendUs + costs.sendKibUs * kib(bytes));
    tally.sent(bytes);
    const wireMs = (bytes.length * 8) / (options.megabitsPerSecond * 1000);
    const leftMs = Math.max(clock.now() + machine.lagMs(), upFreeMs[from] ?? 0) + wireMs;
    upFreeMs[from] = leftMs;
    const arrivesMs = leftMs + network.oneWayMs(from, to) + network.jitterMs(from, to, random);
    clock.after(arrivesMs - clock.now(), () => arrive(from, to, bytes, wireMs));
  }

  function arrive(from: number, to: number, bytes: Uint8Array, wireMs: number): void {
    downFreeMs[to] = Math.max(clock.now(), downFreeMs[to] ?? 0) + wireMs;
    const waitMs = downFreeMs[to] - clock.now();
    const machine = machines[to] as Machine;
    const take = () =>
      machine.enqueue(() => {
        machine.charge(costs.messageUs + costs.messageKibUs * kib(bytes));
        replicas[to]?.receive(from, bytes);
      });
    if (waitMs > 0) clock.after(waitMs, take);
    else take();
  }

  async function start(self: number): Promise<Replica> {
    const machine = machines[self] as Machine;
    const charged =
      <A extends unknown[], R>(us: number, run: (...args: A) => R) =>
      (...args: A): R => {
        if (measured) machine.charge(us);
        return run(...args);
      };
    const store = stirring(
      openMemoryStore({
        lanes: gateways,
        // The store has a thread and a disk of its own; a commit begins when the turn that made it is over.
        sync: (done) =>
          void clock.after(measured ? machine.lagMs() + costs.fsyncMs : 0, () => {
            clock.stir();
            done();
          }),
      }),
      clock.stir,
    );
    const keys = site.keys(self);
    const statementUs = costs.statementUs;
    return startReplica({
      site: site.site,
      self,
      store,
      recovered: await store.recover(),
      send: (to, bytes) => transmit(self, to, bytes),
      queuedBytes: () => 0,
      now: clock.now,
      steady: clock.now,
      after: (ms, run) => inTurn(clock, machine, ms, run),
      keys: {
        ...keys,
        sign: (message) => {
          if (measured) machine.charge(isVote(message) ? votes.signUs : costs.signUs);
          return keys.sign(message);
        },
        prove: charged(costs.proveUs, keys.prove),
        cosign: charged(costs.signUs, keys.cosign),
      },
      // Nobody lies here: what a check costs counts, not what it says.
      verify: (_signer, message) => {
        if (measured) machine.charge(isVote(message) ? votes.verifyUs : costs.verifyUs);
        return true;
      },
      verifyReveal: charged(costs.verifyRevealUs, site.verifyReveal),
      verifyCosignature: charged(costs.verifyUs, () => true),
      open,
      validate: (_lane, statements) => {
        clock.stir();
        if (measured) machine.charge(statementUs * statements.length);
        return Promise.resolve({ kind: "accept" });
      },
      events: {
        executed: ({ bundles }) => {
          const nowMs = clock.now() + machine.lagMs();
          for (const { lane, first, count } of bundles) if (lane === self) tally.final(self, first, count, nowMs);
          if (bundles.length > 0) tally.executed(self, bundles.length);
        },
        checkpoint: () => undefined,
        anchored: () => undefined,
        refusal: ({ reason }) => failed(self, `refused: ${reason}`),
        evidence: ({ fault, gateway }) => failed(self, `takes gateway ${gateway} for a liar: ${fault}`),
        cutOff: (peer, { reason }) => failed(self, `has cut off gateway ${peer}: ${reason}`),
        halted: (error) => failed(self, `halted: ${error.stack ?? error.message}`),
      },
    });
  }

  /** What many receive is read once. */
  const opened = new WeakMap<Uint8Array, Opened>();
  function open(bytes: Uint8Array): Opened {
    const known = opened.get(bytes) ?? openMessage(bytes);
    opened.set(bytes, known);
    return known;
  }

  let failure: Error | null = null;
  /** Nobody lies and nothing is lost here: whatever goes wrong makes the figures worthless. */
  function failed(self: number, why: string): void {
    failure ??= new Error(`gateway ${self} ${why}`);
  }

  async function run(untilMs: number): Promise<void> {
    while (await clock.step(EPOCH_MS + untilMs)) if (failure !== null) throw failure;
  }

  for (let self = 0; self < gateways; self += 1) replicas.push(await start(self));
  return {
    clock,
    replicas,
    machines,
    tally,
    connect: async () => {
      for (const [self, replica] of replicas.entries())
        for (let peer = 0; peer < gateways; peer += 1) if (peer !== self) replica.linkUp(peer);
      clock.stir();
      await run(1);
      measured = true;
    },
    offer: (gateway, item) => {
      const machine = machines[gateway] as Machine;
      machine.enqueue(() => {
        machine.charge(costs.statementUs);
        clock.stir();
        replicas[gateway]
          ?.accept({ measurement: measurementOf(item, clock.now()), assessment: ASSESSMENT, writes: () => [] })
          .then(
            ({ number }) => tally.accepted(gateway, number, clock.now()),
            (error: unknown) => failed(gateway, String(error)),
          );
      });
    },
    run,
    nowMs: () => clock.now() - EPOCH_MS,
  };
}

/** C1: an array that begins with the domain; a bundle's Sig_structure begins with "Signature1". */
function isVote(message: Uint8Array): boolean {
  return message[2] === "t".charCodeAt(0);
}

function inTurn(clock: Clock, machine: Machine, ms: number, run: () => void): () => void {
  let wanted = true;
  const cancel = clock.after(ms, () => machine.enqueue(() => (wanted ? run() : undefined)));
  return () => {
    wanted = false;
    cancel();
  };
}

/** Every answer of the store settles a promise, which the clock has to know. */
function stirring<S extends Store>(store: S, stir: () => void): S {
  return new Proxy(store, {
    get: (target, name, receiver) => {
      stir();
      return Reflect.get(target, name, receiver) as unknown;
    },
  });
}

const ASSESSMENT = {
  model: "0".repeat(64),
  predictedGrams: 1000,
  lowGrams: 500,
  highGrams: 2000,
  verdict: "accept",
  reasons: [],
} as const;

function measurementOf(item: string, nowMs: number) {
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
