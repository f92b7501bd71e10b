import type { Store } from "../../ledger/store/port.ts";

const LOOK_MS = 2_000;

export type DiskBudget = {
  /** Why nothing may be accepted, as a sentence; null while there is room. */
  readonly full: () => string | null;
  readonly stop: () => void;
};

/** Promise 6: at the budget the gateway stops accepting, loudly, and deletes nothing. What is accepted is still agreed on. */
export function watchDisk(store: Pick<Store, "stats">, budgetMb: number, alarm: (line: string) => void): DiskBudget {
  let sentence: string | null = null;
  const timer = setInterval(() => {
    store.stats().then(
      ({ bytes }) => {
        const full = bytes >= budgetMb * 1e6;
        const was = sentence;
        sentence = full
          ? `the store has ${Math.round(bytes / 1e6)} MB of its budget of ${budgetMb} MB, nothing is accepted; raise store.budgetMb in gateway.yaml or move the store to a larger disk`
          : null;
        if (sentence !== null && was === null) alarm(sentence);
      },
      // A store that cannot answer has told the replica already; the gateway is on its way down.
      () => clearInterval(timer),
    );
  }, LOOK_MS);
  return { full: () => sentence, stop: () => clearInterval(timer) };
}
