/** R2: own statements become bundles: one group commit, one bundle, one signature (L5). */
import type { Hash } from "../committee/index.ts";
import { type Bundle, sealBundle } from "../bundle/index.ts";
import { MAX_BUNDLE_STATEMENTS } from "../lane/index.ts";
import type { Site } from "../management/index.ts";
import { encodeStatement } from "../statement/index.ts";
import type { Write } from "../store/port.ts";
import type { Draft, Keys } from "./types.ts";

/** L5: a bundle closes at this size or count, or when it has been open for the interval; a lone statement leaves at once. */
const MAX_BUNDLE_BYTES = 128 * 1024;
const INTERVAL_MS = 10;
const MAX_WAITING = 10_000;

/** Promise 6: the queue in front of the disk is full; nothing was accepted, and the device must try again. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";
  readonly code = "QUEUE_FULL";
  constructor() {
    super(`${MAX_WAITING} measurements already wait to be written; this one was not accepted, send it again`);
  }
}

/** Where the own lane ends. */
export type LaneEnd = {
  readonly number: number;
  readonly parent: Hash;
  readonly nextStatement: number;
  readonly lastAtMs: number;
};

export type Sealed = {
  readonly bundle: Bundle;
  /** Of the last statement. */
  readonly lastAtMs: number;
  readonly writes: readonly Write[];
  /** To be called when the bundle is on disk. */
  readonly accepted: () => void;
};

export type SealerOptions = {
  readonly site: Site;
  readonly gateway: string;
  readonly keys: Keys;
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
  readonly laneEnd: () => LaneEnd;
  readonly seal: (sealed: Sealed) => void;
};

type Waiting = {
  readonly draft: Draft;
  readonly resolve: (accepted: { readonly number: number }) => void;
  readonly reject: (error: Error) => void;
};

export type Sealer = {
  readonly accept: (draft: Draft) => Promise<{ readonly number: number }>;
  readonly waiting: () => number;
  /** Refuses what waits and all that comes. */
  readonly stop: (reason: Error) => void;
};

export function makeSealer(options: SealerOptions): Sealer {
  const queue: Waiting[] = [];
  let lastSealedMs = Number.NEGATIVE_INFINITY;
  /** Sealed, but not yet on disk. */
  const inFlight = new Set<Waiting>();
  let scheduled = false;
  let stopped: Error | null = null;

  function schedule(): void {
    if (scheduled || queue.length === 0) return;
    scheduled = true;
    const waitMs = Math.max(0, lastSealedMs + INTERVAL_MS - options.now());
    options.after(Math.min(waitMs, INTERVAL_MS), closeBundle);
  }

  function closeBundle(): void {
    scheduled = false;
    if (stopped !== null || queue.length === 0) return;
    lastSealedMs = options.now();
    options.seal(sealNext());
    schedule();
  }

  function sealNext(): Sealed {
    const end = options.laneEnd();
    const statements: Uint8Array[] = [];
    const writes: Write[] = [];
    const taken: Waiting[] = [];
    let bytes = 0;
    let at = end.lastAtMs;
    while (queue.length > 0 && statements.length < MAX_BUNDLE_STATEMENTS && bytes < MAX_BUNDLE_BYTES) {
      const next = queue.shift() as Waiting;
      const number = end.nextStatement + statements.length;
      // L3 wants times in order; a clock that was set back must not stop the lane.
      at = Math.max(at, next.draft.measurement.at);
      const { measurement, assessment } = next.draft;
      const encoded = encodeStatement({ number, measurement: { ...measurement, at }, assessment });
      statements.push(encoded);
      bytes += encoded.length;
      writes.push(...next.draft.writes(number));
      taken.push(next);
    }
    const { site, epoch, configHash } = options.site;
    const created = Math.max(Math.floor(options.now()), at);
    const header = {
      site,
      gateway: options.gateway,
      epoch,
      configHash,
      number: end.number,
      parent: end.parent,
      first: end.nextStatement,
      count: statements.length,
      created,
    };
    const bundle = sealBundle(header, statements, options.keys.keyId, options.keys.sign);
    for (const one of taken) inFlight.add(one);
    const accepted = () => {
      for (const [offset, one] of taken.entries()) {
        inFlight.delete(one);
        one.resolve({ number: end.nextStatement + offset });
      }
    };
    return { bundle, lastAtMs: at, writes, accepted };
  }

  return {
    accept: (draft) =>
      new Promise((resolve, reject) => {
        if (stopped !== null) return reject(stopped);
        if (queue.length + inFlight.size >= MAX_WAITING) return reject(new QueueFull());
        // What cannot be encoded is refused alone (this throws), before it shares a bundle with others.
        encodeStatement({ number: 0, measurement: draft.measurement, assessment: draft.assessment });
        queue.push({ draft, resolve, reject });
        schedule();
      }),
    waiting: () => queue.length + inFlight.size,
    stop: (reason) => {
      stopped = reason;
      for (const { reject } of [...queue.splice(0), ...inFlight]) reject(reason);
      inFlight.clear();
    },
  };
}
