/** R2: own statements become bundles: one group commit, one bundle, one signature (L5). */
import type { Hash } from "../committee/index.ts";
import { type Bundle, sealBundle } from "../bundle/index.ts";
import type { Site } from "../management/index.ts";
import { encodeStatement } from "../statement/index.ts";
import type { Write } from "../store/port.ts";
import { Closed } from "./failures.ts";
import type { Draft, Keys } from "./types.ts";
import { MAX_BUNDLE_STATEMENTS } from "../message/index.ts";

/** L5: a bundle closes at this size or count. */
const MAX_BUNDLE_BYTES = 128 * 1024;
/**
 * L5: otherwise it closes when its predecessor is final, so that under load bundles grow instead of their number: each costs every
 * gateway signatures, messages and commits, whatever is in it, and a cut takes only the newest of a lane. A lone statement leaves at once.
 */
const LEAST_INTERVAL_MS = 5;
/** Peers that are slow or away must not keep a device waiting for its acknowledgement. */
const MOST_PATIENCE_MS = 80;
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

type Under = { readonly site: Site; readonly keys: Keys };

export type SealerOptions = {
  /** The configuration to name, and the keys that go with it; null = nothing can be sealed now, and what waits goes on waiting (R13). */
  readonly under: () => Under | null;
  /** L12: whether what was checked under this configuration may still be sealed under it. */
  readonly mayName: (site: Site) => boolean;
  readonly gateway: () => string;
  readonly now: () => number;
  readonly after: (ms: number, run: () => void) => () => void;
  readonly laneEnd: () => LaneEnd;
  /** Whether a bundle of the own lane is on its way to its cut. */
  readonly awaitsFinality: () => boolean;
  readonly seal: (sealed: Sealed) => void;
};

type Waiting = {
  readonly draft: Draft;
  /** Encoded, about. */
  readonly bytes: number;
  readonly resolve: (accepted: { readonly number: number }) => void;
  readonly reject: (error: Error) => void;
};

export type Sealer = {
  readonly accept: (draft: Draft) => Promise<{ readonly number: number }>;
  /** L5: a bundle of the own lane is final, or sealing is possible again. */
  readonly lookAgain: () => void;
  readonly waiting: () => number;
  /** Refuses what waits and all that comes. What is sealed is on its way to the disk, and accepted when it is there. */
  readonly stop: (reason: Error) => void;
  /** The disk failed: refuses that, too. */
  readonly fail: (reason: Error) => void;
};

export function makeSealer(options: SealerOptions): Sealer {
  const queue: Waiting[] = [];
  let lastSealedMs = Number.NEGATIVE_INFINITY;
  /** Sealed, but not yet on disk. */
  const inFlight = new Set<Waiting>();
  let queuedBytes = 0;
  let cancel: (() => void) | null = null;
  let stopped: Error | null = null;

  /** Looked at anew whenever a statement comes and whenever a bundle is final. */
  function schedule(): void {
    cancel?.();
    cancel = null;
    if (queue.length === 0 || stopped !== null) return;
    const full = queue.length >= MAX_BUNDLE_STATEMENTS || queuedBytes >= MAX_BUNDLE_BYTES;
    const patienceMs = full ? 0 : options.awaitsFinality() ? MOST_PATIENCE_MS : LEAST_INTERVAL_MS;
    const waitMs = lastSealedMs + patienceMs - options.now();
    cancel = options.after(Math.min(Math.max(0, waitMs), patienceMs), closeBundle);
  }

  function closeBundle(): void {
    cancel = null;
    const under = options.under();
    if (stopped !== null || queue.length === 0 || under === null) return;
    turnAway();
    if (queue.length === 0) return;
    lastSealedMs = options.now();
    options.seal(sealNext(under));
    schedule();
  }

  /** What was checked under a configuration that no bundle may name any more is not accepted, and is to be checked anew. */
  function turnAway(): void {
    for (let at = queue.length - 1; at >= 0; at -= 1) {
      const one = queue[at] as Waiting;
      if (one.draft.site === undefined || options.mayName(one.draft.site)) continue;
      queue.splice(at, 1);
      queuedBytes -= one.bytes;
      one.reject(new Closed("the configuration of the site has changed meanwhile"));
    }
  }

  function sealNext({ site: inForce, keys }: Under): Sealed {
    const { site, epoch, configHash } = queue[0]?.draft.site ?? inForce;
    const isSame = ({ draft }: Waiting): boolean => (draft.site ?? inForce).configHash === configHash;
    const end = options.laneEnd();
    const statements: Uint8Array[] = [];
    const writes: Write[] = [];
    const taken: Waiting[] = [];
    let bytes = 0;
    let at = end.lastAtMs;
    while (statements.length < MAX_BUNDLE_STATEMENTS && bytes < MAX_BUNDLE_BYTES) {
      const [next] = queue;
      if (next === undefined || !isSame(next)) break;
      queue.shift();
      const number = end.nextStatement + statements.length;
      // L3 wants times in order; a clock that was set back must not stop the lane.
      at = Math.max(at, next.draft.measurement.at);
      const { measurement, assessment } = next.draft;
      const encoded = encodeStatement({ number, measurement: { ...measurement, at }, assessment });
      statements.push(encoded);
      bytes += encoded.length;
      queuedBytes -= next.bytes;
      writes.push(...next.draft.writes(number));
      taken.push(next);
    }
    const created = Math.max(Math.floor(options.now()), at);
    const header = {
      site,
      gateway: options.gateway(),
      epoch,
      configHash,
      number: end.number,
      parent: end.parent,
      first: end.nextStatement,
      count: statements.length,
      created,
    };
    const bundle = sealBundle(header, statements, keys.keyId, keys.sign);
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
        const { measurement, assessment } = draft;
        const bytes = encodeStatement({ number: 0, measurement, assessment }).length;
        queue.push({ draft, bytes, resolve, reject });
        queuedBytes += bytes;
        if (cancel === null || queuedBytes >= MAX_BUNDLE_BYTES || queue.length >= MAX_BUNDLE_STATEMENTS) schedule();
      }),
    lookAgain: () => {
      if (queue.length > 0) schedule();
    },
    waiting: () => queue.length + inFlight.size,
    stop,
    fail: (reason) => {
      stop(reason);
      for (const { reject } of inFlight) reject(reason);
      inFlight.clear();
    },
  };

  function stop(reason: Error): void {
    stopped = reason;
    for (const { reject } of queue.splice(0)) reject(reason);
  }
}
