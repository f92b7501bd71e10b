import { createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { Aedes } from "aedes";
import { FRAME_LIMIT_BYTES } from "../../protocols/index.ts";
import { statePayload, stateTopic } from "../../protocols/sparkplug/index.ts";
import { PublishedDevice } from "../../published-device.ts";
import { startSparkplugHost, type SparkplugHost } from "../sparkplug-host.ts";
import { BoundedConnection } from "./bounded-connection.ts";
import type { Who } from "./client.ts";
import { credentialsOf, type Login } from "./credentials.ts";
import { Desk } from "./desk.ts";
import { nodeDesk } from "./node-desk.ts";
import type { Broker, BrokerOptions, SparkplugOptions } from "./options.ts";

/** Topic, packet id and header around a frame of at most 512 bytes, and room for CONNECT. */
const PACKET_LIMIT_BYTES = FRAME_LIMIT_BYTES + 512;
/** B5: a birth names every metric of an edge node. */
const BIRTH_LIMIT_BYTES = 65_536;
const DEFAULT_CONNECTIONS = 64;
/** SP15: the longest time that an edge node gets to hear that its host is going. */
const RETIRE_MS = 1_000;
const RETIRE_LOOK_MS = 10;

/** An MQTT 3.1.1 broker for devices that publish, and for nobody else: see README.md, rules B1 to B8. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const devices = options.devices.map((device) => new PublishedDevice(device, options));
  const wired = (options.sparkplug?.devices ?? []).map(({ address, ...settings }) => ({
    address,
    device: new PublishedDevice(settings, options),
  }));
  const all = [...devices, ...wired.map(({ device }) => device)];
  const broker = await loadAedes();
  // The host says nothing before the broker is there.
  const publishing: { aedes: Aedes | null } = { aedes: null };
  const publish = (topic: string, payload: string | Uint8Array, qos: 0 | 1, retain: boolean): Promise<void> =>
    new Promise((resolve) => {
      const packet = {
        cmd: "publish" as const,
        topic,
        payload: Buffer.from(payload),
        qos,
        retain,
        dup: false,
      };
      publishing.aedes?.publish(packet, () => resolve());
    });
  const host = startSparkplugHost({
    devices: wired,
    ...(options.sparkplug?.timing === undefined ? {} : { timing: options.sparkplug.timing }),
    publish: (topic, payload) => void publish(topic, payload, 0, false),
  });
  const nodes = options.sparkplug === undefined ? null : nodesOf(host, options.sparkplug);
  const desk = new Desk(credentialsOf(loginsOf(options, devices)), nodes);
  const aedes = await broker.createBroker({
    // B6: a will would be a reading that nobody made, unless it is an edge node's death.
    preConnect: (_client, packet, done) => {
      const { will, username } = packet;
      const allowed = will === undefined || nodes?.mayWill(username, will.topic) === true;
      done(allowed ? null : new Error("a will is refused"), true);
    },
    authenticate: (client, username, password, done) => done(null, desk.admit(client, username, password)),
    authorizePublish: (client, packet, done) => {
      desk.take(client, packet).then(
        () => done(null),
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      );
    },
    authorizeSubscribe: (client, subscription, done) =>
      done(null, desk.maySubscribe(client, subscription.topic) ? subscription : null),
  });
  publishing.aedes = aedes;
  aedes.on("clientDisconnect", (client) => desk.left(client, null));
  aedes.on("clientError", (client, error) => desk.left(client, error.message));
  const limit = options.sparkplug === undefined ? PACKET_LIMIT_BYTES : BIRTH_LIMIT_BYTES;
  const server = createServer({ noDelay: true }, (socket) => {
    aedes.handle(new BoundedConnection(socket, limit));
  });
  server.maxConnections = options.maxConnections ?? DEFAULT_CONNECTIONS;
  const says = async (online: boolean): Promise<void> => {
    if (options.sparkplug === undefined) return;
    await publish(stateTopic(options.sparkplug.hostId), statePayload(online, Date.now()), 1, true);
  };
  let retiring: Promise<void> | null = null;
  /** SP15: edge nodes keep their data from here on; what they had sent before they heard it still comes. */
  const retire = async (): Promise<void> => {
    await says(false);
    const until = performance.now() + RETIRE_MS;
    while (desk.hasNodes() && performance.now() < until) await sleep(RETIRE_LOOK_MS);
  };
  await says(true);
  await listening(server, options.port, options.host);
  host.connected();
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    health: () => all.map((device) => device.health()),
    acknowledge: (id) => all.find(({ settings }) => settings.id === id)?.acknowledge() ?? false,
    retire: () => (retiring ??= retire()),
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await (retiring ??= retire());
      await new Promise<void>((resolve) => {
        aedes.close(() => resolve());
      });
      await closed;
      host.close();
    },
  };
}

function loginsOf({ devices, sparkplug }: BrokerOptions, published: readonly PublishedDevice[]): readonly Login<Who>[] {
  const ofDevices = devices.flatMap(({ username, password }, index): Login<Who>[] => {
    const device = published[index];
    return device === undefined ? [] : [{ username, password, who: { kind: "device", device } }];
  });
  const ofNodes = (sparkplug?.nodes ?? []).map(
    ({ username, password, group, node }): Login<Who> => ({
      username,
      password,
      who: { kind: "node", node: { group, node } },
    }),
  );
  return [...ofDevices, ...ofNodes];
}

const nodesOf = (host: SparkplugHost, { hostId, nodes }: SparkplugOptions): ReturnType<typeof nodeDesk> =>
  nodeDesk(
    host,
    hostId,
    nodes.map(({ group, node, username }) => ({ group, node, username })),
  );

/** Loaded by gateways that have such devices. */
async function loadAedes(): Promise<typeof Aedes> {
  const [aedes, { default: packets }] = await Promise.all([import("aedes"), import("mqtt-packet")]);
  // Else the first packet makes a table of all 65,536 message ids, 9 MB for a gateway that acknowledges one device at a time.
  Object.assign(packets.writeToStream, { cacheNumbers: false });
  return aedes.Aedes;
}

const listening = (server: Server, port: number, host: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
