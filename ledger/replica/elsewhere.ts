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
  /** Notes who is ahead, and whether it is time to ask. */
  readonly sawAhead: (peer: GatewayIndex, epoch: number) => boolean;
  /** Whom to ask further when `epoch` has begun: the peer that was seen there or beyond. */
  readonly guideFrom: (epoch: number) => GatewayIndex | null;
  /** Whether it is time to tell this peer that it is behind. */
  readonly mayTell: (peer: GatewayIndex) => boolean;
};

export function makeElsewhere(nowMs: () => number): Elsewhere {
  let kept: { readonly from: GatewayIndex; readonly bytes: Uint8Array }[] = [];
  const keptBytes = new Map<GatewayIndex, number>();
  const toldAtMs = new Map<GatewayIndex, number>();
  let guide: { readonly peer: GatewayIndex; readonly epoch: number } | null = null;
  let askedAtMs = Number.NEGATIVE_INFINITY;
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
    sawAhead: (peer, epoch) => {
      guide = { peer, epoch };
      if (nowMs() - askedAtMs < EVERY_MS) return false;
      askedAtMs = nowMs();
      return true;
    },
    guideFrom: (epoch) => (guide !== null && guide.epoch >= epoch ? guide.peer : null),
    mayTell: (peer) => {
      if (nowMs() - (toldAtMs.get(peer) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return false;
      toldAtMs.set(peer, nowMs());
      return true;
    },
  };
}
