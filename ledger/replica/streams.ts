/**
 * Reads from the store what a peer asked for, and sends it. R10: one read at a time, for each peer in turn, and only to a link that
 * has sent most of what it was given: whoever catches up gets what is left of the disk and the line, and nobody is flooded.
 */
import { type CborValue, encode } from "../cbor/index.ts";
import { type GatewayIndex, invariant } from "../committee/index.ts";
import type { LaneEffect } from "../lane/index.ts";
import { storedValue } from "../message/index.ts";
import type { Store } from "../store/port.ts";
import { sealMessage } from "./wire.ts";

const BYTES_A_READ = 128 * 1024;
/** A link with more than this before it gets nothing more for a while. */
const QUEUED_BYTES = 512 * 1024;
const WAIT_MS = 5;
/** Ranges of one lane that wait for one peer; whoever asks for more at once will ask again. */
const MAX_RANGES = 4;
const BLOCKS_A_MESSAGE = 256;
/** A block of a large site has many tips: a message must stay far below what a receiver decodes (ledger/cbor, C6). */
const TIPS_A_MESSAGE = 8_000;

type BundleRange = Omit<Extract<LaneEffect, { kind: "stream" }>, "kind">;

export type Streams = {
  readonly bundles: (range: BundleRange) => void;
  readonly finalized: (to: GatewayIndex, after: number) => void;
};

export type StreamOptions = {
  readonly store: Store;
  readonly gateways: () => number;
  readonly send: (to: GatewayIndex, message: Uint8Array) => void;
  /** The present epoch, and the one in which the finalized chain goes on after a view (R11). */
  readonly epoch: () => number;
  readonly epochAfter: (view: number) => number;
  /** Bytes that wait on the link to a peer. */
  readonly queuedBytes: (to: GatewayIndex) => number;
  readonly after: (ms: number, run: () => void) => void;
  readonly failed: (error: Error) => void;
};

export function makeStreams(options: StreamOptions): Streams {
  const { store, gateways, send, epoch, epochAfter, queuedBytes, after, failed } = options;
  /** By peer and lane, in the order in which they get their next turn. */
  const ranges = new Map<string, BundleRange[]>();
  let pumping = false;
  const serving = new Set<GatewayIndex>();

  function fail(error: unknown): void {
    failed(error instanceof Error ? error : new Error(String(error)));
  }

  async function pump(): Promise<void> {
    if (pumping) return;
    pumping = true;
    for (let next = nextRange(); next !== null; next = nextRange()) await sendPart(next);
    pumping = false;
    // All that is left waits for its link.
    if (ranges.size > 0) after(WAIT_MS, start);
  }

  function start(): void {
    pump().catch(fail);
  }

  /** Takes the next part to be sent out of its queue, and puts the queue at the end. */
  function nextRange(): BundleRange | null {
    for (const [key, queue] of ranges) {
      const [range] = queue;
      invariant(range !== undefined, "an empty queue of ranges");
      if (queuedBytes(range.to) > QUEUED_BYTES) continue;
      ranges.delete(key);
      queue.shift();
      if (queue.length > 0) ranges.set(key, queue);
      return range;
    }
    return null;
  }

  async function sendPart({ to, lane, from, upTo }: BundleRange): Promise<void> {
    const { packed, next } = await store.history(lane, from, upTo, BYTES_A_READ);
    if (next === from) return;
    send(to, sealMessage({ layer: "lane", message: { kind: "bundles", lane, from, packed } }, epoch()));
    if (next <= upTo) putFirst({ to, lane, from: next, upTo });
  }

  function putFirst(range: BundleRange): void {
    const key = keyOf(range);
    ranges.set(key, [range, ...(ranges.get(key) ?? [])]);
  }

  async function sendChain(to: GatewayIndex, after: number): Promise<void> {
    const { blocks, finalization } = await store.finalizedAfter(
      after,
      Math.min(BLOCKS_A_MESSAGE, Math.ceil(TIPS_A_MESSAGE / gateways())),
    );
    if (blocks.length === 0 || finalization === null) return;
    const values = blocks.map(({ bytes }) => storedValue(bytes));
    // The store keeps the finalization as the message ["certificate", certificate]: here its content travels inside another one. With
    // the last block of an epoch it is ["finalized", blocks that carried it, certificate] (A13).
    const proof = storedValue(finalization);
    invariant(Array.isArray(proof), "the stored finalization is no message");
    const [kind, first, second] = proof as readonly CborValue[];
    const [carriers, certificate] = kind === "finalized" ? [first, second] : [[], first];
    invariant(Array.isArray(carriers) && certificate !== undefined, "the stored finalization holds no certificate");
    send(to, encode([epochAfter(after), "finalized", [...values, ...(carriers as readonly CborValue[])], certificate]));
  }

  return {
    bundles: (range) => {
      const key = keyOf(range);
      const queue = ranges.get(key) ?? [];
      if (queue.length >= MAX_RANGES) return;
      ranges.set(key, [...queue, range]);
      start();
    },
    finalized: (to, above) => {
      if (serving.has(to)) return;
      serving.add(to);
      sendChain(to, above).then(() => serving.delete(to), fail);
    },
  };
}

function keyOf({ to, lane }: BundleRange): string {
  return `${to}/${lane}`;
}
