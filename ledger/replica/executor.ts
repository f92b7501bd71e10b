/** R3: runs finalized blocks through the store, in order and apart from agreement: it may wait for a body, agreement never does. */
import { type Block, readBlock } from "../agreement/index.ts";
import { decode } from "../cbor/index.ts";
import { type GatewayIndex, invariant } from "../committee/index.ts";
import type { Executed, Execution, Store } from "../store/port.ts";

/** Finalized blocks read back at a time after a restart. */
const BLOCKS_A_READ = 256;

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
  /** How many bodies of each lane have become durable. */
  const arrivals = new Map<GatewayIndex, number>();
  let missing: GatewayIndex | null = null;

  /** After a restart: blocks that were final before but not yet executed come first. */
  async function catchUp(): Promise<void> {
    let view = state.view;
    const pending: Block[] = [];
    while (view < options.finalizedView) {
      const { blocks } = await store.finalizedAfter(view, BLOCKS_A_READ);
      const last = blocks.at(-1);
      invariant(last !== undefined, `the store lost the finalized chain after view ${view}`);
      for (const { bytes } of blocks) pending.push(storedBlock(bytes));
      view = last.view;
    }
    queue.unshift(...pending);
  }

  async function run(): Promise<void> {
    if (running || missing !== null) return;
    running = true;
    try {
      for (let block = queue[0]; block !== undefined; block = queue[0]) {
        const before = new Map(arrivals);
        const execution = await store.execute(block.view, block.tips);
        if (execution.kind === "waiting") {
          const { lane } = execution;
          // A body of this lane came in while the store was looking.
          if (arrivals.get(lane) !== before.get(lane)) continue;
          missing = lane;
          options.wanted(execution.lane, execution.upTo);
          break;
        }
        queue.shift();
        state = execution.state;
        options.done(execution);
      }
    } finally {
      running = false;
    }
  }

  function go(): void {
    run().catch(fail);
  }

  function fail(error: unknown): void {
    options.failed(error instanceof Error ? error : new Error(String(error)));
  }

  let caughtUp = false;
  catchUp().then(() => {
    caughtUp = true;
    go();
  }, fail);

  return {
    push: (blocks) => {
      queue.push(...blocks);
      if (caughtUp) go();
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
