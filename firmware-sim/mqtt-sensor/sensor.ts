import { connect, type MqttClient } from "mqtt";
import type { Weighing } from "../../devices/protocols/senml/index.ts";
import { encodePack } from "../../devices/protocols/senml-json/index.ts";
import { cborPack } from "./cbor-pack.ts";
import { displayedGrams, type ItemSource } from "../items.ts";
import { type JournalLine, openJournal, type Presented } from "../journal.ts";

export type MqttSensorOptions = {
  /** `mqtt://host:port`. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly device: string;
  /** What it sends; `senml-json` unless told otherwise. */
  readonly protocol?: "senml-json" | "senml-cbor";
  readonly items: ItemSource;
  readonly journal: string | null;
  /** 0 = as fast as acknowledgements come. */
  readonly ratePerSecond: number;
  /** Most weighings sent and not yet acknowledged; 1 = the next item comes after the PUBACK. */
  readonly inFlight?: number;
  readonly divisionGrams?: number;
  readonly onEvent?: (event: SensorEvent) => void;
};

export type SensorEvent =
  | { readonly kind: "presented" | "acknowledged"; readonly line: JournalLine }
  | { readonly kind: "disconnected"; readonly reason: string };

export type MqttSensor = {
  readonly stats: () => { readonly presented: number; readonly acknowledged: number; readonly connects: number };
  readonly close: () => Promise<void>;
};

const RECONNECT_MS = 250;
const TICK_MS = 10;
const DEFAULT_DIVISION_GRAMS = 5;
const KEEP_ALIVE_S = 10;

/** A sensor that publishes one SenML pack a weighing and sends each again until it has the PUBACK (F14). */
export function startMqttSensor(options: MqttSensorOptions): MqttSensor {
  return new Sensor(options);
}

/** Owns one MQTT connection at a time and the weighings that nobody has acknowledged. */
class Sensor implements MqttSensor {
  readonly #options: MqttSensorOptions;
  readonly #journal: ReturnType<typeof openJournal>;
  readonly #topic: string;
  readonly #inFlight: number;
  /** Presented and not acknowledged, oldest first. */
  readonly #open: Map<number, Presented>;
  #client: MqttClient;
  #reconnecting: NodeJS.Timeout | null = null;
  readonly #ticking: NodeJS.Timeout;
  #credit = 0;
  #creditedAtMs = performance.now();
  #acknowledged = 0;
  #connects = 0;
  #closed = false;

  constructor(options: MqttSensorOptions) {
    this.#options = options;
    this.#journal = openJournal(options.journal);
    this.#topic = `tallystick/${options.device}/readings`;
    this.#inFlight = options.inFlight ?? 1;
    this.#open = new Map(this.#journal.unfinished.map((presented) => [presented.number, presented]));
    this.#client = this.#connect();
    this.#ticking = setInterval(() => this.#pump(), TICK_MS);
  }

  stats(): { readonly presented: number; readonly acknowledged: number; readonly connects: number } {
    return { presented: this.#journal.count(), acknowledged: this.#acknowledged, connects: this.#connects };
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#ticking);
    if (this.#reconnecting !== null) clearTimeout(this.#reconnecting);
    await this.#client.endAsync(true);
    this.#journal.close();
  }

  /** A fresh client every time: its own store and its own resending would only blur which weighings are open. */
  #connect(): MqttClient {
    const { url, username, password, device } = this.#options;
    const client = connect(url, {
      clientId: device,
      username,
      password,
      reconnectPeriod: 0,
      connectTimeout: 5_000,
      keepalive: KEEP_ALIVE_S,
      resubscribe: false,
      queueQoSZero: false,
    });
    let reason = "the broker closed the connection";
    client.on("connect", () => {
      this.#connects += 1;
      // The very same bytes again: the gateway knows them by their hash.
      for (const presented of this.#open.values()) this.#send(presented);
      this.#pump();
    });
    client.on("error", (error) => {
      reason = error.message;
    });
    client.on("close", () => this.#lost(client, reason));
    return client;
  }

  #lost(client: MqttClient, reason: string): void {
    if (this.#closed || client !== this.#client || this.#reconnecting !== null) return;
    this.#options.onEvent?.({ kind: "disconnected", reason });
    client.end(true);
    this.#reconnecting = setTimeout(() => {
      this.#reconnecting = null;
      this.#client = this.#connect();
    }, RECONNECT_MS);
  }

  #pump(): void {
    this.#earn();
    while (this.#client.connected && this.#open.size < this.#inFlight && this.#credit >= 1) {
      const item = this.#options.items(this.#journal.count());
      if (item === null) return;
      this.#credit -= 1;
      const grams = displayedGrams(item.grams, this.#options.divisionGrams ?? DEFAULT_DIVISION_GRAMS);
      const presented = this.#journal.present({ at: Date.now(), item: item.item, grams, mm: item.mm });
      this.#open.set(presented.number, presented);
      this.#options.onEvent?.({ kind: "presented", line: presented.line });
      this.#send(presented);
    }
  }

  /** Weighings due since the last look; after an outage at most one second of them comes at once. */
  #earn(): void {
    const { ratePerSecond } = this.#options;
    const now = performance.now();
    const earned = (ratePerSecond * (now - this.#creditedAtMs)) / 1000;
    this.#credit = ratePerSecond === 0 ? this.#inFlight : Math.min(this.#credit + earned, Math.max(1, ratePerSecond));
    this.#creditedAtMs = now;
  }

  #packOf(line: JournalLine): Uint8Array {
    const weighing = weighingOf(this.#options.device, line);
    return this.#options.protocol === "senml-cbor" ? cborPack(weighing) : encodePack(weighing);
  }

  #send(presented: Presented): void {
    const client = this.#client;
    const payload = Buffer.from(this.#packOf(presented.line));
    client.publish(this.#topic, payload, { qos: 1 }, (error) => {
      // An error here is a lost connection: it stays open and goes out again on the next one.
      if (error || client !== this.#client || !this.#open.delete(presented.number)) return;
      this.#acknowledged += 1;
      if (!this.#closed) this.#journal.finish(presented.number);
      this.#options.onEvent?.({ kind: "acknowledged", line: presented.line });
      this.#pump();
    });
  }
}

/** A pure function of the journal line, so that a restarted sensor sends the same bytes (F14). */
function weighingOf(device: string, { at, item, grams = 0, mm = [0, 0, 0] }: JournalLine): Weighing {
  const [length, width, height] = mm.map((side) => ({ mantissa: side, exponent: -3 }));
  if (length === undefined || width === undefined || height === undefined)
    throw new RangeError("a journal line without sides");
  return {
    baseName: `urn:dev:ops:32473-tallystick-${device}:`,
    atMs: at,
    item,
    net: { value: { mantissa: grams, exponent: -3 }, unit: "kg", stable: true },
    dimensions: { length, width, height, unit: "m" },
  };
}
