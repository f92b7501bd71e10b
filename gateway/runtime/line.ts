import type { DeviceHealth, ListPorts } from "../../devices/index.ts";
import { currentOf, type Lineage, type Site } from "../../ledger/management/index.ts";
import type { Store } from "../../ledger/store/index.ts";
import type { Measurement } from "../../ledger/statement/index.ts";
import { type GatewayConfig, loadConfig } from "../config/index.ts";
import type { Ingest } from "../ingest/index.ts";
import { StationFailure, stationsOf } from "../station/index.ts";
import { type DeviceLines, openDeviceLines } from "./device-lines.ts";
import { makeDisplays } from "./displays.ts";
import type { Log } from "./log.ts";
import { startMeasuring } from "./measuring.ts";
import { type Observer } from "./observer.ts";

/** N11: the stations with their devices, begun anew when the site has agreed on other devices for this gateway. */
export type Line = {
  readonly submit: (measurement: Measurement, key: string | null) => Promise<{ readonly number: number }>;
  readonly queues: Ingest["queues"];
  readonly health: () => readonly DeviceHealth[];
  /** N12. Null = this gateway has no such device. */
  readonly acknowledge: (device: string) => DeviceHealth | null;
  readonly openDevices: () => Promise<void>;
  /** Another configuration is known. */
  readonly renew: (lineage: Lineage) => void;
  readonly close: () => Promise<void>;
};

type Parts = Omit<Parameters<typeof startMeasuring>[0], "config" | "readings"> & {
  readonly config: GatewayConfig;
  readonly store: Store;
  readonly observer: Observer;
  readonly log: Log;
  readonly listPorts: ListPorts | undefined;
};

export async function startLine(
  parts: Parts,
  readings: Parameters<typeof startMeasuring>[0]["readings"],
): Promise<Line> {
  const { observer, store, listPorts } = parts;
  const displays = makeDisplays(store, observer.fail);
  const tell = makeTeller(observer, parts.log);
  let config = parts.config;
  let ingest = await measure(readings);
  let lines: DeviceLines | null = null;
  let areDevicesOpen = false;
  let closed = false;
  /** One change after the other. */
  let changing: Promise<void> = Promise.resolve();

  function measure(from: typeof readings): Promise<Ingest> {
    const leftOut = (why: string): void => observer.alarm("configuration", why);
    return startMeasuring({ ...parts, readings: from, config: usable(config, leftOut) });
  }

  async function openDevices(): Promise<void> {
    areDevicesOpen = true;
    lines = await openDeviceLines(
      { config: usable(config, () => undefined), displays, listPorts },
      {
        stream: (frame) => ingest.onStream(frame),
        status: (device, at, status) => ingest.onStatus(device, at, status),
        message: (frame) => ingest.onMessage(frame),
        health: tell,
        alarm: (sentence) => observer.alarm("mqtt", sentence),
      },
    );
  }

  /** Ingest stops before the lines close, so that what is on its way can still be acknowledged. */
  async function stop(): Promise<void> {
    await lines?.retire();
    await ingest.stop();
    await lines?.close();
    lines = null;
  }

  async function change(lineage: Lineage): Promise<void> {
    const site = currentOf(lineage);
    if (closed || isSame(config, site)) return;
    const next = await loadConfig(config.dir, lineage).catch((error: unknown) => {
      observer.alarm("configuration", `gateway.yaml does not fit the site's new configuration: ${String(error)}`);
      return { ...config, lineage, site, settings: { ...config.settings, devices: stillRegistered(config, site) } };
    });
    for (const warning of next.warnings) observer.alarm("configuration", warning);
    await stop();
    config = next;
    ingest = await measure((await store.recover()).readings);
    if (areDevicesOpen) await openDevices();
    parts.log.info("the devices of this gateway have changed");
  }

  return {
    submit: async (measurement, key) => {
      await changing;
      return ingest.onMeasurement(measurement, key);
    },
    queues: () => ingest.queues(),
    health: () => lines?.health() ?? [],
    acknowledge: (device) => lines?.acknowledge(device) ?? null,
    openDevices,
    renew: (lineage) => {
      changing = changing.then(() => change(lineage)).catch(observer.fail);
    },
    close: async () => {
      closed = true;
      await changing;
      await stop();
    },
  };
}

/** Whether the gateway has the same stations and devices. */
function isSame({ site, settings }: GatewayConfig, other: Site): boolean {
  const own = (one: Site): string => JSON.stringify(one.devices.filter(({ gateway }) => gateway === settings.gateway));
  return own(site) === own(other);
}

/** C6: what the site has agreed on and no station can be made of is left out and told; only its first configuration must fit. */
function usable(config: GatewayConfig, tell: (sentence: string) => void): GatewayConfig {
  const { site, settings, lineage } = config;
  try {
    stationsOf(site, settings.gateway, settings.station.windowMs);
    return config;
  } catch (error) {
    if (!(error instanceof StationFailure) || lineage.length === 1) throw error;
    tell(error.message);
    const { station } = error.details;
    const devices = site.devices.filter((one) => one.gateway !== settings.gateway || one.station !== station);
    const known = new Set(devices.map(({ id }) => id));
    const kept = settings.devices.filter(({ id }) => known.has(id));
    return usable({ ...config, site: { ...site, devices }, settings: { ...settings, devices: kept } }, tell);
  }
}

function stillRegistered({ settings }: GatewayConfig, site: Site): GatewayConfig["settings"]["devices"] {
  return settings.devices.filter(({ id }) =>
    site.devices.some((device) => device.id === id && device.gateway === settings.gateway),
  );
}

/** Under which name an alarm of a device is raised: what a person would search for. */
const alarmOf = (state: DeviceHealth["state"]): string => {
  switch (state) {
    case "silent":
      return "silence";
    case "garbled":
      return "garbage";
    case "quarantined":
      return "quarantine";
    case "connecting":
    case "online":
    case "wrong-device":
    case "closed":
      return "device";
  }
};

/** A device that is looked for at several ports says other things again and again: each is told once, until it is online. */
const MOST_TOLD = 16;

function makeTeller(observer: Pick<Observer, "alarm">, log: Log): (health: DeviceHealth) => void {
  const told = new Map<string, Set<string>>();
  return ({ device, state, lastError }) => {
    if (state === "online") {
      told.delete(device);
      log.info(`device ${device} is online`);
      return;
    }
    if (state === "closed" || lastError === null) return;
    const sentences = told.get(device) ?? new Set();
    if (sentences.has(lastError) || sentences.size >= MOST_TOLD) return;
    told.set(device, sentences.add(lastError));
    observer.alarm(alarmOf(state), lastError);
  };
}
