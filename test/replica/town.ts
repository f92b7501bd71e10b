/** A site whose gateways come, go, crash and get new keys: replicas over memory stores, linked in one process, time in the test's hands. */
import { decodeStatement } from "../../ledger/statement/index.ts";
import { type Lineage, type Site } from "../../ledger/management/index.ts";
import { type Replica, startReplica } from "../../ledger/replica/index.ts";
import { type MemoryStore, openMemoryStore } from "../../ledger/store/memory.ts";
import { firstSite, keysOfLives, successorOf, verifiers, type Change } from "../sim/lives.ts";
import { draft, settled, START_MS } from "./site.ts";

export type Resident = {
  readonly name: string;
  readonly index: number;
  replica: Replica;
  store: MemoryStore;
  readonly lives: readonly number[];
  readonly halts: string[];
  /** Epochs that began, by the word of the replica. */
  readonly epochs: number[];
  timers: Map<number, { readonly atMs: number; readonly run: () => void }>;
};

export type Town = {
  readonly first: Site;
  readonly residents: Map<number, Resident>;
  /** Moves in with an empty store, or comes back with the one it had. */
  readonly open: (index: number, how?: Opening) => Promise<Resident>;
  readonly close: (index: number, fate?: "lost" | "kept") => void;
  /** Of a gateway that was closed. */
  readonly diskOf: (index: number) => MemoryStore;
  readonly at: (index: number) => Resident;
  readonly cut: (a: number, b: number, isCut: boolean) => void;
  readonly pass: (ms: number) => Promise<void>;
  /** Until then, or throws. */
  readonly until: (what: string, holds: () => boolean, mostMs?: number) => Promise<void>;
  readonly offer: (index: number, item: string) => Promise<number>;
  readonly current: () => Site;
  /** Proposed by one and approved by others. */
  readonly change: (change: Change, approvers: readonly number[]) => Promise<Site>;
  readonly accepted: readonly { readonly gateway: number; readonly number: number; readonly item: string }[];
};

export type Opening = {
  readonly lives?: readonly number[];
  readonly known?: Lineage;
  readonly store?: MemoryStore;
};

