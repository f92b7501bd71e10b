import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";
import type { Identity } from "./database.ts";
import { causeOf, revived, StoreFailure } from "./failures.ts";
import { packStatements } from "../bundle/index.ts";
import type { Store, Write } from "./port.ts";
import type { CrossingWrite, FromThread, Method, Reply, Request, ThreadData } from "./protocol.ts";

export type StoreOptions = Identity & {
  /** The database file; its directory must exist. */
  readonly path: string;
  /** S10: false when the gateway's keys have signed before, so that a store must be there. Default true. */
  readonly mayCreate?: boolean;
};

/** Of the thread's heap only: it holds requests for one commit and little else, so that a larger young generation would only be touched. */
const THREAD_FLAG = "--max-semi-space-size=2";

type Waiting = { readonly resolve: (value: unknown) => void; readonly reject: (error: Error) => void };

/**
 * Opens the store of one gateway in a thread of its own. Throws StoreFailure: STORE_UNREADABLE, STORE_NOT_A_DATABASE,
 * STORE_NEWER, STORE_OF_ANOTHER, STORE_LOST, STORE_IN_USE. Calls reject with STORE_WRITE_FAILED once and STORE_STOPPED from then on.
 */
export async function openStore({ path, site, gateway, lanes, mayCreate = true }: StoreOptions): Promise<Store> {
  const workerData: ThreadData = { path, identity: { site, gateway, lanes }, mayCreate };
  // This thread has its heap already; a flag on the command line would win over the worker's `resourceLimits`.
  setFlagsFromString(THREAD_FLAG);
  const worker = new Worker(new URL("./store-thread.ts", import.meta.url), { workerData });
  const waiting = new Map<number, Waiting>();
  let outgoing: Request[] = [];
  let askedKeys: string[] = [];
  let answeredKeys: Promise<readonly (number | null)[]> | null = null;
  let nextId = 0;
  let stopped: Error | null = null;
  let closed: Promise<void> | null = null;
  const exited = new Promise<void>((resolve) => worker.once("exit", () => resolve()));

  const stop = (error: Error): void => {
    stopped ??= error;
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };

  const onReply = (reply: Reply): void => {
    const caller = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.kind === "answer") caller?.resolve(reply.value);
    else caller?.reject(reply.kind === "mistake" ? new Error(reply.message) : revived(reply.failure));
  };

  const call = <T>(method: Method, ...args: readonly unknown[]): Promise<T> => {
    if (stopped !== null) return Promise.reject(stopped);
    return new Promise<T>((resolve, reject) => {
      const id = nextId;
      nextId += 1;
      waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      // All calls of one turn of the event loop, of all its sockets and timers, cross to the thread in one message.
      if (outgoing.length === 0) setImmediate(flush);
      outgoing.push({ id, method, args });
    });
  };
  /** Asked for each message of a busy sensor: those of one turn are one question. */
  const accepted = (key: string): Promise<number | null> => {
    if (stopped !== null) return Promise.reject(stopped);
    const place = askedKeys.push(key) - 1;
    // Nothing is sent before the turn's end, so that the keys are complete by then.
    answeredKeys ??= call<readonly (number | null)[]>("accepted", askedKeys);
    return answeredKeys.then((numbers) => numbers[place] ?? null);
  };
  const flush = (): void => {
    answeredKeys = null;
    askedKeys = [];
    const requests = outgoing;
    outgoing = [];
    worker.postMessage(requests, []);
  };

  const close = async (): Promise<void> => {
    const answered = stopped === null ? call<void>("close") : Promise.resolve();
    stopped ??= new StoreFailure("STORE_STOPPED", { path, cause: "it was closed" });
    await answered;
    await exited;
  };

  await new Promise<void>((resolve, reject) => {
    worker.on("message", (message: FromThread) => {
      if (message.kind === "ready") return resolve();
      if (message.kind === "refused") return reject(revived(message.failure));
      for (const reply of message.replies) onReply(reply);
    });
    worker.on("error", (error) => {
      const failure = new StoreFailure("STORE_STOPPED", { path, cause: causeOf(error) });
      stop(failure);
      reject(failure);
    });
    worker.on("exit", () => stop(new StoreFailure("STORE_STOPPED", { path, cause: "it was closed" })));
  });

  return {
    recover: () => call("recover"),
    commit: (writes) => call("commit", writes.map(crossing)),
    execute: (blocks) => call("execute", blocks),
    bundles: (lane, from, maxBytes) => call("bundles", lane, from, maxBytes),
    history: (lane, from, upTo, maxBytes) => call("history", lane, from, upTo, maxBytes),
    countsAt: (size) => call("countsAt", size),
    finalizedAfter: (after, limit) => call("finalizedAfter", after, limit),
    unsealed: (limit) => call("unsealed", limit),
    statementsAfter: (index, limit) => call("statementsAfter", index, limit),
    statement: (lane, number) => call("statement", lane, number),
    receipt: (lane, number) => call("receipt", lane, number),
    twin: (item) => call("twin", item),
    accepted,
    memo: (key) => call("memo", key),
    refusals: (limit) => call("refusals", limit),
    evidence: (gateway, fault, about) => call("evidence", gateway, fault, about),
    consistency: (from, to) => call("consistency", from, to),
    stats: () => call("stats"),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

/** A write as it crosses to the thread: in few buffers, because each is copied by itself. */
function crossing(write: Write): CrossingWrite {
  switch (write.kind) {
    case "bundle":
      return {
        ...write,
        cose: ownBytes(write.cose),
        statements: packStatements(write.statements),
        count: write.statements.length,
      };
    case "finalized": {
      const chain = write.chain.map((block) => ({ ...block, bytes: ownBytes(block.bytes) }));
      return { ...write, finalization: ownBytes(write.finalization), chain };
    }
    case "epoch":
      return { ...write, document: ownBytes(write.document) };
    case "refusal":
      return { ...write, evidence: ownBytes(write.evidence) };
    case "accepted":
    case "anchor":
    case "checkpoint":
    case "readingsDone":
    case "resealed":
      return write;
    default:
      return { ...write, bytes: ownBytes(write.bytes) };
  }
}

/** Posting a 100-byte slice of a socket's 64 KiB buffer would copy all 64 KiB. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);
}
