import { causeOf } from "./failures.ts";
import { applyWrite } from "./memory-writes.ts";
import { memoryReads } from "./memory-reads.ts";
import { memoryTables } from "./memory-tables.ts";
import { copyState, type MemoryState, newState, type Undo } from "./memory-state.ts";
import { execute } from "../execution/index.ts";
import type { Store, Write } from "./port.ts";

export type MemoryStore = Store & {
  /**
   * S8: the process dies. Gives the store that it finds after the restart; calls on this one are never answered again.
   * `lost`: the group on its way to the disk did not get there. `kept`: it did, but nobody was told.
   */
  readonly crash: (inFlight?: "lost" | "kept") => MemoryStore;
  /** S8: a copy of the disk as it will be when the group on its way has reached it: what a restored backup would hold. */
  readonly image: () => MemoryStore;
};

/**
 * A group of writes on its way to the disk. It is durable when `done` is called; called with a failure, the disk said that it
 * is not, whatever became of it.
 */
export type Sync = (done: (failure?: Error) => void, writes: readonly Write[]) => void;

export type MemoryOptions = {
  readonly lanes: number;
  /** Called once for each group of writes. Default: durable at once. */
  readonly sync?: Sync;
};

/** The store of the simulator: the same contract over the same execution, without a disk. Pure. */
export function openMemoryStore(options: MemoryOptions): MemoryStore {
  return open(newState(options.lanes), options.sync ?? ((done) => done()));
}

type Job = {
  /** What it writes; null = it only reads. */
  readonly writes: readonly Write[] | null;
  /** Runs against the state; its changes can be taken back with `undo`. */
  readonly run: (undo: Undo) => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
};

function open(state: MemoryState, sync: Sync): MemoryStore {
  let queue: Job[] = [];
  let inFlight: Undo | null = null;
  let dead = false;
  let stopped: Error | null = null;
  const counts = { commits: 0, writes: 0 };
  const reads = memoryReads(state);

  const call = <T>(writes: readonly Write[] | null, run: (undo: Undo) => T): Promise<T> => {
    if (stopped !== null) return Promise.reject(stopped);
    return new Promise<T>((resolve, reject) => {
      queue.push({ writes, run, resolve: resolve as (value: unknown) => void, reject });
      // Groups start in a microtask, so that the calls of one turn share one, as they do on a disk.
      if (queue.length === 1 && inFlight === null) queueMicrotask(runGroup);
    });
  };

  const runGroup = (): void => {
    if (dead || inFlight !== null || queue.length === 0) return;
    const group = queue;
    queue = [];
    const undo: Undo = [];
    const answers: (() => void)[] = [];
    for (const job of group) answers.push(runJob(job, undo));
    const answer = (): void => {
      for (const each of answers) each();
      if (queue.length > 0) queueMicrotask(runGroup);
    };
    if (group.every(({ writes }) => writes === null)) return answer();
    inFlight = undo;
    counts.commits += 1;
    const done = (failure?: Error): void => {
      if (dead || inFlight !== undo) return;
      if (failure === undefined) {
        inFlight = null;
        return answer();
      }
      // S1: nothing is accepted any more, and a crash decides whether the group is on the disk.
      stopped = failure;
      for (const { reject } of [...group, ...queue.splice(0)]) reject(failure);
    };
    sync(
      done,
      group.flatMap(({ writes }) => writes ?? []),
    );
  };

  const runJob = (job: Job, undo: Undo): (() => void) => {
    try {
      if (stopped !== null && job.writes !== null) throw stopped;
      const value = job.run(undo);
      return () => job.resolve(value);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(causeOf(error));
      // S1: after a write that failed memory and disk may disagree; a question without an answer harms nothing.
      if (job.writes !== null) stopped ??= failure;
      return () => job.reject(failure);
    }
  };

  const ask = <T>(read: () => T): Promise<T> => call(null, read);

  return {
    recover: () => ask(reads.recover),
    commit: (writes) =>
      call(writes, (undo) => {
        for (const write of writes) applyWrite(state, undo, write);
        counts.writes += writes.length;
      }),
    execute: (blocks) => call([], (undo) => execute(memoryTables(state, undo), blocks)),
    bundles: (lane, from, maxBytes) => ask(() => reads.bundles(lane, from, maxBytes)),
    history: (lane, from, upTo, maxBytes) => ask(() => reads.history(lane, from, upTo, maxBytes)),
    countsAt: (size) => ask(() => reads.countsAt(size)),
    finalizedAfter: (after, limit) => ask(() => reads.finalizedAfter(after, limit)),
    unsealed: (limit) => ask(() => reads.unsealed(limit)),
    statementsAfter: (index, limit) => ask(() => reads.statementsAfter(index, limit)),
    statement: (lane, number) => ask(() => reads.statement(lane, number)),
    receipt: (lane, number) => ask(() => reads.receipt(lane, number)),
    twin: (item) => ask(() => reads.twin(item)),
    accepted: (key) => ask(() => reads.accepted(key)),
    memo: (key) => ask(() => reads.memo(key)),
    refusals: (limit) => ask(() => reads.refusals(limit)),
    evidence: (gateway, fault, about) => ask(() => reads.evidence(gateway, fault, about)),
    consistency: (from, to) => ask(() => reads.consistency(from, to)),
    stats: () => ask(() => ({ bytes: 0, ...counts, lastCommitMs: 0 })),
    close: () =>
      call([], () => undefined).then(() => {
        stopped ??= new Error("the memory store was closed");
      }),
    crash: (fate = "lost") => {
      dead = true;
      if (inFlight !== null && fate === "lost") for (const takeBack of inFlight.toReversed()) takeBack();
      return open(state, sync);
    },
    image: () => open(copyState(state), sync),
  };
}
