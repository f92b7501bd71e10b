import { statSync } from "node:fs";
import { performance } from "node:perf_hooks";
import { type Cut, type Execution, executeStepwise } from "../execution/index.ts";
import { type OpenedDatabase } from "./database.ts";
import { executionTables } from "./execution-tables.ts";
import { causeOf, plainFailure, StoreFailure } from "./failures.ts";
import type { StoreStats } from "./port.ts";
import type { CrossingWrite, Reply, Request } from "./protocol.ts";
import { openReads } from "./reads.ts";
import { recover } from "./recover.ts";
import { openWrites } from "./writes.ts";

/**
 * X4: execution gives way to waiting commits after this long, because votes must not wait for a backlog; but not before it
 * has worked as long as the disk took for the last commit, or a slow disk would spend all its time on fsyncs.
 */
const EXECUTION_SLICE_MS = 10;

export type Engine = {
  /** Runs the requests in order in one transaction and answers them after it is on disk (S1, S2). */
  readonly run: (requests: readonly Request[]) => readonly Reply[];
  /** True while execution has more to do: call `run` again, with whatever arrived meanwhile. */
  readonly busy: () => boolean;
  readonly close: () => void;
};

type Executing = { readonly id: number; readonly steps: Generator<void, readonly Execution[]> };

/** The store behind its thread: knows nothing of threads and messages. */
export function openEngine(path: string, opened: OpenedDatabase, lanes: number): Engine {
  const { database } = opened;
  const tables = executionTables(database, lanes);
  const applyWrite = openWrites(database);
  const reads = openReads(database, tables);
  const executing: Executing[] = [];
  const counts = { commits: 0, writes: 0, lastCommitMs: 0 };
  let stopped: string | null = null;
  let workedUntil = 0;
  let lastSyncMs = 0;

  const stats = (): StoreStats => ({ bytes: sizeOf(path) + sizeOf(`${path}-wal`), ...counts });

  /** Null when the answer comes later. */
  const perform = ({ id, method, args }: Request): Reply | null => {
    if (method === "commit") {
      for (const write of args[0] as readonly CrossingWrite[]) {
        applyWrite(write);
        counts.writes += 1;
      }
      return { id, kind: "answer", value: undefined };
    }
    if (method === "execute") {
      executing.push({ id, steps: executeStepwise(tables, args[0] as readonly Cut[]) });
      return null;
    }
    return { id, ...read(method, args) };
  };

  const read = (method: Exclude<Request["method"], "commit" | "execute">, args: readonly unknown[]) => {
    try {
      if (method === "close") return { kind: "answer", value: undefined } as const;
      if (method === "stats") return { kind: "answer", value: stats() } as const;
      if (method === "recover") return { kind: "answer", value: recover(database, tables, reads.countsAt) } as const;
      if (method === "accepted")
        return { kind: "answer", value: (args[0] as readonly string[]).map(reads.accepted) } as const;
      return { kind: "answer", value: (reads[method] as (...all: readonly unknown[]) => unknown)(...args) } as const;
    } catch (error) {
      // A question that has no answer (a range outside the log) is its caller's mistake and changed nothing.
      return { kind: "mistake", message: causeOf(error) } as const;
    }
  };

  const advanceExecution = (): Reply[] => {
    const until = performance.now() + Math.max(EXECUTION_SLICE_MS, lastSyncMs);
    const replies: Reply[] = [];
    for (let first = executing[0]; first !== undefined && performance.now() < until; first = executing[0]) {
      const step = first.steps.next();
      if (step.done !== true) continue;
      executing.shift();
      replies.push({ id: first.id, kind: "answer", value: step.value });
    }
    return replies;
  };

  const runAll = (requests: readonly Request[]): Reply[] => {
    const replies = requests.map(perform).filter((reply) => reply !== null);
    replies.push(...advanceExecution());
    workedUntil = performance.now();
    return replies;
  };

  const run = (requests: readonly Request[]): readonly Reply[] => {
    if (stopped !== null) return requests.map((request) => afterStop(request, path, stopped ?? ""));
    const writing = executing.length > 0 || requests.some(({ method }) => method === "commit" || method === "execute");
    if (!writing) return runAll(requests);
    const started = performance.now();
    const interrupted = executing.map(({ id }) => id);
    try {
      const replies = database.transaction(runAll).immediate(requests);
      counts.commits += 1;
      counts.lastCommitMs = performance.now() - started;
      lastSyncMs = performance.now() - workedUntil;
      return replies;
    } catch (error) {
      // S1: nothing of this group may be believed, and nothing after it accepted: memory and disk may disagree.
      stopped = causeOf(error);
      const ids = [...interrupted, ...requests.map(({ id }) => id)];
      return ids.map((id) => failureReply(id, "STORE_WRITE_FAILED", path, stopped ?? ""));
    }
  };

  return { run, busy: () => stopped === null && executing.length > 0, close: opened.close };
}

function afterStop({ id, method }: Request, path: string, cause: string): Reply {
  return method === "close" ? { id, kind: "answer", value: undefined } : failureReply(id, "STORE_STOPPED", path, cause);
}

function failureReply(id: number, code: "STORE_STOPPED" | "STORE_WRITE_FAILED", path: string, cause: string): Reply {
  return { id, kind: "failure", failure: plainFailure(new StoreFailure(code, { path, cause })) };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
