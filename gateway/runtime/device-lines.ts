import { resolve } from "node:path";
import {
  type Broker,
  type Device,
  type DeviceHealth,
  type DeviceSettings,
  type LineTransport,
  type ListPorts,
  openDevice,
  type Reading,
  startBroker,
} from "../../devices/index.ts";
import { causeOf, type GatewayConfig, GatewayFailure, type TransportSettings } from "../config/index.ts";
import { type MqttUsers, loadMqttUsers } from "../identity/index.ts";
import type { DeviceFrame } from "../ingest/index.ts";
import type { Displays } from "./displays.ts";

export type DeviceLinesEvents = {
  readonly stream: (frame: DeviceFrame) => void;
  readonly status: (device: string, at: number, status: string) => void;
  /** Resolves = acknowledge. */
  readonly message: (frame: DeviceFrame) => Promise<void>;
  readonly health: (health: DeviceHealth) => void;
};

export type DeviceLines = {
  readonly health: () => readonly DeviceHealth[];
  /** D6: ends the quarantine of a device; null = there is no such device. */
  readonly acknowledge: (device: string) => DeviceHealth | null;
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
  const { config } = parts;
  const broker = await openBroker(config, events);
  const wired = new Map<string, Device>();
  for (const configured of config.settings.devices) {
    const settings = await settingsOf(configured, parts);
    if (settings !== null) wired.set(settings.id, openWired(settings, parts, events));
  }
  const health = (): readonly DeviceHealth[] => [
    ...[...wired.values()].map((device) => device.health()),
    ...(broker?.health() ?? []),
  ];
  return {
    health,
    acknowledge: (id) => {
      wired.get(id)?.acknowledge();
      return health().find(({ device }) => device === id) ?? null;
    },
    close: async () => {
      await Promise.all([...[...wired.values()].map((device) => device.close()), broker?.close()]);
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
      return { kind: "serial", usb: { ...usb, vid: usb.vid.toLowerCase(), pid: usb.pid.toLowerCase() }, ...line };
    }
    case "tcp":
    case "tcp-server":
      return transport;
    case "mqtt":
    case "api":
      return null;
  }
}

/** All readings of a call are of one frame. */
function frameOf(readings: readonly Reading[]): DeviceFrame | null {
  const [first] = readings;
  if (first === undefined) return null;
  return {
    device: first.device,
    at: first.receivedAt,
    frame: first.frame,
    quantities: readings.map(({ quantity }) => quantity),
  };
}

async function openBroker(config: GatewayConfig, events: DeviceLinesEvents): Promise<Broker | null> {
  const { mqtt, devices } = config.settings;
  if (mqtt === undefined) return null;
  const users = await loadMqttUsers(resolve(config.dir, mqtt.users));
  const published = devices.filter(({ transport }) => transport.kind === "mqtt");
  try {
    return await startBroker({
      host: mqtt.host,
      port: mqtt.port,
      devices: published.map(({ id }) => ({
        id,
        username: id,
        password: passwordOf(users, id, mqtt.users),
        protocol: config.site.devices.find((device) => device.id === id)?.protocol ?? "senml-json",
      })),
      onReadings: async (_device, readings) => {
        const frame = frameOf(readings);
        if (frame !== null) await events.message(frame);
      },
      onHealth: events.health,
    });
  } catch (error) {
    throw listenFailure(error, mqtt.host, mqtt.port, "MQTT broker");
  }
}

/** K5: without a password of its own a device cannot come in; an empty one would be a default credential. */
function passwordOf(users: MqttUsers, device: string, file: string): string {
  const password = users[device];
  if (password === undefined) {
    throw new GatewayFailure("CONFIG_WRONG", {
      sentences: [`${file} has no password for device ${device}; add "${device}": "<password>"`],
    });
  }
  return password;
}

/** What a failed listen means to the person who started the gateway. */
export function listenFailure(error: unknown, host: string, port: number, use: string): Error {
  if (error instanceof GatewayFailure) return error;
  const cause = causeOf(error);
  return cause === "EADDRINUSE"
    ? new GatewayFailure("PORT_BUSY", { host, port, use })
    : new GatewayFailure("ADDRESS_UNUSABLE", { host, port, use, cause });
}
