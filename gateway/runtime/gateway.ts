import { decodeFrame, type ListPorts } from "../../devices/index.ts";
import { keyIdOf, sign } from "../../ledger/crypto/index.ts";
import { vrfProver } from "../../ledger/crypto/vrf/index.ts";
import { lineageJson, type Site } from "../../ledger/management/index.ts";
import { type Peers, PeersFailure, startPeers } from "../../ledger/peers/index.ts";
import { firstEpoch, type Keys, type Replica, startReplica } from "../../ledger/replica/index.ts";
import { openStore, type Recovered, type Store } from "../../ledger/store/index.ts";
import { type ApiPort, buildApi, makeEventBus, makeMetrics } from "../api/index.ts";
import { falsehood, loadPredictor, shippedModelPath } from "../assess/index.ts";
import { type GatewayConfig, loadConfig, storePathOf } from "../config/index.ts";
import { checkKeys, type GatewayKeys, keySetOf, keysInUse, loadKeySets, markKeysInUse } from "../identity/index.ts";
import { StationFailure, stationsOf } from "../station/index.ts";
import { type Honest, makeAcceptor } from "./acceptor.ts";
import { startAnchorings } from "./anchorings.ts";
import { clockFault } from "./clock.ts";
import { listenFailure } from "./listen-failure.ts";
import { watchDisk } from "./disk-budget.ts";
import { makeInForce } from "./in-force.ts";
import { type Line, startLine } from "./line.ts";
import type { Log } from "./log.ts";
import { cutOffWords, evidenceWords, makeObserver } from "./observer.ts";
import { makeRules, type Rules } from "./rules.ts";
import { configurationShown, configurationWords, deviceStatus, evidenceShown, gatewayStatus } from "./status.ts";
import { VERSION } from "./version.ts";

export type GatewayOptions = {
  readonly dir: string;
  readonly log: Log;
  /** The gateway cannot go on (disk gone, log diverged); the caller ends the process. */
  readonly failed: (error: Error) => void;
  /** What is signed instead of the honest statement: for tests that need a gateway that lies. */
  readonly alter?: (draft: Honest) => Honest;
  /** Instead of the serial ports of this machine: for tests that plug adapters in. */
  readonly listPorts?: ListPorts;
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
  const { config, keys, sets, store, recovered } = ground;
  const { settings, self } = config;
  const { log } = options;

  const bus = makeEventBus();
  const metrics = makeMetrics();
  const inForce = makeInForce(config, (error) => log.alarm(`SITE.json cannot be brought up to date: ${error.message}`));
  const { site } = inForce;
  const checkpointNote = recovered.checkpoint?.note ?? null;
  const observer = makeObserver({ site, self, bus, metrics, log, checkpointNote, failed: options.failed });
  const rules = makeRules(config.dir, (sentence) => observer.alarm("model", sentence));
  closers.push(rules.close, inForce.settled);
  await checkModel(rules, site());
  const disk = await watchDisk({
    store,
    budgetMb: settings.store.budgetMb,
    alarm: (line) => observer.alarm("disk", line),
    failed: observer.fail,
  });
  closers.push(disk.stop);
  // The replica sends before the links are there only at its start, when nobody could be reached anyway.
  const links: { peers: Peers | null; line: Line | null } = { peers: null, line: null };
  const replica = startReplica({
    site: config.lineage[0].site,
    known: config.lineage,
    self,
    store,
    recovered,
    send: (to, message) => void links.peers?.send(to, message),
    queuedBytes: (to) => links.peers?.queuedBytes(to) ?? 0,
    now: Date.now,
    steady: () => Math.floor(performance.timeOrigin + performance.now()),
    after,
    keys: replicaKeys(keys),
    keysOf: (of) => {
      const set = keySetOf(sets, of, settings.gateway);
      return set === null ? null : replicaKeys(set);
    },
    validate: async (lane, statements, of) => (await rules.of(of)).check(lane, statements),
    falsehood: falsehood(decodeFrame),
    events: {
      ...observer.events,
      cutOff: (peer, cutOff) => {
        observer.events.cutOff(peer, cutOff);
        links.peers?.cutOff(peer, cutOff.restMs, cutOffWords(cutOff));
      },
      configured: (lineage) => {
        if (!inForce.learn(lineage)) return;
        log.info(configurationWords(site()));
        links.peers?.reconfigure(site(), (keySetOf(sets, site(), settings.gateway) ?? keys).tls);
        links.line?.renew(lineage);
      },
    },
  });
  closers.push(replica.stop);
  for (const kept of evidenceShown(replica, site())) log.alarm(`known since before: ${evidenceWords(kept)}`);
  for (const warning of config.warnings) observer.alarm("configuration", warning);
  const anchorings = startAnchorings({ config, store, recovered, replica, alarm: observer.alarm, after });
  observer.attach({ replica, anchorings });
  closers.push(() => anchorings.forEach((anchoring) => anchoring.stop()));

  const closed = (): string | null => observer.halted() ?? disk.full() ?? clockFault(Date.now()) ?? replica.closed();
  const unset = clockFault(Date.now());
  if (unset !== null) observer.alarm("clock", unset);
  const accept = makeAcceptor({ alter: options.alter ?? ((draft) => draft), self, rules, replica });
  const { listPorts } = options;
  const line = await startLine(
    { config, store, accept, bus, metrics, observer, closed, log, listPorts },
    recovered.readings,
  );
  links.line = line;
  closers.push(line.close);

  const peers = await openPeers(config, site, keys, replica, log);
  links.peers = peers;
  closers.push(peers.close);

  const status = () =>
    gatewayStatus({
      site: site(),
      gateway: settings.gateway,
      version: VERSION,
      replica,
      peers,
      line,
      store,
      devices: line.health,
    });
  await openApi(config, closers, {
    ...storeReads(store),
    get site() {
      return site();
    },
    siteJson: () => lineageJson(inForce.lineage()),
    gateway: settings.gateway,
    token: keys.token,
    status,
    checkpointNote: observer.checkpointNote,
    evidence: () => evidenceShown(replica, site()),
    evidenceFile: async (id) => {
      const found = replica.evidence().find((one) => one.id === id);
      return found === undefined ? null : store.evidence(found.gateway, found.fault, found.about);
    },
    configuration: () => configurationShown(replica),
    propose: async (to) => (await faultOfRules(rules, to)) ?? replica.propose(to),
    approve: async (configHash) => {
      const proposed = replica.status().successors.find(({ site: to }) => to.configHash === configHash);
      return (proposed && (await faultOfRules(rules, proposed.site))) ?? replica.approve(configHash);
    },
    submit: line.submit,
    acknowledge: (device) => {
      const health = line.acknowledge(device);
      return health === null ? null : deviceStatus(health, site());
    },
    notReady: closed,
    notAlive: observer.halted,
    failed: (error) => log.alarm(`a request failed: ${error.stack ?? error.message}`),
    events: bus,
    metrics,
    now: Date.now,
  });

  await line.openDevices();
  // Before the API: what is on its way can still be acknowledged.
  closers.push(line.close);
  return config;
}

