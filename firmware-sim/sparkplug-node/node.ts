import { connect, type MqttClient } from "mqtt";
import { type Fault, noControls, publisherLine } from "../faults/index.ts";
import { displayedGrams, type ItemSource } from "../items.ts";
import { type JournalLine, openJournal, type Presented } from "../journal.ts";
import type { Line } from "../lines/index.ts";
import { asksForRebirth, parseState } from "./heard.ts";
import { keyOf, messageOf, saidIn } from "./message.ts";
import { births, connecting, death, type NodeCore, nodeCore, type Said, weighing } from "./node-core.ts";

export type SparkplugNodeOptions = {
  /** `mqtt://host:port`. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly group: string;
  readonly node: string;
  readonly device: string;
  /** Id of the primary host; "+" = whichever says STATE; null = it waits for nobody and keeps nothing. */
  readonly primaryHost: string | null;
  readonly items: ItemSource;
  readonly journal: string | null;
  /** 0 = as fast as possible. */
  readonly ratePerSecond: number;
  readonly divisionGrams?: number;
  /** Those of devices that publish (F9); one write is one message. */
  readonly faults?: readonly Fault[];
  readonly onEvent?: (event: NodeEvent) => void;
};

export type NodeEvent =
  | { readonly kind: "presented" | "published"; readonly line: JournalLine }
  | { readonly kind: "born" | "rebirth" | "host-offline" }
  | { readonly kind: "disconnected"; readonly reason: string };

export type SparkplugNode = {
  readonly stats: () => {
    readonly presented: number;
    readonly published: number;
    readonly births: number;
    readonly kept: number;
  };
  readonly close: () => Promise<void>;
};

const RECONNECT_MS = 250;
const TICK_MS = 10;
const KEEP_ALIVE_S = 5;
const DEFAULT_DIVISION_GRAMS = 5;
/** F19: the belt stops when so many weighings are kept. */
const MOST_KEPT = 1_024;
const BURST = 32;

/** An edge node with one weighing device: births, data by exception, store and forward for its primary host (F19). */
export function startSparkplugNode(options: SparkplugNodeOptions): SparkplugNode {
  return new Node(options);
}

/** `waiting`: connected, and the host is not online. */
type Session = "offline" | "waiting" | "born";

/** Owns one MQTT connection at a time and the weighings that were not published. */
class Node implements SparkplugNode {
  readonly #options: SparkplugNodeOptions;
  readonly #journal: ReturnType<typeof openJournal>;
  readonly #kept: Presented[];
  readonly #ticking: NodeJS.Timeout;
  #core: NodeCore;
  #client: MqttClient;
  #session: Session = "offline";
  /** Of the newest STATE that said online. */
  #hostSince = 0;
  #reconnecting: NodeJS.Timeout | null = null;
  #credit = 0;
  #creditedAtMs = performance.now();
  #published = 0;
  #births = 0;
  #closed = false;
  #unplugged = false;
  /** F9: its program hangs, so that it weighs nothing. */
  #hung = false;
  /** F9: the load cell is off: it weighs nothing. */
  #blind = false;
  #clockBackMs = 0;
  readonly #line: Line;
  /** Who waits for a message to be on its way. */
  readonly #leaving = new Map<string, (sent: boolean) => void>();

  constructor(options: SparkplugNodeOptions) {
    this.#options = options;
    this.#journal = openJournal(options.journal);
    this.#kept = [...this.#journal.unfinished];
    this.#core = nodeCore(options.group, options.node, options.device);
    this.#line = this.#wired(options.faults ?? []);
    this.#client = this.#connect();
    this.#ticking = setInterval(() => this.#pump(), TICK_MS);
  }

