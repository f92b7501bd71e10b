import { type DeviceHealth, type DeviceState, freshHealth, withFrame, withNoise, withRefused } from "./health.ts";
import { cutStream, type Protocol, protocols, type Session, type SessionInput, type Taken } from "./protocols/index.ts";
import { type Reading, readingsOf } from "./reading.ts";
import { type BackOff, longerWait, shortestWait } from "./transports/back-off.ts";
import type { Connect, Connection } from "./transports/connection.ts";
import { connectSerial, type SerialSettings } from "./transports/serial.ts";
import { connectTcp, type TcpSettings } from "./transports/tcp.ts";

export type DeviceSettings = {
  readonly id: string;
  readonly protocol: string;
  readonly transport: SerialSettings | TcpSettings;
  /** Serial number that the device must give (protocols that can ask for one). Absent: any device is taken. */
  readonly serial?: string;
  readonly timing?: Partial<DeviceTiming>;
};

type DeviceTiming = {
  readonly pollMs: number;
  readonly replyTimeoutMs: number;
  readonly settleMs: number;
  /** A polled device with no valid frame for this long is silent and its line is opened anew. */
  readonly silentAfterMs: number;
};

const defaultTiming: DeviceTiming = { pollMs: 100, replyTimeoutMs: 500, settleMs: 50, silentAfterMs: 3_000 };

export type DeviceEvents = {
  /** All readings of one frame. */
  readonly readings: (readings: readonly Reading[]) => void;
  /** The device answered without measuring: "overload", "busy", "no-read", ... */
  readonly status: (status: { readonly device: string; readonly at: number; readonly status: string }) => void;
  /** The state or the last error changed. */
  readonly health: (health: DeviceHealth) => void;
};

export type Device = {
  readonly health: () => DeviceHealth;
  readonly close: () => Promise<void>;
};

/**
 * Opens a device and keeps it open until `close` (D2). Never throws for what the world does: missing ports, refused
 * connections and foreign bytes appear in `health()`. An unknown protocol, or one that has no byte stream, is wrong
 * configuration and throws a RangeError at once.
 */
export function openDevice(settings: DeviceSettings, events: DeviceEvents): Device {
  const protocol = protocols.get(settings.protocol);
  if (protocol === undefined)
    throw new RangeError(`device ${settings.id}: protocol "${settings.protocol}" is not known`);
  if (protocol.framing.kind !== "stream") {
    throw new RangeError(
      `device ${settings.id}: ${protocol.name} comes over MQTT, not over ${settings.transport.kind}`,
    );
  }
  const { transport } = settings;
  const connect = transport.kind === "serial" ? connectSerial(transport) : connectTcp(transport);
  return new OpenDevice(settings, protocol, protocol.framing.takeFrame, connect, events);
}

/** `passed`: read, but no answer to us. */
type FrameVerdict = "admitted" | "passed" | { readonly damaged: string };

/** Owns the line to one device: at most one connection, one timer for the session, one for liveness or reopening. */
class OpenDevice implements Device {
  readonly #settings: DeviceSettings;
  readonly #timing: DeviceTiming;
  readonly #protocol: Protocol;
  readonly #takeFrame: (bytes: Uint8Array) => Taken;
  readonly #connect: Connect;
  readonly #events: DeviceEvents;
  #health: DeviceHealth;
  #connection: Connection | null = null;
  #rest: Uint8Array = new Uint8Array(0);
  #session: Session | null = null;
  #wake: NodeJS.Timeout | null = null;
  #liveness: NodeJS.Timeout | null = null;
  #reopening: NodeJS.Timeout | null = null;
  #releasing: Promise<void> = Promise.resolve();
  #backOff: BackOff = shortestWait;
  /** Frames and noise when the line was opened: tells wrong line settings from a device that is off. */
  #openedWith = { frames: 0, bad: 0 };

  constructor(
    settings: DeviceSettings,
    protocol: Protocol,
    takeFrame: (bytes: Uint8Array) => Taken,
    connect: Connect,
    events: DeviceEvents,
  ) {
    this.#settings = settings;
    this.#timing = { ...defaultTiming, ...settings.timing };
    this.#protocol = protocol;
    this.#takeFrame = takeFrame;
    this.#connect = connect;
    this.#events = events;
    this.#health = freshHealth(settings.id, protocol.name);
    this.#open();
  }

  health(): DeviceHealth {
    return this.#health;
  }

