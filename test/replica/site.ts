/** Replicas over memory stores, with links, clocks and disks in the test's hands. */
import { sign } from "../../ledger/crypto/index.ts";
import {
  type Accusation,
  type CutOff,
  type Draft,
  type Replica,
  type ReplicaOptions,
  startReplica,
} from "../../ledger/replica/index.ts";
import { openMemoryStore } from "../../ledger/store/memory.ts";
import type { Store } from "../../ledger/store/port.ts";
import { simulatedSite } from "../sim/site.ts";

/** 2026-01-01 */
export const START_MS = 1_767_225_600_000;

export type Watched = {
  readonly replica: Replica;
  readonly store: Store;
  readonly halts: Error[];
  readonly sent: { readonly to: number; readonly bytes: Uint8Array }[];
  readonly refusals: { readonly lane: number; readonly by: number; readonly reason: string }[];
  readonly evidence: Accusation[];
  readonly cutOffs: { readonly peer: number; readonly cutOff: CutOff }[];
  readonly checkpoints: { readonly size: number; readonly root: string }[];
  /** Runs every timer that is due after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
};

export type Changes = Partial<Pick<ReplicaOptions, "validate" | "falsehood" | "send" | "now">>;

export async function start(
  size: number,
  self: number,
  store: Store = openMemoryStore({ lanes: size }),
  changes: Changes = {},
): Promise<Watched> {
  const { site, keys, verify, verifyReveal, checkpointKeys } = simulatedSite(size);
  const checkpointKey = checkpointKeys[self];
  if (checkpointKey === undefined) throw new Error(`there is no gateway ${self}`);
  const timers = new Map<number, { readonly atMs: number; readonly run: () => void }>();
  const cutOffs: Watched["cutOffs"] = [];
  const evidence: Watched["evidence"] = [];
  const [halts, sent, refusals, checkpoints]: [Error[], Watched["sent"], Watched["refusals"], Watched["checkpoints"]] =
    [[], [], [], []];
  let nowMs = START_MS;
  let count = 0;
  const replica = startReplica({
    site,
    self,
    store,
    recovered: await store.recover(),
    send: changes.send ?? ((to, bytes) => void sent.push({ to, bytes })),
    queuedBytes: () => 0,
    now: changes.now ?? (() => nowMs),
    steady: () => nowMs,
    after: (ms, run) => {
      const id = count;
      count += 1;
      timers.set(id, { atMs: nowMs + ms, run });
      return () => void timers.delete(id);
    },
    keys: { ...keys(self), cosign: (message) => sign(checkpointKey, message) },
    verify,
    verifyReveal,
    validate: changes.validate ?? (() => Promise.resolve({ kind: "accept" })),
    ...(changes.falsehood === undefined ? {} : { falsehood: changes.falsehood }),
    events: {
      executed: () => undefined,
      checkpoint: (checkpoint) => void checkpoints.push(checkpoint),
      anchored: () => undefined,
      cutOff: (peer, cutOff) => void cutOffs.push({ peer, cutOff }),
      refusal: (refusal) => void refusals.push(refusal),
      evidence: (accusation) => void evidence.push(accusation),
      halted: (error) => void halts.push(error),
    },
  });
  await settled();
  return {
    replica,
    store,
    halts,
    sent,
    refusals,
    evidence,
    cutOffs,
    checkpoints,
    wait: async (ms) => {
      nowMs += ms;
      for (const [id, { atMs, run }] of Array.from(timers)) {
        if (atMs <= nowMs && timers.delete(id)) run();
      }
      await settled();
    },
  };
}

/** Everything that promises had in hand has happened. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 10; round += 1) await new Promise(setImmediate);
}

export function draft(item: string, at = START_MS): Draft {
  const metres = { mantissa: 100, exponent: -3 };
  return {
    measurement: {
      station: "bench",
      item,
      at,
      mass: metres,
      division: metres,
      dimensions: { length: metres, width: metres, height: metres },
      frames: [],
    },
    assessment: {
      model: "0".repeat(64),
      predictedGrams: 100,
      lowGrams: 50,
      highGrams: 200,
      verdict: "accept",
      reasons: [],
    },
    writes: (number) => [{ kind: "accepted", key: item, number }],
  };
}

/** All gateways of a site, each linked with each. */
export async function linked(
  size: number,
  changes: (self: number) => Changes = () => ({}),
): Promise<readonly Watched[]> {
  const all: Watched[] = [];
  for (let self = 0; self < size; self += 1) {
    const send = (to: number, bytes: Uint8Array) => void setImmediate(() => all[to]?.replica.receive(self, bytes));
    all.push(await start(size, self, openMemoryStore({ lanes: size }), { send, ...changes(self) }));
  }
  for (const [self, { replica }] of all.entries()) {
    for (const peer of all.keys()) if (peer !== self) replica.linkUp(peer);
  }
  await settled();
  return all;
}

/** Lets so much time pass for all, in small steps. */
export async function pass(all: readonly Watched[], ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 50) for (const { wait } of all) await wait(50);
}
