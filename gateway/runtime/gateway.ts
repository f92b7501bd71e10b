import { decodeFrame, type DeviceHealth } from "../../devices/index.ts";
import { keyIdOf, sign } from "../../ledger/crypto/index.ts";
import { vrfProver } from "../../ledger/crypto/vrf/index.ts";
import { type Peers, PeersFailure, startPeers } from "../../ledger/peers/index.ts";
import { type Keys, type Replica, startReplica } from "../../ledger/replica/index.ts";
import { openStore, type Recovered, type Store } from "../../ledger/store/index.ts";
import { type ApiPort, buildApi, makeEventBus, makeMetrics } from "../api/index.ts";
import { falsehood, loadPredictor, patient, type Predictor, recheck, shippedModelPath } from "../assess/index.ts";
import { type GatewayConfig, loadConfig, storePathOf } from "../config/index.ts";
import { checkKeys, type GatewayKeys, keysInUse, loadKeys, markKeysInUse } from "../identity/index.ts";
import { type Honest, makeAcceptor } from "./acceptor.ts";
import { startAnchorings } from "./anchorings.ts";
import { clockFault } from "./clock.ts";
import { type DeviceLines, listenFailure, openDeviceLines } from "./device-lines.ts";
import { watchDisk } from "./disk-budget.ts";
import type { Log } from "./log.ts";
import { startMeasuring } from "./measuring.ts";
import { cutOffWords, evidenceWords, makeObserver, type Observer } from "./observer.ts";
import { evidenceShown, gatewayStatus } from "./status.ts";
import { VERSION } from "./version.ts";

export type GatewayOptions = {
  readonly dir: string;
  readonly log: Log;
  /** The gateway cannot go on (disk gone, log diverged); the caller ends the process. */
  readonly failed: (error: Error) => void;
  /** What is signed instead of the honest statement: for tests that need a gateway that lies. */
  readonly alter?: (draft: Honest) => Honest;
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
  const { config, keys, predictor, store, recovered } = ground;
  const { settings, site, self } = config;
  const { log } = options;

  const bus = makeEventBus();
  const metrics = makeMetrics();
  const checkpointNote = recovered.checkpoint?.note ?? null;
  const observer = makeObserver({ site, self, bus, metrics, log, checkpointNote, failed: options.failed });
  const disk = await watchDisk({
    store,
    budgetMb: settings.store.budgetMb,
    alarm: (line) => observer.alarm("disk", line),
    failed: observer.fail,
  });
  closers.push(disk.stop);
  const check = patient(recheck({ site, predictor, decodeFrame }));
  // The replica sends before the links are there only at its start, when nobody could be reached anyway.
  const links: { peers: Peers | null } = { peers: null };
  const replica = startReplica({
    site,
    self,
    store,
    recovered,
    send: (to, message) => void links.peers?.send(to, message),
    queuedBytes: (to) => links.peers?.queuedBytes(to) ?? 0,
    now: Date.now,
    steady: () => Math.floor(performance.timeOrigin + performance.now()),
    after,
    keys: replicaKeys(keys),
    validate: check,
    falsehood: falsehood(decodeFrame),
    events: {
      ...observer.events,
      cutOff: (peer, cutOff) => {
        observer.events.cutOff(peer, cutOff);
        links.peers?.cutOff(peer, cutOff.restMs, cutOffWords(cutOff));
      },
    },
  });
  closers.push(replica.stop);
  for (const kept of evidenceShown(replica, site)) log.alarm(`known since before: ${evidenceWords(kept)}`);
  const anchorings = startAnchorings({ config, store, recovered, replica, alarm: observer.alarm, after });
  observer.attach({ replica, anchorings });
  closers.push(() => anchorings.forEach((anchoring) => anchoring.stop()));

  const closed = (): string | null => observer.halted() ?? disk.full() ?? clockFault(Date.now());
  const unset = clockFault(Date.now());
  if (unset !== null) observer.alarm("clock", unset);
  const accept = makeAcceptor({ alter: options.alter ?? ((draft) => draft), self, predictor, check, replica });
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
    evidence: () => evidenceShown(replica, site),
    evidenceFile: async (id) => {
      const found = replica.evidence().find((one) => one.id === id);
      return found === undefined ? null : store.evidence(found.gateway, found.fault, found.about);
    },
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
};

async function openGround({ dir }: GatewayOptions, closers: Closers): Promise<Ground> {
  const config = await loadConfig(dir);
  const { settings, site } = config;
  const keys = await loadKeys(config.dir);
  checkKeys(keys, site, settings.gateway, config.dir);
  const predictor = await loadPredictor({ modelPath: shippedModelPath, expectedSha256: site.model.sha256 });
  closers.push(predictor.close);
  const store = await openStore({
    path: storePathOf(config),
    site: site.site,
    gateway: settings.gateway,
    lanes: site.gateways.length,
    // K6: keys that have signed vote again only with the store that knows what.
    mayCreate: !(await keysInUse(config.dir)),
  });
  closers.push(store.close);
  await markKeysInUse(config.dir);
  const recovered = await store.recover();
  return { config, keys, predictor, store, recovered };
}

const replicaKeys = ({ identity, checkpoint }: GatewayKeys): Keys => ({
  sign: (message) => sign(identity, message),
  prove: vrfProver(identity),
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
  if (ms <= 0) {
    // A timer would wait for a millisecond.
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  }
  const timer = setTimeout(run, ms);
  return () => clearTimeout(timer);
}

async function openPeers(config: GatewayConfig, keys: GatewayKeys, replica: Replica, log: Log): Promise<Peers> {
  const { settings, site, self } = config;
  const { host, port, addresses } = settings.peers;
  const nameOf = (peer: number): string => site.gateways[peer]?.name ?? String(peer);
  const seen = new Set<number>();
  let closing = false;
  try {
    const peers = await startPeers({
      self,
      site,
      listen: { host, port },
      addresses: site.gateways.map(({ name }) => addresses[name] ?? null),
      tls: keys.tls,
      events: {
        message: replica.receive,
        misbehaved: replica.misbehaved,
        up: (peer) => {
          log.info(`gateway ${nameOf(peer)} ${seen.has(peer) ? "returned" : "is connected"}`);
          seen.add(peer);
          replica.linkUp(peer);
        },
        down: (peer, reason) => {
          // It is this gateway that leaves.
          if (!closing) log.alarm(`gateway ${nameOf(peer)} left: ${reason}`);
          replica.linkDown(peer);
        },
      },
    });
    const close = (): Promise<void> => {
      closing = true;
      return peers.close();
    };
    return { ...peers, close };
  } catch (error) {
    throw error instanceof PeersFailure ? error : listenFailure(error, host, port, "peers");
  }
}

function onHealth(health: DeviceHealth, observer: Observer, log: Log): void {
  if (health.state === "online") log.info(`device ${health.device} is online`);
  else if (health.state !== "closed" && health.lastError !== null) observer.alarm("device", health.lastError);
}
