/** R6, R8: how each peer behaves, and who is cut off until when and why. */
import type { Committee, GatewayIndex } from "../committee/index.ts";
import { type Budget, charge, type Cost, FRESH, pass } from "./budget.ts";
import type { CutOff, PeerConduct } from "./types.ts";

export type Conduct = {
  /** Gateways join. */
  readonly grow: (gateways: number) => void;
  /** False while the peer is cut off: nothing of it is even looked at. */
  readonly hears: (peer: GatewayIndex) => boolean;
  /** What no honest gateway sends. */
  readonly rejected: (peer: GatewayIndex, reason: string) => void;
  /** The same committee, with its signature checks counted. */
  readonly counting: (committee: Committee) => Committee;
  /** Runs what a message sets off, and charges its work unless that brought something on. */
  readonly weigh: (peer: GatewayIndex, bytes: number, broughtOn: () => boolean) => void;
  readonly list: () => readonly PeerConduct[];
};

type Record = { budget: Budget; rejects: number; last: string | null; cutOffs: number; why: string };

export function makeConduct(options: {
  readonly gateways: number;
  /** Only grows. */
  readonly nowMs: () => number;
  /** Somebody is cut off from now on. */
  readonly cutOff: (peer: GatewayIndex, cutOff: CutOff) => void;
}): Conduct {
  const { nowMs } = options;
  const records: Record[] = [];
  let gateways = 0;
  const grow = (total: number): void => {
    gateways = Math.max(gateways, total);
    while (records.length < gateways) records.push({ budget: FRESH, rejects: 0, last: null, cutOffs: 0, why: "" });
  };
  grow(options.gateways);

  let signatures = 0;

  function spend(peer: GatewayIndex, cost: Cost, why: string): void {
    const record = records[peer];
    if (record === undefined) return;
    const before = pass(record.budget, gateways - 1, nowMs());
    record.budget = charge(before, cost, gateways - 1, nowMs());
    // One message may hold several faults: the first one over the budget has cut it off.
    if (before.cutOffUntilMs !== null || record.budget.cutOffUntilMs === null) return;
    record.cutOffs += 1;
    record.why = why;
    const cutOff = cutOffOf(record, nowMs());
    if (cutOff !== null) options.cutOff(peer, cutOff);
  }

  return {
    grow,
    hears: (peer) => {
      const record = records[peer];
      if (record === undefined) return false;
      if (record.budget.cutOffUntilMs !== null) record.budget = pass(record.budget, gateways - 1, nowMs());
      return record.budget.cutOffUntilMs === null;
    },
    rejected: (peer, reason) => {
      const record = records[peer];
      if (record === undefined) return;
      record.rejects += 1;
      record.last = reason;
      spend(peer, { kind: "reject" }, `${record.rejects} messages that no honest gateway sends, the last: ${reason}`);
    },
    counting: (committee) => ({
      ...committee,
      verify: (signer, message, signature) => {
        signatures += 1;
        return committee.verify(signer, message, signature);
      },
    }),
    weigh: (peer, bytes, broughtOn) => {
      const before = signatures;
      if (broughtOn()) return;
      spend(
        peer,
        { kind: "waste", bytes, signatures: signatures - before },
        "a flood of messages that bring nothing on",
      );
    },
    list: () =>
      records.map((record) => {
        record.budget = pass(record.budget, gateways - 1, nowMs());
        const { rejects, last, cutOffs } = record;
        return { rejects, last, cutOffs, cutOff: cutOffOf(record, nowMs()) };
      }),
  };
}

function cutOffOf({ budget: { cutOffUntilMs }, why, cutOffs }: Record, nowMs: number): CutOff | null {
  return cutOffUntilMs === null ? null : { restMs: cutOffUntilMs - nowMs, reason: why, times: cutOffs };
}
