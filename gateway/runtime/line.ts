import type { DeviceHealth } from "../../devices/index.ts";
import type { Site } from "../../ledger/management/index.ts";
import type { Store } from "../../ledger/store/index.ts";
import type { Measurement } from "../../ledger/statement/index.ts";
import { type GatewayConfig, loadConfig } from "../config/index.ts";
import type { Ingest } from "../ingest/index.ts";
import { stationsOf } from "../station/index.ts";
import { type DeviceLines, openDeviceLines } from "./device-lines.ts";
import type { Log } from "./log.ts";
import { startMeasuring } from "./measuring.ts";
import { type Observer } from "./observer.ts";

/** N11: the stations with their devices, begun anew when the site has agreed on other devices for this gateway. */
export type Line = {
  readonly submit: (measurement: Measurement, key: string | null) => Promise<{ readonly number: number }>;
  readonly queues: Ingest["queues"];
  readonly health: () => readonly DeviceHealth[];
  readonly openDevices: () => Promise<void>;
  /** Another configuration is known. */
  readonly renew: (site: Site) => void;
  readonly close: () => Promise<void>;
};

type Parts = Omit<Parameters<typeof startMeasuring>[0], "config" | "readings"> & {
  readonly config: GatewayConfig;
  readonly store: Store;
  readonly observer: Observer;
  readonly log: Log;
};

export async function startLine(
  parts: Parts,
  readings: Parameters<typeof startMeasuring>[0]["readings"],
): Promise<Line> {
  const { observer, store } = parts;
  let config = parts.config;
  let ingest = await startMeasuring({ ...parts, config, readings });
  let lines: DeviceLines | null = null;
  let areDevicesOpen = false;
  let closed = false;
  /** One change after the other. */
  let changing: Promise<void> = Promise.resolve();

  async function openDevices(): Promise<void> {
    areDevicesOpen = true;
    lines = await openDeviceLines(config, {
      stream: (frame) => ingest.onStream(frame),
      status: (device, at, status) => ingest.onStatus(device, at, status),
      message: (frame) => ingest.onMessage(frame),
      health: (health) => tell(health, observer, parts.log),
    });
  }

  /** Ingest stops before the lines close, so that what is on its way can still be acknowledged. */
  async function stop(): Promise<void> {
    await ingest.stop();
    await lines?.close();
    lines = null;
  }

  async function change(site: Site): Promise<void> {
    if (closed || isSame(config, site)) return;
    const next = await loadConfig(config.dir).catch((error: unknown) => {
      observer.alarm("configuration", `gateway.yaml does not fit the site's new configuration: ${String(error)}`);
      return { ...config, site, settings: { ...config.settings, devices: stillRegistered(config, site) } };
    });
    for (const warning of next.warnings) observer.alarm("configuration", warning);
    await stop();
    config = { ...next, site };
    ingest = await startMeasuring({ ...parts, config, readings: (await store.recover()).readings });
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
    openDevices,
    renew: (site) => {
      changing = changing.then(() => change(site)).catch(observer.fail);
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
  const stations = (one: Site): string => JSON.stringify(stationsOf(one, settings.gateway, settings.station.windowMs));
  return stations(site) === stations(other);
}

function stillRegistered({ settings }: GatewayConfig, site: Site): GatewayConfig["settings"]["devices"] {
  return settings.devices.filter(({ id }) =>
    site.devices.some((device) => device.id === id && device.gateway === settings.gateway),
  );
}

function tell(health: DeviceHealth, observer: Observer, log: Log): void {
  if (health.state === "online") log.info(`device ${health.device} is online`);
  else if (health.state !== "closed" && health.lastError !== null) observer.alarm("device", health.lastError);
}
