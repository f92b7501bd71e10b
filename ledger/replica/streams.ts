/** Reads from the store what a peer asked for, and sends it; one stream of a kind and peer at a time, so that nobody is flooded. */
import { decode, encode } from "../cbor/index.ts";
import { type GatewayIndex, invariant } from "../committee/index.ts";
import type { LaneEffect } from "../lane/index.ts";
import type { Store } from "../store/port.ts";
import { sealMessage } from "./wire.ts";

const BYTES_A_READ = 512 * 1024;
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
  readonly gateways: number;
  readonly send: (to: GatewayIndex, message: Uint8Array) => void;
  readonly failed: (error: Error) => void;
};

export function makeStreams({ store, gateways, send, failed }: StreamOptions): Streams {
  const ranges = new Map<string, BundleRange[]>();
  const serving = new Set<GatewayIndex>();

  function fail(error: unknown): void {
    failed(error instanceof Error ? error : new Error(String(error)));
  }

  async function pump(key: string, queue: BundleRange[]): Promise<void> {
    for (let range = queue.shift(); range !== undefined; range = queue.shift()) await sendRange(range);
    ranges.delete(key);
  }

  async function sendRange({ to, lane, from, upTo }: BundleRange): Promise<void> {
    for (let at = from; at <= upTo; ) {
      const bundles = await store.bundles(lane, at, BYTES_A_READ);
      const wanted = bundles.filter(({ number }) => number <= upTo);
      for (const { cose, statements } of wanted)
        send(to, sealMessage({ layer: "lane", message: { kind: "bundle", cose, statements } }));
      const last = wanted.at(-1);
      if (last === undefined) return;
      at = last.number + 1;
    }
  }

  async function sendChain(to: GatewayIndex, after: number): Promise<void> {
    const { blocks, finalization } = await store.finalizedAfter(
      after,
      Math.min(BLOCKS_A_MESSAGE, Math.ceil(TIPS_A_MESSAGE / gateways)),
    );
    if (blocks.length === 0 || finalization === null) return;
    const values = blocks.map(({ bytes }) => storedValue(bytes));
    // The store keeps the finalization as the message ["certificate", ...]: here its content travels inside another one.
    const certificate = storedValue(finalization);
    invariant(
      Array.isArray(certificate) && certificate[1] !== undefined,
      "the stored finalization is no certificate message",
    );
    send(to, encode(["finalized", values, certificate[1]]));
  }

  return {
    bundles: (range) => {
      const key = `${range.to}/${range.lane}`;
      const queue = ranges.get(key);
      // A request that overlaps what is still queued is the same peer asking again.
      if (queue !== undefined) {
        if (queue.length < 4) queue.push(range);
        return;
      }
      const fresh = [range];
      ranges.set(key, fresh);
      pump(key, fresh).catch(fail);
    },
    finalized: (to, after) => {
      if (serving.has(to)) return;
      serving.add(to);
      sendChain(to, after).then(() => serving.delete(to), fail);
    },
  };
}

function storedValue(bytes: Uint8Array) {
  const decoded = decode(bytes);
  invariant(decoded.kind === "accept", "the store holds bytes that this program did not write");
  return decoded.value;
}
