/**
 * A11: what the timers cost. A site under steady load in virtual time, over a network of given distances and losses; counted are the views
 * that were nullified once it has run for a minute.
 */
import { startReplica, type Replica } from "../../ledger/replica/index.ts";
import { openMemoryStore } from "../../ledger/store/memory.ts";
import { type Clock, virtualClock } from "./clock.ts";
import { assess, judge, measure } from "./measure.ts";
import { type Random, seeded } from "./random.ts";
import { simulatedSite } from "./site.ts";

export type Setting = {
  readonly gateways: number;
  readonly oneWayMs: (from: number, to: number) => number;
  /** Part of the messages. `message`: they are gone. `packet`: TCP brings them later, and all that follow them on the link. */
  readonly lost: { readonly share: number; readonly kind: "message" | "packet" };
  readonly fsyncMs: number;
  /** Mean time between two statements of one gateway. */
  readonly everyMs: number;
  /** This gateway is down. */
  readonly down: number | null;
};

export type Measured = {
  readonly views: number;
  readonly nullified: number;
  /** From accepted to executed at its owner. */
  readonly p50Ms: number;
  readonly p99Ms: number;
};

const EPOCH_MS = 1_767_225_600_000;
const WARM_MS = 60_000;
const MEASURED_MS = 90_000;
/** Distances vary by a tenth, as an exponential tail. */
const JITTER = 0.1;
/** TCP's shortest retransmission timeout on Linux. */
const RETRANSMIT_MS = 200;

export async function measurePace(setting: Setting, seed: number): Promise<Measured> {
  const { gateways, down, everyMs } = setting;
  const random = seeded(seed);
  const clock = virtualClock(EPOCH_MS);
  const replicas: Replica[] = [];
  const transmit = makeTransmit(setting, clock, random, (from, to, bytes) => replicas[to]?.receive(from, bytes));
  const waits: number[] = [];
  const running = [...Array(gateways).keys()].filter((self) => self !== down);
  for (const self of running) {
    const acceptedAtMs = new Map<number, number>();
    const executed = (number: number) => waits.push(clock.now() - (acceptedAtMs.get(number) ?? clock.now()));
    const replica = await startOne(setting, self, clock, random, transmit, executed);
    replicas[self] = replica;
    load(replica, self, everyMs, clock, random, acceptedAtMs);
  }
  for (const self of running) for (const peer of running) if (peer !== self) replicas[self]?.linkUp(peer);
  const sums = () => {
    const all = running.flatMap((self) => replicas[self]?.status() ?? []);
    return {
      views: Math.max(...all.map(({ view }) => view)),
      nullified: Math.max(...all.map(({ viewsNullified }) => viewsNullified)),
    };
  };
  await runUntil(clock, EPOCH_MS + WARM_MS);
  const before = sums();
  waits.length = 0;
  await runUntil(clock, EPOCH_MS + WARM_MS + MEASURED_MS);
  const after = sums();
  waits.sort((a, b) => a - b);
  return {
    views: after.views - before.views,
    nullified: after.nullified - before.nullified,
    p50Ms: waits[Math.floor(waits.length / 2)] ?? 0,
    p99Ms: waits[Math.floor(waits.length * 0.99)] ?? 0,
  };
}

type Transmit = (from: number, to: number, bytes: Uint8Array) => void;

function makeTransmit({ oneWayMs, lost, down }: Setting, clock: Clock, random: Random, deliver: Transmit): Transmit {
  const arrivals = new Map<string, number>();
  return (from, to, bytes) => {
    if (from === down || to === down) return;
    const distance = oneWayMs(from, to);
    let at = clock.now() + distance + random.wait(JITTER * distance);
    const isLost = random.chance(lost.share);
    if (isLost && lost.kind === "message") return;
    if (lost.kind === "packet") {
      const link = `${from}>${to}`;
      at = Math.max(isLost ? at + Math.max(RETRANSMIT_MS, 2 * distance) : at, arrivals.get(link) ?? 0);
      arrivals.set(link, at);
    }
    clock.after(at - clock.now(), () => {
      clock.stir();
      deliver(from, to, bytes);
    });
  };
}

async function startOne(
  { gateways, fsyncMs }: Setting,
  self: number,
  clock: Clock,
  random: Random,
  transmit: Transmit,
  executed: (number: number) => void,
): Promise<Replica> {
  const site = simulatedSite(gateways);
  const store = openMemoryStore({
    lanes: gateways,
    sync: (done) =>
      void clock.after(random.wait(fsyncMs), () => {
        clock.stir();
        done();
      }),
  });
  return startReplica({
    site: site.site,
    self,
    store,
    recovered: await store.recover(),
    send: (to, bytes) => transmit(self, to, bytes),
    queuedBytes: () => 0,
    now: clock.now,
    steady: clock.now,
    after: (ms, run) =>
      clock.after(ms, () => {
        clock.stir();
        run();
      }),
    keys: site.keys(self),
    verify: site.verify,
    verifyReveal: site.verifyReveal,
    verifyCosignature: site.verifyCosignature,
    validate: (_, statements) => Promise.resolve(judge(statements)),
    events: {
      executed: ({ bundles }) => {
        for (const { lane, first, count } of bundles) {
          if (lane === self) for (let number = first; number < first + count; number += 1) executed(number);
        }
      },
      checkpoint: () => undefined,
      anchored: () => undefined,
      cutOff: () => undefined,
      refusal: () => undefined,
      evidence: ({ fault, gateway }) => {
        throw new Error(`gateway ${gateway} was accused as ${fault}`);
      },
      halted: (error) => {
        throw error;
      },
    },
  });
}

function load(
  replica: Replica,
  self: number,
  everyMs: number,
  clock: Clock,
  random: Random,
  acceptedAtMs: Map<number, number>,
): void {
  let made = 0;
  const next = () => {
    clock.stir();
    const nowMs = clock.now();
    const measurement = measure(`item ${self} ${made}`, nowMs);
    made += 1;
    const accepted = replica.accept({ measurement, assessment: assess(measurement), writes: () => [] });
    accepted.then(
      ({ number }) => acceptedAtMs.set(number, nowMs),
      () => undefined,
    );
    clock.after(random.wait(everyMs), next);
  };
  clock.after(random.wait(everyMs), next);
}

async function runUntil(clock: Clock, untilMs: number): Promise<void> {
  while (await clock.step(untilMs));
}
