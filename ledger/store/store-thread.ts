/** The thread that owns the store: the event loop of the gateway never waits for a disk. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { openDatabase } from "./database.ts";
import { openEngine } from "./engine.ts";
import { plainFailure, StoreFailure } from "./failures.ts";
import type { FromThread, Request, ThreadData } from "./protocol.ts";

// Elsewhere it is loaded only to be compiled.
if (parentPort !== null) serve(parentPort, workerData as ThreadData);

function serve(port: MessagePort, { path, identity, mayCreate }: ThreadData): void {
  const tell = (message: FromThread): void => port.postMessage(message);
  let engine: ReturnType<typeof openEngine>;
  try {
    engine = openEngine(path, openDatabase(path, identity, mayCreate), identity.lanes);
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    return tell({ kind: "refused", failure: plainFailure(error) });
  }

  let scheduled = false;
  const runGroup = (first: readonly Request[]): void => {
    const requests = [...first];
    // S1: everything that queued up while the disk was busy shares the next fsync.
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      requests.push(...(next.message as readonly Request[]));
    }
    const closing = requests.some(({ method }) => method === "close");
    const replies = [...engine.run(requests)];
    // Whatever execution is left out at a close is done after the restart (X4).
    if (closing) engine.close();
    tell({ kind: "replies", replies });
    if (closing) return port.close();
    if (engine.busy() && !scheduled) {
      scheduled = true;
      setImmediate(() => {
        scheduled = false;
        runGroup([]);
      });
    }
  };

  port.on("message", (requests: readonly Request[]) => runGroup(requests));
  // Where the process has it: this thread's heap grows from what is left now.
  globalThis.gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
  tell({ kind: "ready" });
}
