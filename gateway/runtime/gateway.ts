import { resolve } from "node:path";
import { decodeFrame, type DeviceHealth } from "../../devices/index.ts";
import { anchorOnEmbedded } from "../../ledger/anchor/index.ts";
import { keyIdOf, sign } from "../../ledger/crypto/index.ts";
import { originOf } from "../../ledger/management/index.ts";
import { PeersFailure, type Peers, startPeers } from "../../ledger/peers/index.ts";
import { type Draft, type Replica, startReplica } from "../../ledger/replica/index.ts";
import { openStore, type Recovered, type Store } from "../../ledger/store/index.ts";
import type { Assessment, Measurement } from "../../ledger/statement/index.ts";
import { buildApi, type EventBus, makeEventBus, makeMetrics, type Metrics } from "../api/index.ts";
import { assess, loadPredictor, type Predictor, recheck, shippedModelPath } from "../assess/index.ts";
import { type GatewayConfig, loadConfig } from "../config/index.ts";
import { checkKeys, type GatewayKeys, loadKeys } from "../identity/index.ts";
import { type Ingest, memoKey, startIngest } from "../ingest/index.ts";
import { stationsOf } from "../station/index.ts";
import { type Anchoring, startAnchoring } from "./anchoring.ts";
import { type DeviceLines, listenFailure, openDeviceLines } from "./device-lines.ts";
import { makeFinalityClock } from "./finality.ts";
import { watchDisk } from "./disk-budget.ts";
import { gatewayStatus } from "./status.ts";
import { VERSION } from "./version.ts";

/** Lines for people. `alarm` is for what somebody must look at. */
export type Log = { readonly info: (line: string) => void; readonly alarm: (line: string) => void };

export type GatewayOptions = {
  readonly dir: string;
  readonly log: Log;
  /** The gateway cannot go on (disk gone, log diverged); the caller ends the process. */
  readonly failed: (error: Error) => void;
  /** What is signed instead of the honest statement: for tests that need a gateway that lies. */
  readonly alter?: (draft: { readonly measurement: Measurement; readonly assessment: Assessment }) => {
    readonly measurement: Measurement;
    readonly assessment: Assessment;
  };
};

export type Gateway = {
  readonly config: GatewayConfig;
  /** Resolves when everything accepted is on disk and every port is closed. */
  readonly stop: () => Promise<void>;
};

/** What is opened on the way up and closed in the opposite order, also when a later step fails. */
type Closers = (() => Promise<void> | void)[];

