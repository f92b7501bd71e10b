import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type Broker,
  type BrokerPlace,
  type ExternalBroker,
  filtersOf,
  openExternalBroker,
  type PublishedSettings,
  type Reading,
  readingsTopic,
  type SparkplugOptions,
  startBroker,
} from "../../devices/index.ts";
import { causeOf, type GatewayConfig, GatewayFailure, type TransportSettings } from "../config/index.ts";
import { type MqttUsers, loadMqttUsers, readSecret } from "../identity/index.ts";
import type { DeviceFrame } from "../ingest/index.ts";
import type { DeviceLinesEvents } from "./device-lines.ts";
import type { Displays } from "./displays.ts";
import { listenFailure } from "./listen-failure.ts";

export type MqttLines = Pick<Broker, "health" | "acknowledge" | "retire" | "close">;
type MqttSettings = NonNullable<GatewayConfig["settings"]["mqtt"]>;
type Sparkplug = NonNullable<SparkplugOptions["devices"][number]>;

/** The devices that publish: on a broker of our own, or on one elsewhere. Null = none is configured. Throws GatewayFailure. */
export async function openMqttLines(
  config: GatewayConfig,
  displays: Displays,
  events: DeviceLinesEvents,
): Promise<MqttLines | null> {
  const { mqtt } = config.settings;
  if (mqtt === undefined) return null;
  const devices = await publishedOf(config, displays);
  const common = {
    onReadings: async (_device: string, readings: readonly Reading[]) => {
      const frame = frameOf(readings);
      if (frame !== null) await events.message(frame);
    },
    onHealth: events.health,
    onRemember: displays.remember,
  };
  return mqtt.external === undefined
    ? openOwn(config, mqtt, devices, common)
    : openElsewhere(config, mqtt.external, mqtt, devices, { ...common, onAlarm: events.alarm });
}

/** All readings of a call are of one frame. */
export function frameOf(readings: readonly Reading[]): DeviceFrame | null {
  const [first] = readings;
  if (first === undefined) return null;
  return {
    device: first.device,
    at: first.receivedAt,
    frame: first.frame,
    quantities: readings.map(({ quantity }) => quantity),
  };
}

type Published = {
  readonly plain: readonly (PublishedSettings & { readonly topic?: string })[];
  readonly sparkplug: readonly Sparkplug[];
};

async function publishedOf({ settings, site }: GatewayConfig, displays: Displays): Promise<Published> {
  const plain: (PublishedSettings & { readonly topic?: string })[] = [];
  const sparkplug: Sparkplug[] = [];
  for (const { id, transport } of settings.devices) {
    const registered = site.devices.find((device) => device.id === id);
    if (registered === undefined) continue;
    const display = await displays.of(id);
    const device: PublishedSettings = {
      id,
      protocol: registered.protocol,
      ...(registered.settings === undefined ? {} : { settings: registered.settings }),
      ...(display === null ? {} : { display }),
    };
    if (transport.kind === "mqtt") plain.push({ ...device, ...topicOf(transport) });
    if (transport.kind === "sparkplug") {
      const { group, node, device: name = null } = transport;
      sparkplug.push({ ...device, address: { group, node, device: name } });
    }
  }
  return { plain, sparkplug };
}

/** Every topic filter that the configured devices need. */
export const topicsOf = (devices: GatewayConfig["settings"]["devices"]): readonly string[] =>
  devices.flatMap(({ id, transport }) => {
    if (transport.kind === "mqtt") return [transport.topic ?? readingsTopic(id)];
    return transport.kind === "sparkplug" ? filtersOf(transport) : [];
  });

const topicOf = ({ topic }: Extract<TransportSettings, { kind: "mqtt" }>): { readonly topic?: string } =>
  topic === undefined ? {} : { topic };

function sparkplugOf(
  { site, settings }: GatewayConfig,
  { sparkplug }: MqttSettings,
  devices: readonly Sparkplug[],
): Pick<SparkplugOptions, "hostId" | "timing" | "devices"> {
  const hostId = sparkplug.hostId ?? `${site.site}-${settings.gateway}`;
  return { hostId, timing: { ...SPARKPLUG_TIMING, reorderMs: sparkplug.reorderMs }, devices };
}

/** SP14. */
const SPARKPLUG_TIMING = { rebirthMs: 10_000, graceMs: 2_000 };

