/**
 * R1 (A9, L2, L3): what is sent, and everything else that the outside can see, waits until all writes that were made before it
 * are on disk. Writes of one turn go into one commit; the store puts commits that come together into one fsync.
 */
import type { Store, Write } from "../store/port.ts";

export type Outbox = {
  readonly write: (write: Write) => void;
  /** A write that nothing waits for and a crash may lose: it goes along with the next commit. */
  readonly writeSometime: (write: Write) => void;
  /** A13: what was written so is of an epoch that has ended. */
  readonly forgetSometime: () => void;
  /** Runs `action` when all writes so far are durable; at once when they are. */
  readonly behind: (action: () => void) => void;
  /** Runs `action` when all writes so far are handed to the store: for calls of the store that must come after them. */
  readonly handedOver: (action: () => void) => void;
  /** Ends the turn: hands its writes to the store. */
  readonly flush: () => void;
  /** Forgets what was not flushed: the turn broke, and half of it must not be written. */
  readonly discard: () => void;
  /** Resolves when everything flushed so far is durable and done. */
  readonly settled: () => Promise<void>;
  readonly waiting: () => number;
};

/** `failed` gets the store's error: memory and disk may disagree now, so nothing may leave any more (S1). */
export function makeOutbox(store: Store, failed: (error: Error) => void): Outbox {
  type Batch = { writes: Write[]; readonly actions: (() => void)[] };
  let open: Batch = { writes: [], actions: [] };
  let next: (() => void)[] = [];
  let sometime: Write[] = [];
  let tail: Promise<void> = Promise.resolve();
  let outstanding = 0;
  let broken = false;

  function flush(): void {
    const calls = next;
    next = [];
    handOver();
    run(calls);
  }

  function handOver(): void {
    const batch = open;
    if (broken || (batch.writes.length === 0 && batch.actions.length === 0)) return;
    open = { writes: [], actions: [] };
    if (batch.writes.length > 0) {
      batch.writes.push(...sometime);
      sometime = [];
    }
    if (batch.writes.length === 0 && outstanding === 0) return run(batch.actions);
    outstanding += 1;
    // Commits run side by side in the store's group; their actions still run in order.
    const durable = batch.writes.length === 0 ? Promise.resolve() : store.commit(batch.writes);
    const before = tail;
    tail = settle(before, durable, batch.actions);
  }

  async function settle(
    before: Promise<void>,
    durable: Promise<void>,
    actions: readonly (() => void)[],
  ): Promise<void> {
    try {
      await Promise.all([before, durable]);
      outstanding -= 1;
      run(actions);
    } catch (error) {
      if (!broken) {
        broken = true;
        failed(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }

  function run(actions: readonly (() => void)[]): void {
    for (const action of actions) if (!broken) action();
  }

  return {
    write: (write) => open.writes.push(write),
    writeSometime: (write) => sometime.push(write),
    forgetSometime: () => {
      sometime = [];
    },
    behind: (action) => open.actions.push(action),
    handedOver: (action) => next.push(action),
    flush,
    discard: () => {
      open = { writes: [], actions: [] };
      next = [];
    },
    settled: () => tail,
    waiting: () => outstanding,
  };
}