/** What everything else stands on. */
type Ground = {
  readonly config: GatewayConfig;
  /** Those that the newest configuration names; otherwise the first. */
  readonly keys: GatewayKeys;
  readonly sets: readonly GatewayKeys[];
  readonly store: Store;
  readonly recovered: Recovered;
};

async function openGround({ dir }: GatewayOptions, closers: Closers): Promise<Ground> {
  const config = await loadConfig(dir);
  const { settings, site, lineage, self } = config;
  const sets = await loadKeySets(config.dir);
  const [first] = sets as [GatewayKeys, ...GatewayKeys[]];
  const keys = keySetOf(sets, site, settings.gateway) ?? first;
  checkKeys(keys, site, settings.gateway, config.dir);
  const store = await openStore({
    path: storePathOf(config),
    site: site.site,
    gateway: settings.gateway,
    lanes: lineage[0].site.gateways.length,
    // K6: keys that have signed vote again only with the store that knows what.
    mayCreate: !(await keysInUse(config.dir, keys)),
  });
  closers.push(store.close);
  await markKeysInUse(config.dir, keys);
  if ((await store.recover()).epochs.length === 0) await store.commit([firstEpoch(lineage[0].site, self)]);
  return { config, keys, sets, store, recovered: await store.recover() };
}

/** A start without the model of the site is refused; once it runs, N10 waits for it. */
async function checkModel(rules: Rules, site: Site): Promise<void> {
  if ((await rules.modelPath(site.model.sha256)) !== null) return;
  const predictor = await loadPredictor({ modelPath: shippedModelPath, expectedSha256: site.model.sha256 });
  await predictor.close();
}

/** N10: nobody agrees to what would leave this gateway without a judgement, or to a station that measures nothing. */
async function faultOfRules(rules: Rules, site: Site): Promise<string | null> {
  const fault = await rules.fault(site);
  if (fault !== null) return fault;
  try {
    for (const { name } of site.gateways) stationsOf(site, name, 0);
    return null;
  } catch (error) {
    if (error instanceof StationFailure) return `${error.message}.`;
    throw error;
  }
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

async function openPeers(
  { settings, self, lineage }: GatewayConfig,
  site: () => Site,
  keys: GatewayKeys,
  replica: Replica,
  log: Log,
): Promise<Peers> {
  const { host, port, addresses } = settings.peers;
  const nameOf = (peer: number): string => site().gateways[peer]?.name ?? String(peer);
  const seen = new Set<number>();
  let closing = false;
  try {
    const peers = await startPeers({
      self,
      site: site(),
      founders: lineage[0].site.gateways.length,
      listen: { host, port },
      addresses: site().gateways.map(({ name }) => addresses[name] ?? null),
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
