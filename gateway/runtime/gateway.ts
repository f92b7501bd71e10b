import { resolve } from "node:path";
import { decodeFrame, type DeviceHealth } from "../../devices/index.ts";
import { keyIdOf, sign } from "../../ledger/crypto/index.ts";
import { type Peers, PeersFailure, startPeers } from "../../ledger/peers/index.ts";
import { type Draft, type Keys, type Replica, startReplica } from "../../ledger/replica/index.ts";
import { openStore, type Recovered, type Store } from "../../ledger/store/index.ts";
import type { Assessment, Measurement } from "../../ledger/statement/index.ts";
import { type ApiPort, buildApi, makeEventBus, makeMetrics } from "../api/index.ts";
import { assess, loadPredictor, type Predictor, recheck, shippedModelPath } from "../assess/index.ts";
import { type GatewayConfig, loadConfig } from "../config/index.ts";
import { checkKeys, type GatewayKeys, loadKeys } from "../identity/index.ts";
import { startAnchorings } from "./anchorings.ts";
import { type DeviceLines, listenFailure, openDeviceLines } from "./device-lines.ts";
import { type DiskBudget, watchDisk } from "./disk-budget.ts";
import type { Log } from "./log.ts";
import { startMeasuring } from "./measuring.ts";
import { makeObserver, type Observer } from "./observer.ts";
import { gatewayStatus } from "./status.ts";
import { VERSION } from "./version.ts";

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
  const ground = await openGround(options, closers);
  const { config, keys, predictor, store, recovered, disk } = ground;
  const { settings, site, self } = config;
  const { log } = options;

  const bus = makeEventBus();
  const metrics = makeMetrics();
  const checkpointNote = recovered.checkpoint?.note ?? null;
  const observer = makeObserver({ site, self, bus, metrics, log, checkpointNote, failed: options.failed });
  // The replica sends before the links are there only at its start, when nobody could be reached anyway.
  const links: { peers: Peers | null } = { peers: null };
  const replica = startReplica({
    site,
    self,
    store,
    recovered,
    send: (to, message) => void links.peers?.send(to, message),
    now: Date.now,
    after,
    keys: replicaKeys(keys),
    validate: recheck({ site, predictor, decodeFrame }),
    events: observer.events,
  });
  closers.push(replica.stop);
  const anchorings = startAnchorings({ config, store, recovered, replica, alarm: observer.alarm, after });
  observer.attach({ replica, anchorings });
  closers.push(() => anchorings.forEach((anchoring) => anchoring.stop()));

  const closed = (): string | null => observer.halted() ?? disk.full();
  const accept = acceptor(options, predictor, replica);
  const ingest = await startMeasuring({ config, store, recovered, accept, bus, metrics, observer, closed });
  closers.push(ingest.stop);

  const peers = await openPeers(config, keys, replica, log);
  links.peers = peers;
  closers.push(peers.close);

  const lines: { devices: DeviceLines | null } = { devices: null };
  const devices = (): readonly DeviceHealth[] => lines.devices?.health() ?? [];
  const status = () =>
    gatewayStatus({ site, gateway: settings.gateway, version: VERSION, replica, peers, ingest, store, devices });
  const { token } = keys;
  await openApi(config, closers, {
    ...storeReads(store),
    site,
    gateway: settings.gateway,
    token,
    status,
    checkpointNote: observer.checkpointNote,
    submit: ingest.onMeasurement,
    notReady: closed,
    notAlive: observer.halted,
    failed: (error) => log.alarm(`a request failed: ${error.stack ?? error.message}`),
    events: bus,
    metrics,
    now: Date.now,
  });

  lines.devices = await openDeviceLines(config, {
    stream: ingest.onStream,
    status: ingest.onStatus,
    message: ingest.onMessage,
    health: (health) => onHealth(health, observer, log),
  });
  // Ingest stops before the lines close, so that what is on its way can still be acknowledged.
  closers.push(lines.devices.close, ingest.stop);
  return config;
}

/** What everything else stands on. */
type Ground = {
  readonly config: GatewayConfig;
  readonly keys: GatewayKeys;
  readonly predictor: Predictor;
  readonly store: Store;
  readonly recovered: Recovered;
  readonly disk: DiskBudget;
};

async function openGround({ dir, log }: GatewayOptions, closers: Closers): Promise<Ground> {
  const config = await loadConfig(dir);
  const { settings, site } = config;
  const keys = await loadKeys(config.dir);
  checkKeys(keys, site, settings.gateway, config.dir);
  const predictor = await loadPredictor({ modelPath: shippedModelPath, expectedSha256: site.model.sha256 });
  closers.push(predictor.close);
  const path = resolve(config.dir, settings.store.path);
  const store = await openStore({ path, site: site.site, gateway: settings.gateway, lanes: site.gateways.length });
  closers.push(store.close);
  const recovered = await store.recover();
  const disk = watchDisk(store, settings.store.budgetMb, log.alarm);
  closers.push(disk.stop);
  return { config, keys, predictor, store, recovered, disk };
}

const replicaKeys = ({ identity, checkpoint }: GatewayKeys): Keys => ({
  sign: (message) => sign(identity, message),
  keyId: keyIdOf(identity.publicKey.raw),
  cosign: (message) => sign(checkpoint, message),
});

const storeReads = ({ statementsAfter, statement, receipt, twin, accepted }: Store) => ({
  statementsAfter,
  statement,
  receipt,
  twin,
  accepted,
});

async function openApi({ settings }: GatewayConfig, closers: Closers, port: ApiPort): Promise<void> {
  const api = await buildApi(port);
  try {
    await api.listen(settings.api);
  } catch (error) {
    throw listenFailure(error, settings.api.host, settings.api.port, "API");
  }
  closers.push(() => api.close());
}

function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

/** Measurement -> assessment -> lane. */
function acceptor(options: GatewayOptions, predictor: Predictor, replica: Replica) {
  const alter = options.alter ?? ((draft) => draft);
  return async (measurement: Measurement, writes: Draft["writes"]): Promise<{ readonly number: number }> => {
    const assessment = await assess(predictor, measurement);
    return replica.accept({ ...alter({ measurement, assessment }), writes });
  };
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

function onHealth(health: DeviceHealth, observer: Observer, log: Log): void {
  if (health.state === "online") log.info(`device ${health.device} is online`);
  else if (health.state !== "closed" && health.lastError !== null) observer.alarm("device", health.lastError);
}
