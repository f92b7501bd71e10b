import { createServer, type Server } from "node:net";
import type { Aedes } from "aedes";
import { type DeviceHealth, freshHealth, withFrame, withRefused } from "../../health.ts";
import { decodeFrame, FRAME_LIMIT_BYTES, protocols } from "../../protocols/index.ts";
import type { Quantity } from "../../quantity/index.ts";
import { type Reading, readingsOf } from "../../reading.ts";
import { BoundedConnection } from "./bounded-connection.ts";
import { type BrokerDevice, credentialsOf } from "./credentials.ts";

export type BrokerOptions = {
  readonly host: string;
  /** 0 = any free port, see `Broker.port`. */
  readonly port: number;
  readonly devices: readonly BrokerDevice[];
  readonly maxConnections?: number;
  /**
   * All readings of one message. Resolving gives the PUBACK; rejecting gives none and drops the connection, so that the
   * device sends again (B3). Resolve only when the readings are durable.
   */
  readonly onReadings: (device: string, readings: readonly Reading[]) => Promise<void>;
  /** The state or the last error of a device changed. */
  readonly onHealth?: (health: DeviceHealth) => void;
};

export type Broker = {
  readonly port: number;
  /** In the order of `devices`. */
  readonly health: () => readonly DeviceHealth[];
  readonly close: () => Promise<void>;
};

type Client = Parameters<Aedes["authenticate"]>[0];
type Publication = Parameters<Aedes["authorizePublish"]>[1];

/** Topic, packet id and header around a frame of at most 512 bytes, and room for CONNECT. */
const PACKET_LIMIT_BYTES = FRAME_LIMIT_BYTES + 512;
const DEFAULT_CONNECTIONS = 64;

/** B7: the longest time within which the parts of one weighing may come. */
const PART_MS = 5_000;
const KINDS_OF_A_WEIGHING = 3;

/** B7: why a part of a weighing may not meet what is measured now; null = it may. */
function staleness(protocol: string, frame: Uint8Array, quantities: readonly Quantity[], at: number): string | null {
  if (quantities.length === KINDS_OF_A_WEIGHING) return null;
  const measuredAt = protocols.get(protocol)?.measuredAt?.(frame) ?? null;
  if (measuredAt === null || Math.abs(at - measuredAt) <= PART_MS) return null;
  const apart = `${Math.round(Math.abs(at - measuredAt) / 1000)} s ${measuredAt < at ? "before" : "after"} its reception`;
  return `a part of a weighing is dated ${apart}: send parts at once, or whole weighings, and check the device's clock`;
}

const readingsTopic = (device: string): string => `tallystick/${device}/readings`;

/** An MQTT 3.1.1 broker for devices that publish, and for nobody else: see README.md, rules B1 to B6. */
export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const desk = new Desk(options);
  const broker = await loadAedes();
  const aedes = await broker.createBroker({
    // B6: a will would be a reading that nobody made.
    preConnect: (_client, packet, done) =>
      done(packet.will === undefined ? null : new Error("a will is refused"), true),
    authenticate: (client, username, password, done) => done(null, desk.admit(client, username, password)),
    authorizePublish: (client, packet, done) => {
      desk.take(client, packet).then(
        () => done(null),
        (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
      );
    },
    // B4: devices say what they measured; nobody listens in on another.
    authorizeSubscribe: (_client, _subscription, done) => done(null, null),
  });
  aedes.on("clientDisconnect", (client) => desk.left(client, null));
  aedes.on("clientError", (client, error) => desk.left(client, error.message));
  const server = createServer({ noDelay: true }, (socket) => {
    aedes.handle(new BoundedConnection(socket, PACKET_LIMIT_BYTES));
  });
  server.maxConnections = options.maxConnections ?? DEFAULT_CONNECTIONS;
  await listening(server, options.port, options.host);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : options.port,
    health: () => desk.health(),
    close: async () => {
      const closed = new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
      await new Promise<void>((resolve) => {
        aedes.close(() => resolve());
      });
      await closed;
    },
  };
}

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

/** Owns who is logged in and what is known of every device. */
class Desk {
  readonly #options: BrokerOptions;
  readonly #deviceOf: ReturnType<typeof credentialsOf>["deviceOf"];
  readonly #clients = new WeakMap<Client, BrokerDevice>();
  readonly #health: Map<string, DeviceHealth>;
  readonly #connected = new Map<string, Client>();

  constructor(options: BrokerOptions) {
    this.#options = options;
    this.#deviceOf = credentialsOf(options.devices).deviceOf;
    this.#health = new Map(options.devices.map(({ id, protocol }) => [id, freshHealth(id, protocol)]));
  }

  health(): readonly DeviceHealth[] {
    return [...this.#health.values()];
  }

  /** B1, B2: the right password, and a client id that cannot push another device off the broker. */
  admit(client: Client, username: string | undefined, password: Uint8Array | undefined): boolean {
    const device = this.#deviceOf(username, password);
    if (device === null) return false;
    const anonymousId = client.id.startsWith("aedes_");
    if (!anonymousId && client.id !== device.id && !client.id.startsWith(`${device.id}:`)) return false;
    this.#clients.set(client, device);
    this.#connected.set(device.id, client);
    this.#update(device.id, (health) => ({ ...health, state: "online", lastError: null }));
    return true;
  }

  left(client: Client, reason: string | null): void {
    const device = this.#clients.get(client);
    // An older connection of the same device that ends late says nothing about the newer one.
    if (device === undefined || this.#connected.get(device.id) !== client) return;
    this.#update(device.id, (health) => ({
      ...health,
      state: "connecting",
      lastError: reason === null ? health.lastError : `device ${device.id} was disconnected: ${reason}`,
    }));
  }

  /** Resolves = PUBACK (B3). A message that no repetition can mend is counted and acknowledged; only `onReadings` may reject. */
  async take(client: Client | null, packet: Publication): Promise<void> {
    const device = client === null ? undefined : this.#clients.get(client);
    if (device === undefined) throw new Error("not logged in");
    if (packet.topic !== readingsTopic(device.id))
      throw new Error(`${device.id} may publish to ${readingsTopic(device.id)} only`);
    // B6: retained messages would pile up in the broker for subscribers that it does not have.
    packet.retain = false;
    const payload = Buffer.isBuffer(packet.payload) ? packet.payload : Buffer.from(packet.payload);
    // A view: of what one socket read brought, most is on its way as long as this is.
    const frame = new Uint8Array(payload.buffer, payload.byteOffset, payload.length);
    const at = Date.now();
    const decoded = decodeFrame(device.protocol, frame);
    if (decoded.kind === "refused") {
      this.#update(device.id, (health) => withRefused(health, at, frame, decoded.reason));
      return;
    }
    const stale = decoded.kind === "quantities" ? staleness(device.protocol, frame, decoded.quantities, at) : null;
    if (stale !== null) {
      this.#update(device.id, (health) => withRefused(health, at, frame, stale));
      return;
    }
    this.#update(device.id, (health) => withFrame(health, at));
    if (decoded.kind === "status") return;
    await this.#options.onReadings(device.id, readingsOf(device.id, at, frame, decoded));
  }

  #update(device: string, change: (health: DeviceHealth) => DeviceHealth): void {
    const before = this.#health.get(device);
    if (before === undefined) return;
    const after = change(before);
    this.#health.set(device, after);
    if (after.state !== before.state || after.lastError !== before.lastError) this.#options.onHealth?.(after);
  }
}
