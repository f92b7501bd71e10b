import { connect as connectSocket, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { IClientOptions, MqttClient } from "mqtt";
import { type BackOff, longerWait, shortestWait } from "../back-off.ts";
import { GatedStream } from "./gated-stream.ts";
import type { BrokerPlace } from "./options.ts";
import { Ended, sentenceOf } from "./sentences.ts";

/** E1: one MQTT connection after the other, as long as the link is not closed. */
export type Link = {
  /** The connection that stands, if one does. */
  readonly client: () => MqttClient | null;
  readonly close: () => Promise<void>;
};

export type LinkEvents = {
  /** Connected; rejecting ends the connection with the reason. */
  readonly connected: (client: MqttClient, sessionPresent: boolean) => Promise<void>;
  /** A message; what it returns is waited for before its PUBACK (E3). */
  readonly message: (topic: string, payload: Uint8Array) => Promise<void>;
  /** Not connected, and why: one sentence. Called for every failed attempt. */
  readonly disconnected: (reason: string) => void;
};

/** E1: a connection that lasted so long was a good one, and the next attempt comes soon. */
const GOOD_MS = 5_000;
const CONNECT_TIMEOUT_MS = 10_000;
const KEEP_ALIVE_S = 15;
/** E5: a birth of Sparkplug names every metric of an edge node. */
const PACKET_LIMIT_BYTES = 65_536;
const RECEIVE_MAXIMUM = 1_024;

/** `options` are asked for anew with every attempt. */
export async function keepLink(place: BrokerPlace, options: () => IClientOptions, events: LinkEvents): Promise<Link> {
  const { MqttClient: Client } = await import("mqtt");
  let client: MqttClient | null = null;
  let isUp = false;
  let waiting: NodeJS.Timeout | null = null;
  let backOff: BackOff = shortestWait;
  let closed = false;

  function open(): void {
    waiting = null;
    const openedMs = performance.now();
    let reason: Error | null = null;
    let isConnected = false;
    const streams: GatedStream[] = [];
    const one = new Client(
      () => {
        const stream = new GatedStream(socketOf(place), PACKET_LIMIT_BYTES);
        stream.on("error", (error) => {
          reason ??= error;
        });
        streams.push(stream);
        return stream;
      },
      optionsOf(place, options()),
    );
    client = one;
    one.on("connect", ({ sessionPresent }) => {
      isConnected = true;
      events.connected(one, sessionPresent).then(
        () => {
          isUp = true;
        },
        (error: unknown) => {
          reason ??= error instanceof Error ? error : new Error(String(error));
          streams.at(-1)?.destroy();
        },
      );
    });
    one.on("message", (topic, payload, packet) => {
      const work = events.message(topic, payload);
      if (packet.qos === 1 && packet.messageId !== undefined) streams.at(-1)?.acknowledgeAfter(packet.messageId, work);
      else work.catch(() => undefined);
    });
    one.on("error", (error) => {
      reason ??= error;
    });
    // MQTT 5 only: the broker says why it ends the connection.
    one.on("disconnect", ({ reasonCode }) => {
      reason ??= Object.assign(new Error(`it ended the connection with reason ${reasonCode}`), { code: reasonCode });
    });
    one.on("close", () => {
      if (client !== one) return;
      client = null;
      isUp = false;
      one.end(true);
      if (closed) return;
      if (!isConnected) reason ??= new Ended("does not answer as an MQTT broker: correct mqtt.external.url");
      events.disconnected(sentenceOf(place, reason));
      if (performance.now() - openedMs >= GOOD_MS) backOff = shortestWait;
      const { waitMs, next } = longerWait(backOff);
      backOff = next;
      waiting = setTimeout(open, waitMs);
    });
  }

  open();
  return {
    client: () => (isUp ? client : null),
    close: async () => {
      closed = true;
      if (waiting !== null) clearTimeout(waiting);
      await client?.endAsync(!isUp).catch(() => undefined);
    },
  };
}

/** E2: both versions; a fresh client every time, whose own store would only blur what is acknowledged. */
function optionsOf({ version, clientId, login }: BrokerPlace, more: IClientOptions): IClientOptions {
  return {
    clientId,
    ...(login === null ? {} : login),
    protocolVersion: version === "5" ? 5 : 4,
    reconnectPeriod: 0,
    connectTimeout: CONNECT_TIMEOUT_MS,
    keepalive: KEEP_ALIVE_S,
    resubscribe: false,
    queueQoSZero: false,
    ...more,
    ...(version === "5"
      ? { properties: { receiveMaximum: RECEIVE_MAXIMUM, maximumPacketSize: PACKET_LIMIT_BYTES, ...more.properties } }
      : {}),
  };
}

function socketOf({ url, ca, identity }: BrokerPlace): Socket {
  const { protocol, hostname, port } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, "");
  if (protocol === "mqtt:") return connectSocket({ host, port: Number(port || "1883"), noDelay: true });
  // E4: never without a proof of who the broker is.
  return connectTls({
    host,
    port: Number(port || "8883"),
    servername: /^[\d.]+$|:/.test(host) ? "" : host,
    minVersion: "TLSv1.2",
    ...(ca === null ? {} : { ca }),
    ...(identity === null ? {} : identity),
  });
}
