/** Promise 6: every buffer of a replica stays within the bound that its rule states, whatever is sent to it. */
import { finalView, type State } from "../../../ledger/agreement/index.ts";
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import { WINDOW_BUNDLES } from "../../../ledger/lane/index.ts";
import type { Replica } from "../../../ledger/replica/index.ts";
import { type Context, nameOf } from "./context.ts";

/** Bounds in ledger/lane/README.md. */
const KEPT_AHEAD = 2 * WINDOW_BUNDLES;
/** A10 */
const HORIZON_VIEWS = 64;
/** A4: own roots to hold proposals against. */
const ROOTS_KEPT = 64;
/** The queues that the status tells of: R2, R1 (nothing else bounds what peers can make a gateway say), R3. */
const QUEUES: Readonly<Record<string, number>> = { accept: 10_000, commits: 4096, blocks: 1024 };

export type Sizes = ReadonlyMap<string, number>;

export type BoundsWatch = {
  readonly touched: (gateway: GatewayIndex, replica: Replica) => void;
  /** Once in a while: a status costs more than a look. */
  readonly queues: (gateway: GatewayIndex, replica: Replica) => void;
  /** The most that was seen of each buffer. */
  readonly peaks: () => Sizes;
};

export function watchBounds({ committee, violated }: Context): BoundsWatch {
  const peaks = new Map<string, number>();
  const withinAt = (x: GatewayIndex) => (name: string, size: number, bound: number) => {
    if (size > (peaks.get(name) ?? -1)) peaks.set(name, size);
    if (size > bound) violated("bounds", `${nameOf(x)} has ${size} in ${name}, the bound is ${bound}`);
  };

  return {
    peaks: () => peaks,
    queues: (x, replica) => {
      const within = withinAt(x);
      for (const [name, size] of Object.entries(replica.status().queues))
        within(`queue.${name}`, size, QUEUES[name] ?? Number.POSITIVE_INFINITY);
    },
    touched: (x, replica) => {
      const within = withinAt(x);
      const { lanes, agreement } = replica.inspect();
      for (const lane of lanes.lanes) {
        within("lane.waiting", lane.waiting.size, KEPT_AHEAD);
        within("lane.ahead", furthest(lane.waiting, lane.held), KEPT_AHEAD - 1);
        within("lane.acks", lane.acks.size, KEPT_AHEAD);
        within("lane.uncertified", lane.uncertified.size, KEPT_AHEAD);
        within("lane.refusedHashes", lane.refusedHashes.length, KEPT_AHEAD);
        within("lane.refusers", lane.refusers.size, KEPT_AHEAD);
      }
      within("lane.copies", lanes.copies.length, committee.size);
      inAgreement(agreement, committee.size, within);
    },
  };
}

function inAgreement(state: State, gateways: number, within: (name: string, size: number, bound: number) => void) {
  const open = state.view - finalView(state);
  const undelivered = state.view - state.delivered.view;
  within("agreement.rounds", state.rounds.size, open + HORIZON_VIEWS);
  within("agreement.ahead", furthest(state.rounds, state.view), HORIZON_VIEWS);
  within("agreement.blocks", state.blocks.size, 2 * (undelivered + HORIZON_VIEWS));
  within("agreement.roots", state.roots.size, ROOTS_KEPT);
  within("agreement.helped", state.helpedAtMs.size, gateways);
  within("agreement.served", state.servedAtMs.size, gateways);
  for (const { hashes } of state.certified) within("agreement.certified", hashes.size, 8 * KEPT_AHEAD);
}

/** How far the furthest number lies ahead. */
function furthest(map: ReadonlyMap<number, unknown>, from: number): number {
  let most = from;
  for (const number of map.keys()) if (number > most) most = number;
  return most - from;
}
