/** R3: runs finalized blocks through the store, in order and apart from agreement: it may wait for a body, agreement never does. */
import { decode } from "../cbor/index.ts";
import { type GatewayIndex, invariant } from "../committee/index.ts";
import type { Executed, Execution, Store } from "../store/port.ts";
import { type Block, readBlock } from "../message/index.ts";

/** Finalized blocks kept in memory; what is beyond is read back so many at a time. */
const MAX_QUEUED = 256;
const BLOCKS_A_READ = 256;
/** Handed to the store at once: behind a backlog the way there and back must not be paid for each block. */
const BLOCKS_A_STEP = 64;

export type Executor = {
  readonly push: (blocks: readonly Block[]) => void;
  /** A body of this lane has come in. */
  readonly bodyHeld: (lane: GatewayIndex) => void;
  readonly state: () => Executed;
  readonly waiting: () => number;
};

export type ExecutorOptions = {
  readonly store: Store;
  readonly executed: Executed;
  readonly finalizedView: number;
  readonly done: (execution: Extract<Execution, { kind: "executed" }>) => void;
  /** A body is missing (L6). */
  readonly wanted: (lane: GatewayIndex, upTo: number) => void;
  readonly failed: (error: Error) => void;
};

export function startExecutor(options: ExecutorOptions): Executor {
  const { store } = options;
  const queue: Block[] = [];
  let state = options.executed;
  let running = false;
  /** The newest block that is final; those that do not fit into the queue are read back from the store. */
  let newestView = options.finalizedView;
  let queuedView = state.view;
  /** How many bodies of each lane have become durable. */
  const arrivals = new Map<GatewayIndex, number>();
  let missing: GatewayIndex | null = null;

  /** After a restart, and when more became final than fits into the queue. */
  async function readBack(): Promise<void> {
    const { blocks } = await store.finalizedAfter(queuedView, BLOCKS_A_READ);
    const last = blocks.at(-1);
    invariant(last !== undefined, `the store lost the finalized chain after view ${queuedView}`);
    for (const { bytes } of blocks) queue.push(storedBlock(bytes));
    queuedView = last.view;
  }

  async function run(): Promise<void> {
    if (running || missing !== null) return;
    running = true;
    try {
      for (;;) {
        if (queue.length === 0 && queuedView < newestView) await readBack();
        if (queue.length === 0) return;
        await executeSome();
        if (missing !== null) return;
      }
    } finally {
      running = false;
    }
  }

  async function executeSome(): Promise<void> {
    const before = new Map(arrivals);
    const cuts = queue.slice(0, BLOCKS_A_STEP).map(({ view, tips }) => ({ view, tips }));
    for (const execution of await store.execute(cuts)) {
      if (execution.kind === "waiting") {
        const { lane } = execution;
        // A body of this lane came in while the store was looking.
        if (arrivals.get(lane) !== before.get(lane)) return;
        missing = lane;
        // The lanes may hold it by now, and say so at once.
        return options.wanted(lane, execution.upTo);
      }
      queue.shift();
      state = execution.state;
      options.done(execution);
    }
  }

  function go(): void {
    run().catch((error: unknown) => options.failed(error instanceof Error ? error : new Error(String(error))));
  }

  go();

  return {
    push: (blocks) => {
      for (const block of blocks) {
        // R3: a bounded queue. What is pushed is on its way to the disk before any question of ours, so nothing is lost that does not fit.
        if (queuedView === newestView && queue.length < MAX_QUEUED) {
          queue.push(block);
          queuedView = block.view;
        }
        newestView = block.view;
      }
      go();
    },
    bodyHeld: (lane) => {
      arrivals.set(lane, (arrivals.get(lane) ?? 0) + 1);
      if (missing !== lane) return;
      missing = null;
      go();
    },
    state: () => state,
    waiting: () => queue.length,
  };
}

function storedBlock(bytes: Uint8Array): Block {
  const decoded = decode(bytes);
  invariant(decoded.kind === "accept", "the store holds a block that this program did not write");
  return readBlock(decoded.value);
}