async function openOwn(
  config: GatewayConfig,
  mqtt: MqttSettings,
  { plain, sparkplug }: Published,
  events: Pick<Parameters<typeof startBroker>[0], "onReadings" | "onHealth" | "onRemember">,
): Promise<MqttLines> {
  const users = await loadMqttUsers(resolve(config.dir, mqtt.users));
  const { port = 0 } = mqtt;
  const addresses = new Map(sparkplug.map(({ address: { group, node } }) => [`${group}/${node}`, { group, node }]));
  try {
    return await startBroker({
      host: mqtt.host,
      port,
      devices: plain.map((device) => ({
        ...device,
        username: device.id,
        password: passwordOf(users, device.id, mqtt.users),
      })),
      ...(sparkplug.length === 0
        ? {}
        : {
            sparkplug: {
              ...sparkplugOf(config, mqtt, sparkplug),
              nodes: [...addresses].map(([username, node]) => ({
                ...node,
                username,
                password: passwordOf(users, username, mqtt.users),
              })),
            },
          }),
      ...events,
    });
  } catch (error) {
    throw listenFailure(error, mqtt.host, port, "MQTT broker");
  }
}

/** K5: without a password of its own nobody can come in; an empty one would be a default credential. */
function passwordOf(users: MqttUsers, user: string, file: string): string {
  const password = users[user];
  if (password === undefined) {
    throw new GatewayFailure("CONFIG_WRONG", {
      sentences: [`${file} has no password for ${user}; add "${user}": "<password>"`],
    });
  }
  return password;
}

function openElsewhere(
  config: GatewayConfig,
  external: NonNullable<MqttSettings["external"]>,
  mqtt: MqttSettings,
  { plain, sparkplug }: Published,
  events: Pick<Parameters<typeof openExternalBroker>[0], "onReadings" | "onHealth" | "onRemember" | "onAlarm">,
): Promise<ExternalBroker> {
  return placeOf(config, external).then((place) =>
    openExternalBroker({
      place,
      devices: plain,
      ...(sparkplug.length === 0 ? {} : { sparkplug: sparkplugOf(config, mqtt, sparkplug) }),
      ...events,
    }),
  );
}

/** E4: with the secrets and certificates that gateway.yaml names. Throws GatewayFailure. */
export async function placeOf(
  { dir, site, settings }: GatewayConfig,
  external: NonNullable<MqttSettings["external"]>,
): Promise<BrokerPlace> {
  const { url, version, clientId, user, passwordFile, ca, cert, key } = external;
  const login =
    user === undefined || passwordFile === undefined
      ? null
      : { username: user, password: await readNamed(dir, passwordFile, "mqtt.external.passwordFile") };
  const identity =
    cert === undefined || key === undefined
      ? null
      : { cert: await readPem(dir, cert, "mqtt.external.cert"), key: await readNamed(dir, key, "mqtt.external.key") };
  return {
    url,
    version: version === 5 ? "5" : version,
    clientId: clientId ?? `tallystick-${site.site}-${settings.gateway}`,
    login,
    ca: ca === undefined ? null : await readPem(dir, ca, "mqtt.external.ca"),
    identity,
  };
}

/** K3: a secret of its own file, without the line end that an editor leaves behind it. */
async function readNamed(dir: string, file: string, setting: string): Promise<string> {
  const path = resolve(dir, file);
  const text = await readSecret(path).catch((error: unknown) => {
    if (!(error instanceof GatewayFailure) || error.code !== "SECRET_MISSING") throw error;
    throw new GatewayFailure("CONFIG_WRONG", {
      sentences: [`"${setting}" names ${path}, which is missing; put the secret there and run "chmod 600 ${path}"`],
    });
  });
  return text.replace(/\r?\n$/, "");
}

async function readPem(dir: string, file: string, setting: string): Promise<string> {
  const path = resolve(dir, file);
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new GatewayFailure("CONFIG_WRONG", {
      sentences: [
        `"${setting}" names ${path}, which cannot be read (${causeOf(error)}); correct the path or its rights`,
      ],
    });
  });
  if (!text.includes("-----BEGIN CERTIFICATE-----"))
    throw new GatewayFailure("CONFIG_WRONG", {
      sentences: [`"${setting}" names ${path}, which holds no certificate in PEM; give the file of a certificate`],
    });
  return text;
}