/**
 * Starts one gateway from its directory. Throws GatewayFailure, StoreFailure, PeersFailure, AssessFailure: each is one
 * sentence for the person who started it; whatever was opened before is closed again.
 */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const closers: Closers = [];
  const close = async (): Promise<void> => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const config = await open(options, closers);
    return { config, stop: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(options: GatewayOptions, closers: Closers): Promise<GatewayConfig> {
  const { dir, log } = options;
  const config = await loadConfig(dir);
  const { settings, site, self } = config;
  const keys = await loadKeys(config.dir);
  checkKeys(keys, site, settings.gateway, config.dir);

  const predictor = await loadPredictor({ modelPath: shippedModelPath, expectedSha256: site.model.sha256 });
  closers.push(predictor.close);
  const storePath = resolve(config.dir, settings.store.path);
  const store = await openStore({
    path: storePath,
    site: site.site,
    gateway: settings.gateway,
    lanes: site.gateways.length,
  });
  closers.push(store.close);
  const recovered = await store.recover();
  const disk = watchDisk(store, settings.store.budgetMb, log.alarm);
  closers.push(disk.stop);

  const events = makeEventBus();
  const metrics = makeMetrics();
  const links: { peers: Peers | null; anchorings: readonly Anchoring[]; ingest: Ingest | null } = {
    peers: null,
    anchorings: [],
    ingest: null,
  };
  let checkpointNote = recovered.checkpoint?.note ?? null;
  let halted: string | null = null;
  let anchoredCount = 0;
  const clock = makeFinalityClock();

  const fail = (error: Error): void => {
    if (halted !== null) return;
    halted = error.message;
    events.publish({ event: "alarm", data: { alarm: "halted", detail: error.message } });
    options.failed(error);
  };
  const replica = startReplica({
    site,
    self,
    store,
    recovered,
    send: (to, message) => void links.peers?.send(to, message),
    now: Date.now,
    after,
    keys: {
      sign: (message) => sign(keys.identity, message),
      keyId: keyIdOf(keys.identity.publicKey.raw),
      cosign: (message) => sign(keys.checkpoint, message),
    },
    validate: recheck({ site, predictor, decodeFrame }),
    events: {
      executed: ({ bundles }) => {
        const now = performance.now();
        for (const { lane, first, count } of bundles) {
          if (lane !== self) continue;
          metrics.final(count);
          for (const seconds of clock.final(first, count, now)) metrics.finality(seconds);
        }
        if (bundles.length > 0) events.finalized();
      },
      checkpoint: ({ size, note }) => {
        checkpointNote = note;
        for (const anchoring of links.anchorings) anchoring.onCheckpoint(size, note);
      },
      anchored: ({ ledger, size }) => {
        for (const anchoring of links.anchorings) anchoring.onAnchored(size);
        const { anchored } = replica.status().counts;
        metrics.anchored(Math.max(0, anchored - anchoredCount));
        anchoredCount = Math.max(anchored, anchoredCount);
        events.publish({ event: "anchored", data: { ledger, size } });
      },
      refusal: ({ lane, number, by, reason }) => {
        const [owner, judge] = [site.gateways[lane]?.name, site.gateways[by]?.name];
        alarm(events, log, "refusal", `${judge} refused bundle ${number} of ${owner}: ${reason}`);
      },
      evidence: ({ fault, gateway, about }) =>
        alarm(events, log, "evidence", `${site.gateways[gateway]?.name}: ${fault} (${about})`),
      halted: fail,
    },
  });
  anchoredCount = replica.status().counts.anchored;
  closers.push(replica.stop);

  const accept = acceptor(options, predictor, replica);
  const ingest = await startIngestOf({
    config,
    store,
    recovered,
    accept,
    events,
    metrics,
    log,
    fail,
    clock,
    closed: () => halted ?? disk.full(),
  });
  links.ingest = ingest;

  links.anchorings = settings.anchors.map(({ ledger, url }) =>
    startAnchoring({
      anchor: anchorOnEmbedded({ url, ledgerKey: ledgerKeyOf(config, ledger), origin: originOf(site.site) }),
      consistency: store.consistency,
      staggerMs: self * STAGGER_MS,
      anchored: (size, note) => replica.anchored(ledger, size, note),
      failed: (reason) => alarm(events, log, "anchor", `ledger ${ledger} does not record checkpoints: ${reason}`),
      after,
    }),
  );
  closers.push(() => {
    for (const anchoring of links.anchorings) anchoring.stop();
  });
  const standing = recovered.checkpoint;
  if (standing !== null) for (const anchoring of links.anchorings) anchoring.onCheckpoint(standing.size, standing.note);
  for (const { size } of recovered.anchors) for (const anchoring of links.anchorings) anchoring.onAnchored(size);

  const peers = await openPeers(config, keys, replica, log);
  links.peers = peers;
  closers.push(peers.close);

  const lines: { devices: DeviceLines | null } = { devices: null };
  const status = () =>
    gatewayStatus({
      site,
      gateway: settings.gateway,
      version: VERSION,
      replica,
      peers,
      ingest,
      store,
      devices: () => lines.devices?.health() ?? [],
    });
  const api = await buildApi({
    site,
    gateway: settings.gateway,
    token: keys.token,
    status,
    statementsAfter: store.statementsAfter,
    statement: store.statement,
    receipt: store.receipt,
    twin: store.twin,
    checkpointNote: () => checkpointNote,
    accepted: store.accepted,
    submit: ingest.onMeasurement,
    notReady: () => halted ?? disk.full(),
    notAlive: () => halted,
    failed: (error) => log.alarm(`a request failed: ${error.stack ?? error.message}`),
    events,
    metrics,
    now: Date.now,
  });
  try {
    await api.listen(settings.api);
  } catch (error) {
    throw listenFailure(error, settings.api.host, settings.api.port, "API");
  }
  closers.push(() => api.close());

  lines.devices = await openDeviceLines(config, {
    stream: ingest.onStream,
    status: ingest.onStatus,
    message: ingest.onMessage,
    health: (health) => onHealth(health, events, log),
  });
  // Ingest stops before the lines close, so that what is on its way can still be acknowledged.
  closers.push(lines.devices.close, ingest.stop);
  return config;
}

/** The configuration was checked against the site: every ledger that it names is there (C4). */
function ledgerKeyOf({ site }: GatewayConfig, name: string): string {
  const ledger = site.ledgers.find((candidate) => candidate.name === name);
  if (ledger === undefined)
    throw new Error(`the checked configuration names the ledger ${name}, which is not of site ${site.site}`);
  return ledger.key;
}

/** N2. */
const STAGGER_MS = 150;

function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

function alarm(events: EventBus, log: Log, kind: string, detail: string): void {
  log.alarm(detail);
  events.publish({ event: "alarm", data: { alarm: kind, detail } });
}

/** Measurement -> assessment -> lane. */
function acceptor(options: GatewayOptions, predictor: Predictor, replica: Replica) {
  const alter = options.alter ?? ((draft) => draft);
  return async (measurement: Measurement, writes: Draft["writes"]): Promise<{ readonly number: number }> => {
    const assessment = await assess(predictor, measurement);
    return replica.accept({ ...alter({ measurement, assessment }), writes });
  };
}

async function startIngestOf(parts: {
  readonly config: GatewayConfig;
  readonly store: Store;
  readonly recovered: Recovered;
  readonly accept: ReturnType<typeof acceptor>;
  readonly events: EventBus;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly fail: (error: Error) => void;
  readonly clock: ReturnType<typeof makeFinalityClock>;
  readonly closed: () => string | null;
}): Promise<Ingest> {
  const { config, store, recovered, events, metrics, log } = parts;
  const { site, settings } = config;
  const stations = stationsOf(site, settings.gateway, settings.station.windowMs);
  const memos = new Map<string, Uint8Array>();
  for (const { station } of stations) {
    const bytes = await store.memo(memoKey(station));
    if (bytes !== null) memos.set(station, bytes);
  }
  return startIngest({
    stations,
    accept: parts.accept,
    commit: store.commit,
    accepted: store.accepted,
    decode: (device, frame) => {
      const registered = site.devices.find(({ id }) => id === device);
      if (registered === undefined) return null;
      const decoded = decodeFrame(registered.protocol, frame);
      return decoded.kind === "quantities" ? decoded.quantities : null;
    },
    memos,
    readings: recovered.readings,
    closed: parts.closed,
    now: Date.now,
    events: {
      reading: ({ device, at, quantities }) => {
        if (events.listeners() > 0) events.publish({ event: "reading", data: { device, at, quantities } });
      },
      accepted: ({ item, station, at }, number) => {
        metrics.accepted();
        parts.clock.accepted(number, performance.now());
        if (events.listeners() > 0) {
          events.publish({ event: "measurement", data: { gateway: settings.gateway, number, item, station, at } });
        }
      },
      incomplete: ({ station, item, missing, reason }) => {
        metrics.incomplete();
        const what = item === null ? "a load" : `item ${item}`;
        alarm(
          events,
          log,
          "incomplete",
          `station ${station}: ${what} was not measured, ${missing.join(", ")} missing (${reason})`,
        );
      },
      failed: parts.fail,
    },
  });
}

async function openPeers(config: GatewayConfig, keys: GatewayKeys, replica: Replica, log: Log): Promise<Peers> {
  const { settings, site, self } = config;
  const { host, port, addresses } = settings.peers;
  const nameOf = (peer: number): string => site.gateways[peer]?.name ?? String(peer);
  const seen = new Set<number>();
  try {
    return await startPeers({
      self,
      site,
      listen: { host, port },
      addresses: site.gateways.map(({ name }) => addresses[name] ?? null),
      tls: keys.tls,
      events: {
        message: replica.receive,
        up: (peer) => {
          log.info(`gateway ${nameOf(peer)} ${seen.has(peer) ? "returned" : "is connected"}`);
          seen.add(peer);
          replica.linkUp(peer);
        },
        down: (peer, reason) => {
          log.alarm(`gateway ${nameOf(peer)} left: ${reason}`);
          replica.linkDown(peer);
        },
      },
    });
  } catch (error) {
    throw error instanceof PeersFailure ? error : listenFailure(error, host, port, "peers");
  }
}

function onHealth(health: DeviceHealth, events: EventBus, log: Log): void {
  if (health.state === "online") log.info(`device ${health.device} is online`);
  else if (health.state !== "closed" && health.lastError !== null) alarm(events, log, "device", health.lastError);
}
