import type { DeviceHealth } from "../../devices/index.ts";
import type { Site } from "../../ledger/management/index.ts";
import type { Peers } from "../../ledger/peers/index.ts";
import type { Replica } from "../../ledger/replica/index.ts";
import type { Store } from "../../ledger/store/port.ts";
import type { DeviceStatus, EvidenceShown, GatewayStatus } from "../api/index.ts";
import type { Ingest } from "../ingest/index.ts";

/** Refusals and evidence shown; the store keeps more. */
const SHOWN = 50;

export type StatusSources = {
  readonly site: Site;
  readonly gateway: string;
  readonly version: string;
  readonly replica: Replica;
  readonly peers: Peers;
  readonly ingest: Ingest;
  readonly store: Pick<Store, "refusals">;
  readonly devices: () => readonly DeviceHealth[];
};

/** Everything that a gateway shows of itself, at this moment. */
export async function gatewayStatus(sources: StatusSources): Promise<GatewayStatus> {
  const { site, gateway, version, replica, peers, ingest, store } = sources;
  const refusals = await store.refusals(SHOWN);
  const nameOf = (index: number): string => site.gateways[index]?.name ?? String(index);
  const { view, finalizedView, leader, seed, log, checkpoint, anchoredSize, counts, lanes, queues, conduct, halted } =
    replica.status();
  const evidence = evidenceShown(replica, site);
  const conductOf = (name: string) => conduct[site.gateways.findIndex((one) => one.name === name)];
  const links = peers.status().peers.filter(({ state }) => state !== "self");
  return {
    site: site.site,
    gateway,
    pid: process.pid,
    version,
    view,
    finalizedView,
    leader,
    seed,
    logSize: log.size,
    logRoot: log.root,
    statements: log.statements,
    checkpoint,
    anchoredSize,
    counts,
    lanes,
    peers: links.map(({ gateway: name, state, reason }) => {
      const { rejects = 0, last = null, cutOffs = 0, cutOff = null } = conductOf(name) ?? {};
      return {
        gateway: name,
        connected: state === "up",
        reason,
        rejected: rejects,
        lastRejected: last,
        cutOffs,
        cutOff: cutOff === null ? null : { untilMs: Math.round(Date.now() + cutOff.restMs), reason: cutOff.reason },
      };
    }),
    devices: sources.devices().map((health) => deviceStatus(health, site)),
    queues: { ...queues, ...ingest.queues(), peerBytes: links.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0) },
    refusals: refusals.map(({ lane, number, by, reason }) => ({
      lane: nameOf(lane),
      number,
      by: nameOf(by),
      reason: reason.slice(0, 1000),
    })),
    evidence: evidence.slice(0, SHOWN),
    evidenceKept: evidence.length,
    halted,
  };
}

/** All evidence that this gateway keeps, newest first. */
export function evidenceShown(replica: Pick<Replica, "evidence">, site: Site): readonly EvidenceShown[] {
  return replica
    .evidence()
    .map(({ id, gateway, fault, about }) => ({
      id,
      gateway: site.gateways[gateway]?.name ?? String(gateway),
      fault,
      about,
    }))
    .toReversed();
}

function deviceStatus(health: DeviceHealth, site: Site): DeviceStatus {
  const { device, state, lastFrameAt, frames, refused, noiseBytes, lastError } = health;
  const bad = health.lastBad.at(-1);
  return {
    id: device,
    station: site.devices.find(({ id }) => id === device)?.station ?? "",
    state,
    lastFrameAt,
    frames,
    refused,
    noiseBytes,
    lastBad: bad === undefined ? null : `${bad.reason}: ${bad.hex.slice(0, 128)}`,
    lastError,
  };
}
