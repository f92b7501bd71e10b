import { connect, type MqttClient } from "mqtt";
import type { Weighing } from "../../devices/protocols/senml/index.ts";
import { encodePack } from "../../devices/protocols/senml-json/index.ts";
import { cborPack } from "./cbor-pack.ts";
import { type Fault, publisherLine } from "../faults/index.ts";
import type { Line } from "../lines/index.ts";
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
  /** Those of devices that publish (F9); one write is one message. */
  readonly faults?: readonly Fault[];
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
const REPEAT_MS = 1_000;
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
  /** Presented and not acknowledged, oldest first, by their payloads. */
  readonly #open = new Map<string, Presented>();
  readonly #keptBack = new Map<string, number>();
  readonly #line: Line;
  #client: MqttClient;
  #reconnecting: NodeJS.Timeout | null = null;
  readonly #ticking: NodeJS.Timeout;
  #credit = 0;
  #creditedAtMs = performance.now();
  #acknowledged = 0;
  #connects = 0;
  #closed = false;
  #unplugged = false;
  #condition: Condition = sound;

  constructor(options: MqttSensorOptions) {
    this.#options = options;
    this.#journal = openJournal(options.journal);
    this.#topic = `tallystick/${options.device}/readings`;
    this.#inFlight = options.inFlight ?? 1;
    for (const presented of this.#journal.unfinished) this.#open.set(keyOf(this.#payloadOf(presented.line)), presented);
    this.#line = this.#wired(options.faults ?? []);
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
    await this.#line.close();
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
      for (const payload of this.#open.keys()) this.#say(Buffer.from(payload, "latin1"));
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
    if (!this.#unplugged) this.#connectLater();
  }

  #connectLater(): void {
    this.#reconnecting = setTimeout(() => {
      this.#reconnecting = null;
      this.#client = this.#connect();
    }, RECONNECT_MS);
  }

  #pump(): void {
    this.#earn();
    if (this.#client.connected) this.#sayAgain();
    while (this.#isReady() && this.#credit >= 1) {
      const item = this.#options.items(this.#journal.count());
      if (item === null) return;
      this.#credit -= 1;
      const grams = displayedGrams(item.grams, this.#options.divisionGrams ?? DEFAULT_DIVISION_GRAMS);
      const presented = this.#journal.present({ at: Date.now(), item: item.item, grams, mm: item.mm });
      const payload = this.#payloadOf(presented.line);
      this.#open.set(keyOf(payload), presented);
      this.#options.onEvent?.({ kind: "presented", line: presented.line });
      this.#say(payload);
    }
  }

  /** What a fault kept back is said again a second later. */
  #say(payload: Uint8Array): void {
    if (!this.#line.write(payload)) this.#keptBack.set(keyOf(payload), performance.now());
  }

  #sayAgain(): void {
    for (const [key, sinceMs] of this.#keptBack) {
      if (performance.now() - sinceMs < REPEAT_MS) continue;
      this.#keptBack.delete(key);
      if (this.#open.has(key)) this.#say(Buffer.from(key, "latin1"));
    }
  }

  #isReady(): boolean {
    return this.#client.connected && this.#open.size < this.#inFlight && !this.#condition.hung;
  }

  /** Weighings due since the last look; after an outage at most one second of them comes at once. */
  #earn(): void {
    const { ratePerSecond } = this.#options;
    const now = performance.now();
    const earned = (ratePerSecond * (now - this.#creditedAtMs)) / 1000;
    this.#credit = ratePerSecond === 0 ? this.#inFlight : Math.min(this.#credit + earned, Math.max(1, ratePerSecond));
    this.#creditedAtMs = now;
  }

  #payloadOf(line: JournalLine): Uint8Array {
    const weighing = weighingOf(this.#options.device, line, this.#condition);
    return this.#options.protocol === "senml-cbor" ? cborPack(weighing) : encodePack(weighing);
  }

  #publish(payload: Uint8Array): boolean {
    const client = this.#client;
    if (!client.connected) return false;
    client.publish(this.#topic, Buffer.from(payload), { qos: 1 }, (error) => {
      // An error here is a lost connection: it stays open and goes out again on the next one.
      if (error || client !== this.#client) return;
      const key = keyOf(payload);
      const presented = this.#open.get(key);
      // A fault's own message, or the second of two that it made.
      if (presented === undefined) return;
      this.#open.delete(key);
      this.#acknowledged += 1;
      if (!this.#closed) this.#journal.finish(presented.number);
      this.#options.onEvent?.({ kind: "acknowledged", line: presented.line });
      this.#pump();
    });
    return true;
  }

  #wired(faults: readonly Fault[]): Line {
    const change = (condition: Partial<Condition>) => {
      this.#condition = { ...this.#condition, ...condition };
    };
    return publisherLine(
      faults,
      {
        publish: (payload) => this.#publish(payload),
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
        pressUnitKey: () => change({ inGrams: !this.#condition.inGrams }),
        breakSensor: (broken) => change({ blind: broken }),
        hold: (held) => change({ hung: held }),
        setClockBack: (ms) => change({ clockBackMs: this.#condition.clockBackMs + ms }),
      },
    );
  }
}

/** What faults have made of the sensor. */
type Condition = {
  /** The load cell is off: it weighs nothing. */
  readonly blind: boolean;
  /** Its program hangs: it presents nothing. */
  readonly hung: boolean;
  readonly inGrams: boolean;
  readonly clockBackMs: number;
};
const sound: Condition = { blind: false, hung: false, inGrams: false, clockBackMs: 0 };

const keyOf = (payload: Uint8Array): string => Buffer.from(payload).toString("latin1");

/** A pure function of the journal line, so that a restarted sound sensor sends the same bytes (F14). */
function weighingOf(
  device: string,
  { at, item, grams = 0, mm = [0, 0, 0] }: JournalLine,
  { blind, inGrams, clockBackMs }: Condition,
): Weighing {
  const [length, width, height] = mm.map((side) => ({ mantissa: side, exponent: -3 }));
  if (length === undefined || width === undefined || height === undefined)
    throw new RangeError("a journal line without sides");
  const mantissa = blind ? 0 : grams;
  return {
    baseName: `urn:dev:ops:32473-tallystick-${device}:`,
    atMs: at - clockBackMs,
    item,
    net: { value: { mantissa, exponent: inGrams ? 0 : -3 }, unit: inGrams ? "g" : "kg", stable: true },
    dimensions: { length, width, height, unit: "m" },
  };
}
