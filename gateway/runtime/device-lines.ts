import { resolve } from "node:path";
import {
  type Device,
  type DeviceHealth,
  type DeviceSettings,
  type LineTransport,
  type ListPorts,
  openDevice,
} from "../../devices/index.ts";
import type { GatewayConfig, TransportSettings } from "../config/index.ts";
import type { DeviceFrame } from "../ingest/index.ts";
import type { Displays } from "./displays.ts";
import { frameOf, openMqttLines } from "./mqtt-lines.ts";

export type DeviceLinesEvents = {
  readonly stream: (frame: DeviceFrame) => void;
  readonly status: (device: string, at: number, status: string) => void;
  /** Resolves = acknowledge. */
  readonly message: (frame: DeviceFrame) => Promise<void>;
  readonly health: (health: DeviceHealth) => void;
  /** What nobody asks for and a person should know. */
  readonly alarm: (sentence: string) => void;
};

export type DeviceLines = {
  readonly health: () => readonly DeviceHealth[];
  /** D6: ends the quarantine of a device; null = there is no such device. */
  readonly acknowledge: (device: string) => DeviceHealth | null;
  /** To be called while everything is still taken: tells Sparkplug's edge nodes that they shall keep their data. */
  readonly retire: () => Promise<void>;
  readonly close: () => Promise<void>;
};

type Parts = {
  readonly config: GatewayConfig;
  readonly displays: Displays;
  /** Instead of the serial ports of this machine. */
  readonly listPorts: ListPorts | undefined;
};

/** Opens every configured device and, where one is configured, the MQTT broker. Throws GatewayFailure. */
export async function openDeviceLines(parts: Parts, events: DeviceLinesEvents): Promise<DeviceLines> {
  const { config, displays } = parts;
  const published = await openMqttLines(config, displays, events);
  const wired = new Map<string, Device>();
  for (const configured of config.settings.devices) {
    const settings = await settingsOf(configured, parts);
    if (settings !== null) wired.set(settings.id, openWired(settings, parts, events));
  }
  const health = (): readonly DeviceHealth[] => [
    ...[...wired.values()].map((device) => device.health()),
    ...(published?.health() ?? []),
  ];
  return {
    health,
    acknowledge: (id) => {
      wired.get(id)?.acknowledge();
      published?.acknowledge(id);
      return health().find(({ device }) => device === id) ?? null;
    },
    retire: async () => published?.retire(),
    close: async () => {
      await Promise.all([...[...wired.values()].map((device) => device.close()), published?.close()]);
    },
  };
}

/** A dimensioner speaks once an item over a line that cannot acknowledge; it is told apart in gateway/station. */
const openWired = (settings: DeviceSettings, { displays }: Parts, events: DeviceLinesEvents): Device =>
  openDevice(settings, {
    readings: (readings) => {
      const frame = frameOf(readings);
      if (frame !== null) events.stream(frame);
    },
    status: ({ device, at, status }) => events.status(device, at, status),
    health: events.health,
    remember: (memory) => displays.remember(settings.id, memory),
  });

/** Null = it does not come over a line of its own, or is not registered. */
async function settingsOf(
  configured: GatewayConfig["settings"]["devices"][number],
  { config, displays, listPorts }: Parts,
): Promise<DeviceSettings | null> {
  const { id, serial, silentAfterMs } = configured;
  const registered = config.site.devices.find((device) => device.id === id);
  const transport = lineOf(configured.transport, config.dir);
  if (registered === undefined || transport === null) return null;
  const display = await displays.of(id);
  return {
    id,
    protocol: registered.protocol,
    transport,
    ...(registered.settings === undefined ? {} : { settings: registered.settings }),
    ...(serial === undefined ? {} : { serial }),
    ...(silentAfterMs === undefined ? {} : { timing: { silentAfterMs } }),
    ...(display === null ? {} : { display }),
    ...(listPorts === undefined ? {} : { listPorts }),
  };
}

/** Null = it does not come over a byte line. */
export function lineOf(transport: TransportSettings, dir: string): LineTransport | null {
  switch (transport.kind) {
    case "serial": {
      const { path, usb, kind: _, ...line } = transport;
      if (usb === undefined) return { kind: "serial", path: resolve(dir, path ?? ""), ...line };
      return { kind: "serial", usb: lowered(usb), ...line };
    }
    case "hid": {
      const { path, usb } = transport;
      return usb === undefined ? { kind: "hid", path: resolve(dir, path ?? "") } : { kind: "hid", usb: lowered(usb) };
    }
    case "tcp":
    case "tcp-server":
    case "http":
      return transport;
    case "mqtt":
    case "sparkplug":
    case "api":
      return null;
  }
}

const lowered = <Usb extends { readonly vid: string; readonly pid: string }>(usb: Usb): Usb => ({
  ...usb,
  vid: usb.vid.toLowerCase(),
  pid: usb.pid.toLowerCase(),
});
