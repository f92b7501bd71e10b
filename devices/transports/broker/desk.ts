import type { PublishedDevice } from "../../published-device.ts";
import { nodeKey } from "../../protocols/sparkplug/index.ts";
import { readingsTopic } from "../readings-topic.ts";
import type { Client, Publication, Who } from "./client.ts";
import type { NodeDesk } from "./node-desk.ts";

/** Owns who is logged in. */
export class Desk {
  readonly #whoIs: (username: string | undefined, password: Uint8Array | undefined) => Who | null;
  readonly #nodes: NodeDesk | null;
  readonly #clients = new WeakMap<Client, Who>();
  readonly #connected = new Map<string, Client>();

  constructor(
    whoIs: (username: string | undefined, password: Uint8Array | undefined) => Who | null,
    nodes: NodeDesk | null,
  ) {
    this.#whoIs = whoIs;
    this.#nodes = nodes;
  }

  /** B1, B2: the right password, and a client id that cannot push another off the broker. */
  admit(client: Client, username: string | undefined, password: Uint8Array | undefined): boolean {
    const who = this.#whoIs(username, password);
    if (who === null) return false;
    const name = nameOf(who);
    const anonymousId = client.id.startsWith("aedes_");
    if (!anonymousId && client.id !== name && !client.id.startsWith(`${name}:`)) return false;
    this.#clients.set(client, who);
    this.#connected.set(name, client);
    if (who.kind === "device") who.device.online();
    return true;
  }

  left(client: Client, reason: string | null): void {
    const who = this.#clients.get(client);
    // An older connection of the same name that ends late says nothing about the newer one.
    if (who === undefined || this.#connected.get(nameOf(who)) !== client) return;
    this.#connected.delete(nameOf(who));
    if (who.kind === "node") this.#nodes?.left(who.node);
    else {
      const { id } = who.device.settings;
      who.device.offline("connecting", reason === null ? null : `device ${id} was disconnected: ${reason}`);
    }
  }

  /** Whether an edge node is connected. */
  hasNodes(): boolean {
    return [...this.#connected.values()].some((client) => this.#clients.get(client)?.kind === "node");
  }

  /** Resolves = PUBACK (B3). A message that no repetition can mend is counted and acknowledged; only `onReadings` may reject. */
  async take(client: Client | null, packet: Publication): Promise<void> {
    const who = client === null ? undefined : this.#clients.get(client);
    if (who === undefined) throw new Error("not logged in");
    // B6: retained messages would pile up in the broker for subscribers that it does not have.
    packet.retain = false;
    const payload = bytesOf(packet.payload);
    if (who.kind === "node") this.#nodes?.take(who.node, packet.topic, payload.slice());
    else await takeOf(who.device, packet.topic, payload);
  }

  /** B4, B8: devices say what they measured; an edge node hears what is said to it. */
  maySubscribe(client: Client | null, filter: string): boolean {
    const who = client === null ? undefined : this.#clients.get(client);
    return who?.kind === "node" && this.#nodes?.maySubscribe(who.node, filter) === true;
  }
}

function takeOf(device: PublishedDevice, topic: string, payload: Uint8Array): Promise<void> {
  const { id } = device.settings;
  if (topic !== readingsTopic(id)) throw new Error(`${id} may publish to ${readingsTopic(id)} only`);
  return device.take(payload);
}

const nameOf = (who: Who): string => (who.kind === "device" ? who.device.settings.id : nodeKey(who.node));

/** A view: of what one socket read brought, most is on its way as long as this is. */
function bytesOf(payload: string | Buffer): Uint8Array {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