export function makeTown(gateways: number): Town {
  const first = firstSite(gateways);
  const residents = new Map<number, Resident>();
  const cuts = new Set<string>();
  const disks = new Map<number, MemoryStore>();
  const accepted: { gateway: number; number: number; item: string }[] = [];
  let nowMs = START_MS;
  let count = 0;

  const at = (index: number): Resident => {
    const resident = residents.get(index);
    if (resident === undefined) throw new Error(`nobody lives at ${index}`);
    return resident;
  };
  const isCut = (a: number, b: number): boolean => cuts.has(`${Math.min(a, b)} ${Math.max(a, b)}`);
  const link = (a: number, b: number): void => {
    if (!residents.has(a) || !residents.has(b) || isCut(a, b)) return;
    at(a).replica.linkUp(b);
    at(b).replica.linkUp(a);
  };

  async function open(index: number, { lives = [0], known, store }: Opening = {}): Promise<Resident> {
    const name = `gw-${index + 1}`;
    const timers: Resident["timers"] = new Map();
    const halts: string[] = [];
    const epochs: number[] = [];
    const disk = store ?? openMemoryStore({ lanes: gateways });
    const keysOf = keysOfLives(name, lives);
    const replica = startReplica({
      site: first,
      ...(known === undefined ? {} : { known }),
      self: index,
      store: disk,
      recovered: await disk.recover(),
      send: (to, bytes) =>
        void setImmediate(() => {
          if (residents.get(index)?.replica === replica && !isCut(index, to))
            residents.get(to)?.replica.receive(index, bytes);
        }),
      queuedBytes: () => 0,
      now: () => nowMs,
      steady: () => nowMs,
      after: (ms, run) => {
        count += 1;
        const id = count;
        timers.set(id, { atMs: nowMs + ms, run });
        return () => void timers.delete(id);
      },
      keys: { sign: never, prove: never, keyId: new Uint8Array(8), cosign: never },
      keysOf,
      ...verifiers,
      validate: () => Promise.resolve({ kind: "accept" }),
      events: {
        executed: () => undefined,
        checkpoint: () => undefined,
        anchored: () => undefined,
        cutOff: (peer, { reason }) => void halts.push(`cut off gw-${peer + 1}: ${reason}`),
        refusal: ({ reason }) => void halts.push(`refusal: ${reason}`),
        evidence: ({ fault }) => void halts.push(`evidence: ${fault}`),
        configured: (lineage) => void epochs.push(lineage.at(-1)?.site.epoch ?? -1),
        halted: (error) => void halts.push(error.stack ?? error.message),
      },
    });
    const resident: Resident = { name, index, replica, store: disk, lives, halts, epochs, timers };
    residents.set(index, resident);
    await settled();
    for (const peer of residents.keys()) if (peer !== index) link(index, peer);
    await settled();
    return resident;
  }

  async function pass(ms: number): Promise<void> {
    for (const endMs = nowMs + ms; nowMs < endMs; ) {
      nowMs += 10;
      for (const { timers } of residents.values())
        for (const [id, { atMs, run }] of Array.from(timers)) if (atMs <= nowMs && timers.delete(id)) run();
      await settled();
    }
  }

  async function until(what: string, holds: () => boolean, mostMs = 20_000): Promise<void> {
    await settled();
    for (let passed = 0; !holds(); passed += 10) {
      if (passed >= mostMs) throw new Error(`${what}: not within ${mostMs} ms; ${told()}`);
      await pass(10);
    }
  }

  function told(): string {
    return [...residents.values()]
      .map(({ name, replica, halts }) => {
        const { epoch, view, finalizedView, lanes, log, unsealed } = replica.status();
        const held = lanes.map(({ held: h, certified, finalized }) => `${h}/${certified}/${finalized}`).join(" ");
        return `${name}: epoch ${epoch} view ${view} final ${finalizedView} lanes ${held} log ${log.size} unsealed ${unsealed} closed ${replica.closed()} ${halts.join("; ")}`;
      })
      .join("\n");
  }

  return {
    first,
    residents,
    at,
    open,
    pass,
    until,
    accepted,
    close: (index, fate = "kept") => {
      const resident = at(index);
      residents.delete(index);
      disks.set(index, resident.store.crash(fate));
      for (const other of residents.values()) other.replica.linkDown(index);
    },
    diskOf: (index) => {
      const disk = disks.get(index);
      if (disk === undefined) throw new Error(`gw-${index + 1} was not closed`);
      return disk;
    },
    cut: (a, b, cut) => {
      const key = `${Math.min(a, b)} ${Math.max(a, b)}`;
      if (!cut) {
        cuts.delete(key);
        return link(a, b);
      }
      cuts.add(key);
      residents.get(a)?.replica.linkDown(b);
      residents.get(b)?.replica.linkDown(a);
    },
    offer: async (index, item) => {
      let answer: { readonly number: number } | Error | null = null;
      at(index)
        .replica.accept(draft(item, nowMs))
        .then(
          (taken) => (answer = taken),
          (error: Error) => (answer = error),
        );
      await until(`${item} is accepted`, () => answer !== null);
      const taken = answer as unknown as { readonly number: number } | Error;
      if (taken instanceof Error) throw taken;
      accepted.push({ gateway: index, number: taken.number, item });
      return taken.number;
    },
    current: () => newest([...residents.values()]),
    change: async (change, approvers) => {
      const site = successorOf(newest([...residents.values()]), change);
      const [proposer = 0, ...others] = approvers;
      const fault = at(proposer).replica.propose(site);
      if (fault !== null) throw new Error(fault);
      await settled();
      for (const other of others) {
        const why = at(other).replica.approve(site.configHash);
        if (why !== null) throw new Error(`gw-${other + 1}: ${why}`);
        await settled();
      }
      return site;
    },
  };
}

function newest(residents: readonly Resident[]): Site {
  const sites = residents.map(({ replica }) => replica.lineage().at(-1)?.site as Site);
  return sites.reduce((a, b) => (b.epoch > a.epoch ? b : a));
}

function never(): never {
  throw new Error("keysOf decides which key signs");
}

/** "lane number item" of every final statement, in order. */
export async function finalOf({ store }: Resident): Promise<readonly string[]> {
  return (await store.statementsAfter(-1, 100_000)).map(({ lane, number, bytes }) => {
    const decoded = decodeStatement(bytes);
    return `${lane} ${number} ${decoded.kind === "accept" ? decoded.statement.measurement.item : "?"}`;
  });
}
