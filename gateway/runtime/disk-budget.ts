import type { Store } from "../../ledger/store/port.ts";

const LOOK_MS = 2_000;

export type DiskBudget = {
  /** Why nothing may be accepted, as a sentence; null while there is room. */
  readonly full: () => string | null;
  readonly stop: () => void;
};

/**
 * N5: at the budget the gateway stops accepting, loudly, and deletes nothing. What is accepted is still agreed on. Resolves
 * after the first look, so that a store that is too large already is known before anything can be accepted.
 */
export async function watchDisk(options: {
  readonly store: Pick<Store, "stats">;
  readonly budgetMb: number;
  readonly alarm: (line: string) => void;
  /** The store does not answer any more. */
  readonly failed: (error: Error) => void;
  readonly lookMs?: number;
}): Promise<DiskBudget> {
  const { store, budgetMb, alarm } = options;
  let sentence: string | null = null;
  let stopped = false;
  const look = async (): Promise<void> => {
    const { bytes } = await store.stats();
    const was = sentence;
    sentence =
      bytes < budgetMb * 1e6
        ? null
        : `the store has ${Math.round(bytes / 1e6)} MB of its budget of ${budgetMb} MB, nothing is accepted; raise store.budgetMb in gateway.yaml or move the store to a larger disk`;
    if (sentence !== null && was === null) alarm(sentence);
  };
  await look();
  const timer = setInterval(() => {
    look().catch((error: unknown) => {
      clearInterval(timer);
      // A question that was on its way when the store was closed says nothing.
      if (stopped) return;
      options.failed(error instanceof Error ? error : new Error(String(error)));
    });
  }, options.lookMs ?? LOOK_MS);
  const stop = (): void => {
    stopped = true;
    clearInterval(timer);
  };
  return { full: () => sentence, stop };
}