  async close(): Promise<void> {
    this.#become("closed", null);
    if (this.#reopening !== null) clearTimeout(this.#reopening);
    this.#release();
    await this.#releasing;
  }

  #open(): void {
    this.#reopening = null;
    this.#rest = new Uint8Array(0);
    this.#connection = this.#connect({
      opened: () => this.#onOpened(),
      received: (chunk) => this.#onReceived(chunk),
      closed: (reason) => this.#reopenLater("connecting", reason),
    });
  }

  #onOpened(): void {
    const { frames, noiseBytes, refused } = this.#health;
    this.#openedWith = { frames, bad: noiseBytes + refused };
    const { startSession, cadence } = this.#protocol;
    if (startSession !== null) {
      this.#session = startSession({ ...this.#timing, serial: this.#settings.serial ?? null });
      this.#step({ kind: "opened", atMs: performance.now() });
    }
    if (cadence === "event") {
      this.#backOff = shortestWait;
      this.#become("online", null);
    } else {
      this.#watchSilence();
    }
  }

  #onReceived(chunk: Uint8Array): void {
    const cut = cutStream(this.#takeFrame, this.#rest, chunk);
    this.#rest = cut.rest;
    const at = Date.now();
    for (const { kind, bytes } of cut.parts) {
      // A frame may have ended this connection (M8): what came with it came from the wrong device.
      if (this.#connection === null) return;
      if (kind === "frame") this.#onFrame(bytes, at);
      else this.#health = withNoise(this.#health, at, bytes);
    }
  }

  #onFrame(frame: Uint8Array, at: number): void {
    const decoded = this.#protocol.decodeFrame(frame);
    if (decoded.kind === "refused") {
      this.#health = withRefused(this.#health, at, frame, decoded.reason);
      return;
    }
    // M8, M9: a conversation decides whether this frame is an answer of the right device to us, and whole.
    const verdict = this.#session === null ? "admitted" : this.#step({ kind: "frame", frame, atMs: performance.now() });
    if (verdict !== "admitted" && verdict !== "passed") {
      this.#health = withRefused(this.#health, at, frame, verdict.damaged);
      return;
    }
    this.#health = withFrame(this.#health, at);
    if (verdict === "passed") return;
    if (this.#protocol.cadence === "polled") {
      this.#backOff = shortestWait;
      this.#become("online", null);
      this.#watchSilence();
    }
    const device = this.#settings.id;
    if (decoded.kind === "status") this.#events.status({ device, at, status: decoded.status });
    else this.#events.readings(readingsOf(device, at, frame, decoded));
  }

  /** Runs the session one step; what became of the frame given, if one was. */
  #step(input: SessionInput): FrameVerdict {
    if (this.#session === null) return "passed";
    const { session, effects, wakeAtMs } = this.#session.step(input);
    this.#session = session;
    this.#wakeAt(wakeAtMs);
    let verdict: FrameVerdict = "passed";
    for (const effect of effects) {
      switch (effect.kind) {
        case "send":
          this.#connection?.write(effect.bytes);
          break;
        case "admit":
          verdict = "admitted";
          break;
        case "damaged":
          verdict = { damaged: effect.reason };
          break;
        case "identified":
          this.#health = { ...this.#health, serial: effect.serial };
          break;
        case "wrongDevice":
          this.#health = { ...this.#health, serial: effect.serial };
          this.#reopenLater(
            "wrong-device",
            `device ${this.#settings.id} should have serial number ${this.#settings.serial} and says ${effect.serial}: connect the right one or correct the configuration`,
          );
          break;
      }
    }
    return verdict;
  }

  #wakeAt(atMs: number | null): void {
    if (this.#wake !== null) clearTimeout(this.#wake);
    this.#wake = null;
    if (atMs === null || atMs === Number.POSITIVE_INFINITY) return;
    const waitMs = Math.max(1, Math.ceil(atMs - performance.now()));
    this.#wake = setTimeout(() => this.#step({ kind: "tick", atMs: performance.now() }), waitMs);
  }

  /** D4: an unplugged adapter may give no close event; only the time since the last valid frame tells. */
  #watchSilence(): void {
    if (this.#liveness !== null) {
      this.#liveness.refresh();
      return;
    }
    this.#liveness = setTimeout(() => this.#reopenLater("silent", this.#silence()), this.#timing.silentAfterMs);
  }

  #silence(): string {
    const { frames, noiseBytes, refused } = this.#health;
    const heard = frames > this.#openedWith.frames;
    const garbled = noiseBytes + refused > this.#openedWith.bad;
    const what = `device ${this.#settings.id} gave no valid answer for ${this.#timing.silentAfterMs} ms`;
    return garbled && !heard
      ? `${what}, only unreadable bytes: check baud rate, parity and protocol`
      : `${what}: check power, cable and protocol`;
  }

  #reopenLater(state: DeviceState, reason: string): void {
    if (this.#health.state === "closed") return;
    this.#release();
    this.#become(state, reason);
    const { waitMs, next } = longerWait(this.#backOff);
    this.#backOff = next;
    void this.#releasing.then(() => {
      if (this.#health.state === "closed") return;
      this.#reopening = setTimeout(() => this.#open(), waitMs);
    });
  }

  #release(): void {
    for (const timer of [this.#wake, this.#liveness]) if (timer !== null) clearTimeout(timer);
    this.#wake = null;
    this.#liveness = null;
    this.#session = null;
    const connection = this.#connection;
    this.#connection = null;
    if (connection !== null) this.#releasing = connection.close();
  }

  #become(state: DeviceState, error: string | null): void {
    const changed = this.#health.state !== state || this.#health.lastError !== error;
    this.#health = { ...this.#health, state, lastError: error };
    if (changed) this.#events.health(this.#health);
  }
}
