import { resolve } from "node:path";
import {
  type Broker,
  type Device,
  type DeviceHealth,
  type DeviceSettings,
  openDevice,
  type Reading,
  startBroker,
} from "../../devices/index.ts";
import type { SiteDevice } from "../../ledger/management/index.ts";
import { causeOf, type GatewayConfig, GatewayFailure, type TransportSettings } from "../config/index.ts";
import { type MqttUsers, loadMqttUsers } from "../identity/index.ts";
import type { DeviceFrame } from "../ingest/index.ts";

export type DeviceLinesEvents = {
  readonly stream: (frame: DeviceFrame) => void;
  readonly status: (device: string, at: number, status: string) => void;
  /** Resolves = acknowledge. */
  readonly message: (frame: DeviceFrame) => Promise<void>;
  readonly health: (health: DeviceHealth) => void;
};

export type DeviceLines = {
  readonly health: () => readonly DeviceHealth[];
  readonly close: () => Promise<void>;
};

/** Opens every configured device and, where one is configured, the MQTT broker. Throws GatewayFailure. */
export async function openDeviceLines(config: GatewayConfig, events: DeviceLinesEvents): Promise<DeviceLines> {
  const broker = await openBroker(config, events);
  const wired = config.settings.devices.flatMap(({ id, transport }): Device[] => {
    const registered = config.site.devices.find((device) => device.id === id);
    const settings = registered === undefined ? null : settingsOf(registered, transport, config.dir);
    if (settings === null) return [];
    // A dimensioner speaks once an item over a line that cannot acknowledge; it is told apart in gateway/station.
    return [
      openDevice(settings, {
        readings: (readings) => {
          const frame = frameOf(readings);
          if (frame !== null) events.stream(frame);
        },
        status: ({ device, at, status }) => events.status(device, at, status),
        health: events.health,
      }),
    ];
  });
  return {
    health: () => [...wired.map((device) => device.health()), ...(broker?.health() ?? [])],
    close: async () => {
      await Promise.all([...wired.map((device) => device.close()), broker?.close()]);
    },
  };
}

function settingsOf(registered: SiteDevice, transport: TransportSettings, dir: string): DeviceSettings | null {
  const { id, protocol, settings } = registered;
  const device = { id, protocol, ...(settings === undefined ? {} : { settings }) };
  switch (transport.kind) {
    case "serial":
      return {
        ...device,
        transport: { kind: "serial", path: resolve(dir, transport.path), baudRate: transport.baudRate },
      };
    case "tcp":
      return { ...device, transport };
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