  stats(): ReturnType<SparkplugNode["stats"]> {
    return {
      presented: this.#journal.count(),
      published: this.#published,
      births: this.#births,
      kept: this.#kept.length,
    };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#ticking);
    if (this.#reconnecting !== null) clearTimeout(this.#reconnecting);
    await this.#line.close();
    await this.#leave();
    this.#journal.close();
  }

  #connect(): MqttClient {
    const { url, username, password, group, node } = this.#options;
    this.#core = connecting(this.#core);
    const will = death(this.#core, Date.now());
    const client = connect(url, {
      clientId: `${group}/${node}`,
      username,
      password,
      reconnectPeriod: 0,
      connectTimeout: 5_000,
      keepalive: KEEP_ALIVE_S,
      clean: true,
      resubscribe: false,
      queueQoSZero: false,
      will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: false },
    });
    let reason = "the broker closed the connection";
    client.on("connect", () => this.#onConnected(client));
    client.on("message", (topic, payload) => {
      if (client === this.#client) this.#onMessage(topic, payload);
    });
    client.on("error", (error) => {
      reason = error.message;
    });
    client.on("close", () => this.#lost(client, reason));
    return client;
  }

  #onConnected(client: MqttClient): void {
    const { group, node, primaryHost } = this.#options;
    this.#session = "waiting";
    const topics = [`spBv1.0/${group}/NCMD/${node}`, ...(primaryHost === null ? [] : [`spBv1.0/STATE/${primaryHost}`])];
    client.subscribe(topics, { qos: 1 }, (error) => {
      if (error === null && primaryHost === null && client === this.#client) this.#beBorn();
    });
  }

  #onMessage(topic: string, payload: Uint8Array): void {
    if (!topic.startsWith("spBv1.0/STATE/")) {
      if (this.#session === "born" && asksForRebirth(payload)) {
        this.#options.onEvent?.({ kind: "rebirth" });
        this.#beBorn();
      }
      return;
    }
    const state = parseState(payload);
    // An older word, of a connection that the host has left since, says nothing about now.
    if (state === null || state.timestamp < this.#hostSince) return;
    this.#hostSince = state.timestamp;
    if (state.online && this.#session === "waiting") this.#beBorn();
    if (!state.online && this.#session === "born") {
      this.#options.onEvent?.({ kind: "host-offline" });
      void this.#leave().then(() => this.#lost(this.#client, "the host is offline"));
    }
  }

  #beBorn(): void {
    const born = births(this.#core, this.#now());
    this.#core = born.core;
    for (const said of born.said) this.#say(said, () => undefined);
    this.#session = "born";
    this.#births += 1;
    this.#options.onEvent?.({ kind: "born" });
    this.#pump();
  }

  /** The death is said, too, where the connection ends in peace: then there is no will. */
  async #leave(): Promise<void> {
    const client = this.#client;
    if (this.#session === "born" && client.connected) {
      this.#session = "offline";
      const { topic, payload } = death(this.#core, Date.now());
      await client.publishAsync(topic, Buffer.from(payload), { qos: 0 }).catch(() => undefined);
    }
    this.#session = "offline";
    await client.endAsync(false).catch(() => undefined);
  }

  #lost(client: MqttClient, reason: string): void {
    if (this.#closed || client !== this.#client || this.#reconnecting !== null) return;
    this.#session = "offline";
    this.#options.onEvent?.({ kind: "disconnected", reason });
    client.end(true);
    if (!this.#unplugged) this.#connectLater();
  }

  #connectLater(): void {
    this.#reconnecting = setTimeout(() => {
      this.#reconnecting = null;
      this.#client = this.#connect();
    }, RECONNECT_MS);
  }

  #pump(): void {
    while (this.#session === "born" && this.#kept.length > 0) {
      const presented = this.#kept.shift();
      if (presented !== undefined) this.#publish(presented, true);
    }
    this.#earn();
    while (!this.#hung && this.#credit >= 1 && this.#kept.length < MOST_KEPT) {
      const item = this.#options.items(this.#journal.count());
      if (item === null) return;
      this.#credit -= 1;
      const grams = displayedGrams(item.grams, this.#options.divisionGrams ?? DEFAULT_DIVISION_GRAMS);
      const presented = this.#journal.present({ at: this.#now(), item: item.item, grams, mm: item.mm });
      this.#options.onEvent?.({ kind: "presented", line: presented.line });
      if (this.#session === "born") this.#publish(presented, false);
      else if (this.#options.primaryHost !== null) this.#kept.push(presented);
    }
  }

  /** Weighings due since the last look; after an outage at most one second of them comes at once. */
  #earn(): void {
    const { ratePerSecond } = this.#options;
    const now = performance.now();
    const earned = (ratePerSecond * (now - this.#creditedAtMs)) / 1000;
    this.#credit = ratePerSecond === 0 ? BURST : Math.min(this.#credit + earned, Math.max(1, ratePerSecond));
    this.#creditedAtMs = now;
  }

  #publish(presented: Presented, isLate: boolean): void {
    const line = this.#blind ? { ...presented.line, grams: 0 } : presented.line;
    const next = weighing(this.#core, presented.number, line, this.#now(), isLate);
    this.#core = next.core;
    const client = this.#client;
    this.#say(next.said, (sent) => {
      if (!sent) {
        // What the connection did not take any more is kept for the next one.
        if (this.#options.primaryHost !== null && !this.#closed) this.#kept.push(presented);
        this.#lost(client, "a message did not go out");
        return;
      }
      this.#published += 1;
      if (!this.#closed) this.#journal.finish(presented.number);
      this.#options.onEvent?.({ kind: "published", line: presented.line });
    });
  }

  /** At QoS 0, not retained (chapter 6). */
  #say(said: Said, done: (sent: boolean) => void): void {
    const bytes = messageOf(said);
    this.#leaving.set(keyOf(bytes), done);
    if (!this.#line.write(bytes)) this.#left(bytes, false);
  }

  #left(bytes: Uint8Array, sent: boolean): void {
    const key = keyOf(bytes);
    const done = this.#leaving.get(key);
    this.#leaving.delete(key);
    done?.(sent);
  }

  #publishWhole(bytes: Uint8Array): boolean {
    if (!this.#client.connected) return false;
    const { topic, payload } = saidIn(bytes, this.#dataTopic());
    this.#client.publish(topic, Buffer.from(payload), { qos: 0, retain: false }, (error) => {
      this.#left(bytes, error === undefined || error === null);
    });
    return true;
  }

  #wired(faults: readonly Fault[]): Line {
    return publisherLine(
      faults,
      {
        publish: (bytes) => this.#publishWhole(bytes),
        linked: () => this.#client.connected,
        unplug: () => {
          this.#unplugged = true;
          this.#client.end(true);
        },
        plug: () => {
          if (!this.#unplugged || this.#closed) return;
          this.#unplugged = false;
          this.#connectLater();
        },
      },
      {
        ...noControls,
        breakSensor: (broken) => {
          this.#blind = broken;
        },
        hold: (held) => {
          this.#hung = held;
        },
        setClockBack: (ms) => {
          this.#clockBackMs += ms;
        },
      },
    );
  }

  #dataTopic(): string {
    const { group, node, device } = this.#options;
    return `spBv1.0/${group}/DDATA/${node}/${device}`;
  }

  #now(): number {
    return Date.now() - this.#clockBackMs;
  }
}
