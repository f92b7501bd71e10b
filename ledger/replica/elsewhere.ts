/**
 * R11: gateways are in different epochs for a moment, or one has been away for several. Who is ahead is asked for the chain that leads
 * there; what it said of the very next epoch is kept until that begins here; who is behind is told so.
 */
import type { GatewayIndex } from "../committee/index.ts";

const MAX_KEPT_BYTES = 1024 * 1024;
const EVERY_MS = 100;

export type Elsewhere = {
  /** Keeps a message of the next epoch, as far as there is room for this peer's. */
  readonly keep: (from: GatewayIndex, bytes: Uint8Array) => void;
  /** All that was kept, in order. */
  readonly take: () => readonly { readonly from: GatewayIndex; readonly bytes: Uint8Array }[];
  /** Notes that a peer is in `epoch`, beyond the one here, and answers whom of all these it is time to ask; null = nobody yet. */
  readonly sawAhead: (peer: GatewayIndex, epoch: number, here: number) => GatewayIndex | null;
  /** Whom to ask further when `epoch` has begun: one that was seen there or beyond. */
  readonly guideFrom: (epoch: number) => GatewayIndex | null;
  /** Whether it is time to tell this peer that it is behind. */
  readonly mayTell: (peer: GatewayIndex) => boolean;
};

export function makeElsewhere(nowMs: () => number): Elsewhere {
  let kept: { readonly from: GatewayIndex; readonly bytes: Uint8Array }[] = [];
  const keptBytes = new Map<GatewayIndex, number>();
  const toldAtMs = new Map<GatewayIndex, number>();
  /** The highest epoch that each peer said it is in; who was asked last stands last, so that nobody who only makes noise is asked alone. */
  const ahead = new Map<GatewayIndex, number>();
  let askedAtMs = Number.NEGATIVE_INFINITY;

  function nextAt(epoch: number): GatewayIndex | null {
    for (const [peer, at] of ahead) {
      if (at < epoch) continue;
      ahead.delete(peer);
      ahead.set(peer, at);
      return peer;
    }
    return null;
  }

  return {
    keep: (from, bytes) => {
      const total = (keptBytes.get(from) ?? 0) + bytes.length;
      if (total > MAX_KEPT_BYTES) return;
      keptBytes.set(from, total);
      kept.push({ from, bytes });
    },
    take: () => {
      const taken = kept;
      kept = [];
      keptBytes.clear();
      return taken;
    },
    sawAhead: (peer, epoch, here) => {
      ahead.set(peer, Math.max(epoch, ahead.get(peer) ?? 0));
      if (nowMs() - askedAtMs < EVERY_MS) return null;
      askedAtMs = nowMs();
      return nextAt(here + 1);
    },
    guideFrom: nextAt,
    mayTell: (peer) => {
      if (nowMs() - (toldAtMs.get(peer) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return false;
      toldAtMs.set(peer, nowMs());
      return true;
    },
  };
}
