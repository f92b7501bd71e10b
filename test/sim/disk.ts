/**
 * A gateway's disk: fsyncs that take their time, fail, or are cut short by a crash before, after or in the middle of what
 * waits for them. Losing what is not synced is the memory store's part (S8).
 */
import { type MemoryStore, openMemoryStore } from "../../ledger/store/memory.ts";
import type { Write } from "../../ledger/store/port.ts";
import type { Clock } from "./clock.ts";
import type { Random } from "./random.ts";

/** Where a process dies, seen from one commit: A9 is about every one of these places. */
export type CrashPoint =
  /** The group is on its way to the disk: it does not get there, or does without anybody being told. */
  | { readonly kind: "lost" }
  | { readonly kind: "kept" }
  /** It is on disk, and `sends` messages that waited for it have left. */
  | { readonly kind: "told"; readonly sends: number };

export type Disk = {
  readonly store: () => MemoryStore;
  readonly setFsyncMs: (ms: number) => void;
  /** No fsync ends before then. */
  readonly stallUntil: (ms: number) => void;
  /** Nothing that was to go wrong goes wrong any more. */
  readonly heal: (fsyncMs: number) => void;
  /** The next commit but `commits` is answered with a failure. */
  readonly failAfter: (commits: number) => void;
  /** The process dies at the next commit but `commits`. */
  readonly crashAfter: (commits: number, point: CrashPoint) => void;
  /** To be asked after each message that leaves: true = the process dies now. */
  readonly isDue: () => boolean;
  /** The process died: what it finds on the disk when it starts again. */
  readonly crash: (fate: "lost" | "kept") => void;
  readonly keepImage: () => void;
  /** The disk is replaced by what it was at `keepImage`. */
  readonly restoreImage: () => void;
  readonly commits: () => number;
};

export type DiskOptions = {
  readonly lanes: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly fsyncMs: number;
  /** These writes are on disk now. */
  readonly durable: (writes: readonly Write[]) => void;
  /** The process dies here; the disk has been seen to. */
  readonly died: (point: CrashPoint) => void;
  /** Every call that settles promises. */
  readonly stir: () => void;
};

export function makeDisk(options: DiskOptions): Disk {
  const { clock, random } = options;
  let store = watched(openMemoryStore({ lanes: options.lanes, sync }), options.stir);
  let image: MemoryStore | null = null;
  let { fsyncMs } = options;
  let stalledUntil = 0;
  let failIn: number | null = null;
  let crash: { in: number; readonly point: CrashPoint } | null = null;
  /** Messages that may still leave before the process dies. */
  let sendsLeft: number | null = null;
  let flying: readonly Write[] | null = null;
  let commits = 0;

  function sync(done: (failure?: Error) => void, writes: readonly Write[]): void {
    commits += 1;
    flying = writes;
    const fails = failIn === 0;
    failIn = failIn === null || fails ? null : failIn - 1;
    const dies = crash !== null && crash.in === 0 ? crash.point : null;
    if (crash !== null) crash = dies !== null ? null : { ...crash, in: crash.in - 1 };
    const ms = Math.max(random.wait(fsyncMs), stalledUntil - clock.now());
    clock.after(ms, () => {
      // A later life has another group, or none, on its way.
      if (flying !== writes) return;
      options.stir();
      if (fails) return done(new Error("simulated: the disk failed"));
      if (dies !== null && dies.kind !== "told") return die(dies);
      flying = null;
      options.durable(writes);
      if (dies?.kind === "told") {
        if (dies.sends === 0) return die(dies);
        sendsLeft = dies.sends;
      }
      done();
    });
  }

  function die(point: CrashPoint): void {
    reopen(point.kind === "lost" ? "lost" : "kept");
    options.died(point);
  }

  function reopen(fate: "lost" | "kept"): void {
    if (flying !== null && fate === "kept") options.durable(flying);
    flying = null;
    sendsLeft = null;
    crash = null;
    failIn = null;
    store = watched(store.crash(fate), options.stir);
  }

  return {
    store: () => store,
    setFsyncMs: (ms) => {
      fsyncMs = ms;
    },
    stallUntil: (ms) => {
      stalledUntil = ms;
    },
    heal: (ms) => {
      fsyncMs = ms;
      stalledUntil = 0;
      failIn = null;
      crash = null;
    },
    failAfter: (count) => {
      failIn = count;
    },
    crashAfter: (count, point) => {
      crash = { in: count, point };
    },
    isDue: () => {
      if (sendsLeft === null) return false;
      sendsLeft -= 1;
      return sendsLeft <= 0;
    },
    crash: reopen,
    keepImage: () => {
      image = store.image();
    },
    restoreImage: () => {
      if (image === null) return;
      reopen("lost");
      store = watched(image, options.stir);
      image = null;
    },
    commits: () => commits,
  };
}

/** Every call may settle a promise now or later. */
function watched(store: MemoryStore, stir: () => void): MemoryStore {
  const stirred =
    <A extends readonly unknown[], R>(call: (...args: A) => R) =>
    (...args: A): R => {
      stir();
      return call(...args);
    };
  return {
    ...store,
    recover: stirred(store.recover),
    commit: stirred(store.commit),
    execute: stirred(store.execute),
    bundles: stirred(store.bundles),
    countsAt: stirred(store.countsAt),
    finalizedAfter: stirred(store.finalizedAfter),
    consistency: stirred(store.consistency),
  };
}
