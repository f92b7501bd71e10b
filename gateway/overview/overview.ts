/** Everything that the page shows, made from what the gateways said. Pure: the page draws it, nothing more (O7). */
import type { GatewayAnswer } from "./answer.ts";
import { answering, lastStatus } from "./answer.ts";
import type { MeasurementRow } from "./measurement-row.ts";
import { rowOf } from "./measurement-row.ts";
import type { Counters } from "./rates.ts";
import type { GatewayStatus, Measurement } from "./status.ts";
import type { OffenceRow, SiteState, Standing } from "./words.ts";
import { alarmsOf, offencesOf, siteState, standingOf } from "./words.ts";

/** A process of the demo as its parent sees it. */
export type OverviewProcess = {
  readonly name: string;
  readonly pid: number | null;
  readonly state: "starting" | "running" | "restarting" | "stopped";
};

export type Overview = {
  readonly site: string;
  readonly atMs: number;
  readonly state: SiteState;
  readonly alarms: readonly string[];
  readonly offences: readonly OffenceRow[];
  readonly counters: Counters;
  readonly rates: Counters | null;
  /** Signed but not yet final; final but not yet anchored. */
  readonly waiting: { readonly agreement: number; readonly anchor: number };
  readonly devices: readonly DeviceRow[];
  readonly gateways: readonly GatewayCard[];
  readonly lanes: readonly LaneRow[];
  readonly measurements: readonly MeasurementRow[];
  readonly processes: readonly OverviewProcess[];
};

type DeviceRow = GatewayStatus["devices"][number] & {
  readonly gateway: string;
  /** False when its gateway does not answer: the figures are the last known ones. */
  readonly current: boolean;
};

type GatewayCard = {
  readonly name: string;
  readonly url: string;
  readonly standing: Standing;
  /** One sentence: how it stands, and for how long when it is gone. */
  readonly words: string;
  readonly status: Pick<
    GatewayStatus,
    "pid" | "version" | "view" | "logSize" | "logRoot" | "checkpoint" | "anchoredSize" | "counts" | "queues"
  > | null;
  readonly links: GatewayStatus["peers"];
};

/** A lane as far as any answering gateway knows it; `holders` says how far each gateway has stored it. All count bundles. */
type LaneRow = {
  readonly gateway: string;
  readonly held: number;
  readonly certified: number;
  readonly final: number;
  readonly holders: readonly { readonly gateway: string; readonly held: number | null }[];
};

export function overviewOf(seen: {
  readonly site: string;
  readonly atMs: number;
  readonly answers: readonly GatewayAnswer[];
  readonly measurements: readonly Measurement[];
  readonly rates: Counters | null;
  readonly processes: readonly OverviewProcess[];
}): Overview {
  const { answers } = seen;
  const state = siteState(answers);
  const counters = countersOf(answers);
  return {
    site: seen.site,
    atMs: seen.atMs,
    state,
    alarms: alarmsOf(answers),
    offences: offencesOf(answers),
    counters,
    rates: seen.rates,
    waiting: {
      agreement: Math.max(0, counters.accepted - counters.final),
      anchor: Math.max(0, counters.final - counters.anchored),
    },
    devices: answers.flatMap((answer) =>
      (lastStatus(answer)?.devices ?? []).map((device) => ({
        ...device,
        gateway: answer.name,
        current: answer.kind === "answering",
      })),
    ),
    gateways: answers.map((answer) => cardOf(answer, state, answers)),
    lanes: answers.map((answer) => laneOf(answer.name, answers)),
    measurements: seen.measurements
      .toReversed()
      .map((measurement) => rowOf(measurement, receiptHost(measurement, answers))),
    processes: seen.processes,
  };
}

/**
 * O4: the site's counters. Each gateway counts its own lane; one that is away keeps its last known figures, so that
 * killing a gateway does not seem to take back what was accepted.
 */
export function countersOf(answers: readonly GatewayAnswer[]): Counters {
  const counts = answers.flatMap((answer) => lastStatus(answer)?.counts ?? []);
  const sum = (name: keyof Counters): number => counts.reduce((total, count) => total + count[name], 0);
  return { accepted: sum("accepted"), final: sum("final"), anchored: sum("anchored") };
}

function cardOf(answer: GatewayAnswer, state: SiteState, answers: readonly GatewayAnswer[]): GatewayCard {
  const standing = standingOf(answer, answers.length, state.quorum);
  const status = lastStatus(answer);
  const longest = Math.max(0, ...answering(answers).map(({ logSize }) => logSize));
  return {
    name: answer.name,
    url: answer.url,
    standing,
    words: cardWords(answer, standing, longest),
    status:
      status === null
        ? null
        : {
            pid: status.pid,
            version: status.version,
            view: status.view,
            logSize: status.logSize,
            logRoot: status.logRoot,
            checkpoint: status.checkpoint,
            anchoredSize: status.anchoredSize,
            counts: status.counts,
            queues: status.queues,
          },
    links: (answer.kind === "answering" ? answer.status.peers : []).filter(({ gateway }) => gateway !== answer.name),
  };
}

/** Gateways are asked one after another while the log grows: a few bundles of difference are not worth a word. */
const BEHIND_BUNDLES = 50;

function cardWords(answer: GatewayAnswer, standing: Standing, longest: number): string {
  if (answer.kind === "gone") {
    return answer.last === null
      ? "has not answered yet"
      : `away for ${duration(answer.silentMs)}; figures are its last`;
  }
  if (answer.kind === "unreadable") return `unreadable: ${answer.reason}`;
  if (standing === "halted") return `halted: ${answer.status.halted}`;
  if (standing === "cut off") return "cut off: weighs, signs and keeps until it reaches the others";
  const behind = longest - answer.status.logSize;
  return behind > BEHIND_BUNDLES ? `catching up: ${behind} bundles behind` : "has the whole log";
}

function duration(ms: number): string {
  const seconds = Math.max(1, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;
}

function laneOf(gateway: string, answers: readonly GatewayAnswer[]): LaneRow {
  const views = answering(answers).flatMap((status) => status.lanes.filter((lane) => lane.gateway === gateway));
  const highest = (name: "held" | "certified" | "finalized"): number => Math.max(0, ...views.map((lane) => lane[name]));
  return {
    gateway,
    held: highest("held"),
    certified: highest("certified"),
    final: highest("finalized"),
    holders: answers.map((answer) => ({
      gateway: answer.name,
      held:
        answer.kind === "answering"
          ? (answer.status.lanes.find((lane) => lane.gateway === gateway)?.held ?? null)
          : null,
    })),
  };
}

/** Every gateway can hand out every receipt: ask the one that measured, or another when that one is away. */
function receiptHost(measurement: Measurement, answers: readonly GatewayAnswer[]): string {
  const alive = answers.filter((answer) => answer.kind === "answering");
  const host = alive.find(({ name }) => name === measurement.gateway) ?? alive[0] ?? answers[0];
  return host?.url ?? "";
}
