import type { DeviceHealth } from "../../devices/index.ts";
import { currentOf, quorumOf, type Site, votersOf } from "../../ledger/management/index.ts";
import type { Peers } from "../../ledger/peers/index.ts";
import type { Replica } from "../../ledger/replica/index.ts";
import type { Store } from "../../ledger/store/port.ts";
import type { ConfigurationShown, DeviceStatus, EvidenceShown, GatewayStatus } from "../api/index.ts";
import type { Line } from "./line.ts";

/** Refusals and evidence shown; the store keeps more. */
const SHOWN = 50;

export type StatusSources = {
  readonly site: Site;
  readonly gateway: string;
  readonly version: string;
  readonly replica: Replica;
  readonly peers: Peers;
  readonly line: Pick<Line, "queues">;
  readonly store: Pick<Store, "refusals">;
  readonly devices: () => readonly DeviceHealth[];
};

/** Everything that a gateway shows of itself, at this moment. */
export async function gatewayStatus(sources: StatusSources): Promise<GatewayStatus> {
  const { site, gateway, version, replica, peers, line, store } = sources;
  const refusals = await store.refusals(SHOWN);
  const nameOf = (index: number): string => site.gateways[index]?.name ?? String(index);
  const {
    epoch,
    view,
    finalizedView,
    leader,
    seed,
    log,
    checkpoint,
    anchoredSize,
    counts,
    lanes,
    queues,
    conduct,
    halted,
  } = replica.status();
  const evidence = evidenceShown(replica, site);
  const conductOf = (name: string) => conduct[site.gateways.findIndex((one) => one.name === name)];
  const links = peers.status().peers.filter(({ state }) => state !== "self");
  return {
    site: site.site,
    epoch,
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
    queues: { ...queues, ...line.queues(), peerBytes: links.reduce((sum, { queuedBytes }) => sum + queuedBytes, 0) },
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

/** R12: what is in force, and what is on its way to be. */
export function configurationShown(replica: Pick<Replica, "status" | "lineage">): ConfigurationShown {
  const site = currentOf(replica.lineage());
  const { successors, unsealed } = replica.status();
  const needed = quorumOf(votersOf(site).length);
  return {
    epoch: site.epoch,
    configHash: site.configHash,
    gateways: site.gateways.map(({ name, left }) => ({ name, left: left === true })),
    approvalsNeeded: needed,
    unsealed,
    successors: successors.map(({ site: to, approvers, approved }) => ({
      configHash: to.configHash,
      changes: changesOf(site, to),
      approvedBy: approvers.map((index) => site.gateways[index]?.name ?? String(index)),
      approved,
    })),
  };
}

/** What a successor changes, in a few words each. */
export function changesOf(from: Site, to: Site): readonly string[] {
  const gateways = to.gateways.flatMap(({ name, key, left }, index) => {
    const before = from.gateways[index];
    if (before === undefined || (before.left && !left))
      return [`${name} ${before === undefined ? "joins" : "comes back"}`];
    if (left && !before.left) return [`${name} leaves`];
    return key === before.key ? [] : [`${name} gets a new key`];
  });
  const ids = (site: Site): readonly string[] => site.devices.map(({ id }) => id);
  const named = (site: Site, id: string): string => JSON.stringify(site.devices.find((device) => device.id === id));
  const devices = [...new Set([...ids(from), ...ids(to)])].flatMap((id) => {
    if (!ids(from).includes(id)) return [`device ${id} is registered`];
    if (!ids(to).includes(id)) return [`device ${id} is removed`];
    return named(from, id) === named(to, id) ? [] : [`device ${id} is changed`];
  });
  const others = (["ledgers", "model"] as const).filter(
    (part) => JSON.stringify(from[part]) !== JSON.stringify(to[part]),
  );
  return [...gateways, ...devices, ...others.map((part) => `${part} changed`)];
}

/** What the log says when an epoch begins. */
export function configurationWords({ epoch, gateways, devices }: Site): string {
  const members = gateways.filter(({ left }) => !left).length;
  return `epoch ${epoch} of the site has begun: ${members} gateways, ${devices.length} devices`;
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

/** A device as the API shows it. */
export function deviceStatus(health: DeviceHealth, site: Site): DeviceStatus {
  const { device, protocol, state, place, serial, lastFrameAt, frames, refused, noiseBytes } = health;
  return {
    id: device,
    station: site.devices.find(({ id }) => id === device)?.station ?? "",
    protocol,
    state,
    place,
    serial,
    lastFrameAt,
    frames,
    refused,
    noiseBytes,
    lastBad: health.lastBad,
    quarantine: health.quarantine,
    lastError: health.lastError,
  };
}
