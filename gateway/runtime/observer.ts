import type { Site } from "../../ledger/management/index.ts";
import type { CutOff, Replica, ReplicaEvents } from "../../ledger/replica/index.ts";
import { StoreFailure } from "../../ledger/store/index.ts";
import type { EventBus, EvidenceShown, Metrics } from "../api/index.ts";
import type { Anchoring } from "./anchoring.ts";
import { makeFinalityClock } from "./finality.ts";
import type { Log } from "./log.ts";

/** What the replica tells, carried to metrics, live events, the log and the anchoring of checkpoints. */
export type Observer = {
  readonly events: ReplicaEvents;
  /** To be called once with what exists only after the replica. */
  readonly attach: (parts: { readonly replica: Replica; readonly anchorings: readonly Anchoring[] }) => void;
  readonly accepted: (number: number) => void;
  /** N6: the first failure halts. Later ones are its consequences, except that a store that fails ends the process in any case. */
  readonly fail: (error: Error) => void;
  readonly halted: () => string | null;
  readonly checkpointNote: () => string | null;
  /** Tells people: log and live events. */
  readonly alarm: (kind: string, detail: string) => void;
};

/** What people read of evidence, and how they get at it. */
export function evidenceWords({ id, gateway, about }: Pick<EvidenceShown, "id" | "gateway" | "about">): string {
  return `${gateway} ${about}; the proof is at /v1/evidence/${id}, and "tallystick verify" checks it`;
}

const isOfStore = (error: Error): boolean => error instanceof StoreFailure;

export function makeObserver(options: {
  /** The newest that is known. */
  readonly site: () => Site;
  readonly self: number;
  readonly bus: EventBus;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly checkpointNote: string | null;
  readonly failed: (error: Error) => void;
}): Observer {
  const { site, self, bus, metrics, log } = options;
  const clock = makeFinalityClock();
  const nameOf = (index: number): string => site().gateways[index]?.name ?? String(index);
  let { checkpointNote } = options;
  let halted: string | null = null;
  let storeFailed = false;
  let anchorings: readonly Anchoring[] = [];
  let anchoredCount = (): number => 0;
  let countedAnchored = 0;

  const alarm = (kind: string, detail: string): void => {
    log.alarm(detail);
    bus.publish({ event: "alarm", data: { alarm: kind, detail } });
  };
  const fail = (error: Error): void => {
    if (halted !== null && (storeFailed || !isOfStore(error))) return;
    storeFailed = isOfStore(error);
    halted ??= error.message;
    bus.publish({ event: "alarm", data: { alarm: "halted", detail: error.message } });
    options.failed(error);
  };

  const events: ReplicaEvents = {
    executed: ({ bundles }) => {
      const now = performance.now();
      for (const { lane, first, count } of bundles) {
        if (lane !== self) continue;
        metrics.final(count);
        for (const seconds of clock.final(first, count, now)) metrics.finality(seconds);
      }
      if (bundles.length > 0) bus.finalized();
    },
    checkpoint: ({ size, note }) => {
      checkpointNote = note;
      for (const anchoring of anchorings) anchoring.onCheckpoint(size, note);
    },
    anchored: ({ ledger, size }) => {
      for (const anchoring of anchorings) anchoring.onAnchored(size);
      const count = anchoredCount();
      metrics.anchored(Math.max(0, count - countedAnchored));
      countedAnchored = Math.max(count, countedAnchored);
      bus.publish({ event: "anchored", data: { ledger, size } });
    },
    refusal: ({ lane, number, by, reason }) =>
      alarm("refusal", `${nameOf(by)} refused bundle ${number} of ${nameOf(lane)}: ${reason}`),
    cutOff: (peer, cutOff) => alarm("cut-off", `${nameOf(peer)} is ${cutOffWords(cutOff)}`),
    evidence: ({ id, gateway, about }) => alarm("evidence", evidenceWords({ id, gateway: nameOf(gateway), about })),
    halted: fail,
  };

  return {
    events,
    attach: (parts) => {
      anchorings = parts.anchorings;
      anchoredCount = () => parts.replica.status().counts.anchored;
      countedAnchored = anchoredCount();
    },
    accepted: (number) => {
      metrics.accepted();
      clock.accepted(number, performance.now());
    },
    fail,
    halted: () => halted,
    checkpointNote: () => checkpointNote,
    alarm,
  };
}

/** N9, as it stands in the log, in the alarm, in the status and in the bye to the peer itself. */
export function cutOffWords({ restMs, reason, times }: CutOff): string {
  const until = new Date(Date.now() + restMs).toISOString().slice(0, 19);
  return `cut off until ${until}Z${times > 1 ? ` (time ${times})` : ""}: ${reason}`;
}
