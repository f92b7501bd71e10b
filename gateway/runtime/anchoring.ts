import type { Anchor, Submitted } from "../../ledger/anchor/index.ts";

/** N1-N4: keeps the newest checkpoint recorded on a shared ledger, with as few submissions as a site needs. */
export type AnchoringOptions = {
  readonly anchor: Anchor;
  /** Of the site's log, for the ledger's check that it only grows. */
  readonly consistency: (from: number, to: number) => Promise<readonly Uint8Array[]>;
  /** N2: this gateway waits so long for another one to do it first. */
  readonly staggerMs: number;
  /** The note carries the ledger's verified countersignature. */
  readonly anchored: (size: number, note: string) => void;
  /** A submission failed; `reason` is a clause. Told once until one succeeds. */
  readonly failed: (reason: string) => void;
  readonly after: (ms: number, run: () => void) => () => void;
};

export type Anchoring = {
  readonly onCheckpoint: (size: number, note: string) => void;
  /** Somebody anchored a tree of this size. */
  readonly onAnchored: (size: number) => void;
  readonly stop: () => void;
};

/** N3: a busy site is anchored a few times a second, not once a cut. */
const PAUSE_MS = 200;
/** N4: somebody has to look at a refusal; until then it is asked rarely whether somebody has. */
const REFUSED_MS = 10_000;

export function startAnchoring(options: AnchoringOptions): Anchoring {
  let newest: { readonly size: number; readonly note: string } | null = null;
  let anchoredSize = 0;
  let submitting = false;
  let cancel: (() => void) | null = null;
  let failing = false;
  let stopped = false;

  function schedule(ms: number): void {
    if (stopped || submitting || cancel !== null || newest === null || newest.size <= anchoredSize) return;
    cancel = options.after(ms, () => {
      cancel = null;
      submitNewest().catch((error: unknown) => {
        // The store is closing under us, or the configuration is wrong: neither gets better by trying at once.
        submitting = false;
        schedule(fail(error instanceof Error ? error.message : String(error), REFUSED_MS));
      });
    });
  }

  async function submitNewest(): Promise<void> {
    if (stopped || newest === null || newest.size <= anchoredSize) return;
    submitting = true;
    const { note } = newest;
    const answer = await options.anchor.submit({ note, consistency: options.consistency });
    const pauseMs = stopped ? 0 : await take(answer);
    submitting = false;
    schedule(pauseMs);
  }

  /** How long to wait before the next submission. */
  async function take(answer: Submitted): Promise<number> {
    switch (answer.kind) {
      case "anchored":
        failing = false;
        anchoredSize = Math.max(anchoredSize, answer.size);
        options.anchored(answer.size, answer.note);
        return PAUSE_MS + options.staggerMs;
      case "ahead":
        return catchUp();
      case "refused":
        return fail(answer.reason, REFUSED_MS);
      case "unavailable":
        return fail(answer.reason, answer.retryAfterMs);
    }
  }

  /** Somebody submitted a larger one and may have been killed before telling us: the ledger gives its record back. */
  async function catchUp(): Promise<number> {
    const record = await options.anchor.read(null);
    if (stopped || record.kind === "none") return PAUSE_MS;
    return take(record);
  }

  /** N4: the ledger is not ours; it may be away for days while measurements go on being final. */
  function fail(reason: string, retryMs: number): number {
    if (!failing) options.failed(reason);
    failing = true;
    return retryMs;
  }

  return {
    onCheckpoint: (size, note) => {
      if (newest !== null && size <= newest.size) return;
      newest = { size, note };
      schedule(options.staggerMs);
    },
    onAnchored: (size) => {
      anchoredSize = Math.max(anchoredSize, size);
    },
    stop: () => {
      stopped = true;
      cancel?.();
    },
  };
}
