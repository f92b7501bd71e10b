import { acknowledged, type Display, type DisplayMemory, displayOf, judge, nothingShown } from "./display.ts";
import { type DeviceHealth, type DeviceState, freshHealth, withFrame, withRefused } from "./health.ts";
import { type Decoded, decodeFrame, protocolOf, type ProtocolSettings } from "./protocols/index.ts";
import { type Reading, readingsOf } from "./reading.ts";
import { words } from "./words.ts";

/** A device whose frames come as messages. */
export type PublishedSettings = {
  readonly id: string;
  /** What its messages are, e.g. `senml-json`. */
  readonly protocol: string;
  /** P10: absent where the protocol takes none. */
  readonly settings?: ProtocolSettings;
  /** D6: what it showed before a restart. Absent: it was never seen. */
  readonly display?: DisplayMemory;
};

export type PublishedEvents = {
  /** All readings of one message. Resolves when they are durable (B3). */
  readonly onReadings: (device: string, readings: readonly Reading[]) => Promise<void>;
  /** The state or the last error changed. */
  readonly onHealth?: (health: DeviceHealth) => void;
  /** D6: to be given again as `display` after a restart. */
  readonly onRemember?: (device: string, memory: DisplayMemory) => void;
};

/** B7: the longest time within which the parts of one weighing may come. */
const PART_MS = 5_000;
const KINDS_OF_A_WEIGHING = 3;

/** Owns what is known of one device whose messages somebody else receives: health (D3) and display (D6). */
export class PublishedDevice {
  readonly settings: PublishedSettings;
  readonly #events: PublishedEvents;
  #health: DeviceHealth;
  #display: Display;

  constructor(settings: PublishedSettings, events: PublishedEvents) {
    this.settings = settings;
    this.#events = events;
    this.#display = displayOf(settings.display ?? nothingShown);
    this.#health = {
      ...freshHealth(settings.id, settings.protocol),
      quarantine: this.#display.memory.quarantine,
      lastError: this.#quarantineSentence(),
    };
  }

  health(): DeviceHealth {
    return this.#health;
  }

  /** D6: ends a quarantine; false when there is none. */
  acknowledge(): boolean {
    if (this.#display.memory.quarantine === null) return false;
    this.#showing(acknowledged(this.#display));
    if (this.#health.state === "quarantined") this.online();
    return true;
  }

  /** The device can be heard. */
  online(): void {
    const sentence = this.#quarantineSentence();
    this.#become(sentence === null ? "online" : "quarantined", sentence);
  }

  /** It cannot, and why; null = as it was said last. */
  offline(state: Extract<DeviceState, "connecting" | "silent" | "closed">, reason: string | null): void {
    this.#become(state, reason ?? this.#health.lastError);
  }

  refuse(bytes: Uint8Array, reason: string): void {
    this.#health = withRefused(this.#health, Date.now(), bytes, reason);
  }

  /** A message that is well and measures nothing. */
  heard(): void {
    this.#health = withFrame(this.#health, Date.now());
  }

  /** Resolves = acknowledge: what no repetition can mend is counted and done with (B3). Rejects as `onReadings` does, and only then. */
  async take(frame: Uint8Array): Promise<void> {
    const { id, protocol, settings } = this.settings;
    const at = Date.now();
    const decoded = decodeFrame(protocol, frame, settings);
    if (decoded.kind === "refused") return this.refuse(frame, decoded.reason);
    if (decoded.kind === "status") return this.heard();
    const stale = this.#staleness(frame, decoded, at);
    if (stale !== null) return this.refuse(frame, stale);
    const { display, verdict } = judge(this.#display, decoded, false, at);
    this.#showing(display);
    if (verdict.kind !== "pass") {
      const sentence = this.#quarantineSentence();
      this.refuse(frame, "the device is quarantined, nothing of it is used");
      this.#become("quarantined", sentence);
      return;
    }
    this.heard();
    await this.#events.onReadings(id, readingsOf(id, at, frame, decoded));
  }

  /** B7: why a part of a weighing may not meet what is measured now; null = it may. */
  #staleness(frame: Uint8Array, { quantities }: Extract<Decoded, { kind: "quantities" }>, at: number): string | null {
    if (quantities.length === KINDS_OF_A_WEIGHING) return null;
    const protocol = protocolOf(this.settings.protocol, this.settings.settings);
    const measuredAt = typeof protocol === "string" ? null : (protocol.measuredAt?.(frame) ?? null);
    if (measuredAt === null || Math.abs(at - measuredAt) <= PART_MS) return null;
    const apart = `${Math.round(Math.abs(at - measuredAt) / 1000)} s ${measuredAt < at ? "before" : "after"} its reception`;
    return `a part of a weighing is dated ${apart}: send parts at once, or whole weighings, and check the device's clock`;
  }

  #showing(display: Display): void {
    const before = this.#display.memory;
    this.#display = display;
    if (display.memory === before) return;
    this.#health = { ...this.#health, quarantine: display.memory.quarantine };
    this.#events.onRemember?.(this.settings.id, display.memory);
  }

  #quarantineSentence(): string | null {
    const { quarantine } = this.#display.memory;
    return quarantine === null ? null : words.quarantined(this.settings.id, quarantine);
  }

  #become(state: DeviceState, lastError: string | null): void {
    const before = this.#health;
    if (before.state === state && before.lastError === lastError) return;
    this.#health = { ...before, state, lastError };
    this.#events.onHealth?.(this.#health);
  }
}
