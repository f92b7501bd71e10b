import { Conversation, type FrameVerdict } from "./conversation.ts";
import { acknowledged, type Display, displayOf, judge, judgeUnread, nothingShown } from "./display.ts";
import { type DeviceHealth, type DeviceState, freshHealth, withFrame, withNoise, withRefused } from "./health.ts";
import { heard, isGarbled, type LineQuality, unheard } from "./line-quality.ts";
import { type Liveness, type LivenessRule, watchLiveness } from "./liveness.ts";
import {
  cutStream,
  type Decoded,
  type Protocol,
  protocolOf,
  type Session,
  type TakeFrame,
  takeWhole,
} from "./protocols/index.ts";
import { readingsOf } from "./reading.ts";
import { defaultTiming, type Device, type DeviceEvents, type DeviceSettings, type DeviceTiming } from "./settings.ts";
import { type BackOff, longerWait, shortestWait } from "./transports/back-off.ts";
import type { Connect, Connection } from "./transports/connection.ts";
import { connectTransport } from "./transports/index.ts";
import { words } from "./words.ts";

/**
 * Opens a device and keeps it open until `close` (D2). Never throws for what the world does: missing ports, refused
 * connections and foreign bytes appear in `health()`. An unknown protocol, or one that has no byte stream, is wrong
 * configuration and throws a RangeError at once.
 */
export function openDevice(settings: DeviceSettings, events: DeviceEvents): Device {
  const protocol = protocolOf(settings.protocol, settings.settings);
  if (typeof protocol === "string") throw new RangeError(`device ${settings.id}: ${protocol}`);
  const takeFrame = takeFrameOf(protocol, settings.transport.kind);
  if (typeof takeFrame === "string")
    throw new RangeError(
      `device ${settings.id}: ${protocol.name} comes ${takeFrame}, not over ${settings.transport.kind}`,
    );
  const connect = connectTransport(settings.transport, protocol, settings.listPorts);
  return new OpenDevice(settings, protocol, takeFrame, connect, events);
}

/** A text = how this protocol comes, which is not this way. */
function takeFrameOf({ framing, wire }: Protocol, kind: DeviceSettings["transport"]["kind"]): TakeFrame | string {
  if (wire === "http") return kind === "http" || kind === "given" ? takeWhole : "by HTTP";
  if (framing.kind !== "stream") return "over MQTT";
  if (kind === "http" || (kind === "hid" && wire !== "hid")) return "over a byte line";
  return framing.takeFrame;
}

/** Owns the line to one device: at most one connection with its conversation, the watch over its life, one timer for reopening. */
class OpenDevice implements Device {
  readonly #settings: DeviceSettings;
  readonly #timing: DeviceTiming;
  readonly #protocol: Protocol;
  readonly #takeFrame: TakeFrame;
  readonly #connect: Connect;
  readonly #events: DeviceEvents;
  #health: DeviceHealth;
  #display: Display;
  #connection: Connection | null = null;
  #rest: Uint8Array = new Uint8Array(0);
  /** Null: the device is only listened to. */
  #conversation: Conversation | null = null;
  #liveness: Liveness | null = null;
  #reopening: NodeJS.Timeout | null = null;
  #releasing: Promise<void> = Promise.resolve();
  #backOff: BackOff = shortestWait;
  /** D5: of the line as it is open now. */
  #quality: LineQuality = unheard;
  /** D7: frames since the line was opened, and when that was. */
  #opened: { readonly atMs: number; frames: number } | null = null;

  constructor(
    settings: DeviceSettings,
    protocol: Protocol,
    takeFrame: TakeFrame,
    connect: Connect,
    events: DeviceEvents,
  ) {
    this.#settings = settings;
    this.#timing = { ...defaultTiming, ...settings.timing };
    this.#protocol = protocol;
    this.#takeFrame = takeFrame;
    this.#connect = connect;
    this.#events = events;
    this.#display = displayOf(settings.display ?? nothingShown);
    this.#health = {
      ...freshHealth(settings.id, protocol.name),
      quarantine: this.#display.memory.quarantine,
      lastError: this.#quarantineSentence(),
    };
    this.#open();
  }

  health(): DeviceHealth {
    return this.#health;
  }

  acknowledge(): boolean {
    if (this.#display.memory.quarantine === null) return false;
    this.#showing(acknowledged(this.#display));
    if (this.#health.state === "quarantined") this.#alive();
    return true;
  }

  async close(): Promise<void> {
    this.#become("closed", null);
    if (this.#reopening !== null) clearTimeout(this.#reopening);
    this.#release();
    await this.#releasing;
    await this.#connect.release?.();
  }

  #open(): void {
    this.#reopening = null;
    this.#rest = new Uint8Array(0);
    this.#opened = null;
    this.#quality = unheard;
    this.#connection = this.#connect({
      opened: (place) => this.#onOpened(place),
      received: (chunk) => this.#onReceived(chunk),
      closed: (reason) => this.#onClosed(reason),
    });
    // Who waits for a call waits for ever, without a word of any transport.
    if (this.#settings.transport.kind === "tcp-server" && this.#protocol.cadence === "polled") this.#watch();
  }

  #onOpened(place: string): void {
    this.#health = { ...this.#health, place };
    this.#opened = { atMs: performance.now(), frames: 0 };
    const { startSession, cadence } = this.#protocol;
    if (startSession !== null) {
      const session = startSession({ ...this.#timing, serial: this.#settings.serial ?? null });
      this.#conversation = this.#converse(session);
      this.#conversation.opened();
    }
    this.#watch();
    if (cadence === "polled") return;
    this.#backOff = shortestWait;
    this.#alive();
  }

  /** D8: a device that dials in for every telegram has said what it had to say. */
  #onClosed(reason: string): void {
    const isOver = this.#protocol.cadence === "event" && this.#settings.transport.kind === "tcp-server";
    if (isOver && (this.#opened?.frames ?? 0) > 0) this.#reopenLater(this.#health.state, this.#health.lastError);
    else this.#reopenLater("connecting", reason);
  }

  #onReceived(chunk: Uint8Array): void {
    const cut = cutStream(this.#takeFrame, this.#rest, chunk);
    this.#rest = cut.rest;
    const at = Date.now();
    for (const { kind, bytes } of cut.parts) {
      // A frame may have ended this connection (M8): what came with it came from the wrong device.
      if (this.#connection === null) return;
      if (kind === "frame") this.#onFrame(bytes, at);
      else this.#bad("noise", bytes.length, withNoise(this.#health, at, bytes));
    }
  }

  #onFrame(frame: Uint8Array, at: number): void {
    const decoded = this.#protocol.decodeFrame(frame);
    if (decoded.kind === "refused") {
      this.#onRefused(decoded, frame, at);
      return;
    }
    // M8, M9: a conversation decides whether this frame is an answer of the right device to us, and whole.
    const verdict: FrameVerdict = this.#conversation === null ? "admitted" : this.#conversation.frame(frame);
    if (verdict !== "admitted" && verdict !== "passed") {
      this.#bad("refused", frame.length, withRefused(this.#health, at, frame, verdict.damaged));
      return;
    }
    this.#health = withFrame(this.#health, at);
    this.#quality = heard(this.#quality, "good", frame.length);
    const isStale = this.#isStale();
    if (this.#opened !== null) this.#opened.frames += 1;
    if (verdict === "passed" || isStale) return;
    this.#liveness?.heard();
    this.#onAdmitted(decoded, frame, at);
  }

  #onRefused({ reason, shows }: Extract<Decoded, { kind: "refused" }>, frame: Uint8Array, at: number): void {
    // D4: an answer to a probe says who speaks, and need not be a reading.
    if (this.#protocol.probe?.isAnswer(frame) === true) {
      this.#liveness?.heard();
      return;
    }
    const health = withRefused(this.#health, at, frame, reason);
    if (shows === undefined) {
      this.#bad("refused", frame.length, health);
      return;
    }
    // D6: the line is well and the device speaks; only its unit is another.
    this.#liveness?.heard();
    this.#health = health;
    const { display, verdict } = judgeUnread(this.#display, shows, this.#protocol.cadence === "polled", at);
    this.#showing(display);
    if (verdict.kind !== "quarantined") return;
    this.#alive();
    this.#events.status({ device: this.#settings.id, at, status: "quarantined" });
  }

  #onAdmitted(decoded: Exclude<Decoded, { kind: "refused" }>, frame: Uint8Array, at: number): void {
    const device = this.#settings.id;
    if (this.#protocol.cadence === "polled") this.#backOff = shortestWait;
    if (decoded.kind === "quantities") {
      const { display, verdict } = judge(this.#display, decoded, this.#protocol.cadence === "polled", at);
      this.#showing(display);
      if (verdict.kind === "doubtful") {
        this.#health = withRefused(this.#health, at, frame, verdict.reason);
        return;
      }
    }
    this.#alive();
    const { state } = this.#health;
    // D5, D6: no guess. The station must know that what it saw last no longer holds.
    if (state === "quarantined" || state === "garbled") this.#events.status({ device, at, status: state });
    else if (decoded.kind === "status") this.#events.status({ device, at, status: decoded.status });
    else this.#events.readings(readingsOf(device, at, frame, decoded));
  }

  /** D7: what a repeating device says by itself right after the line was opened may have lain in a buffer for hours. */
  #isStale(): boolean {
    if (this.#conversation !== null || this.#protocol.cadence === "event" || this.#opened === null) return false;
    return this.#opened.frames === 0 || performance.now() - this.#opened.atMs < this.#timing.settleMs;
  }

  /** D5. */
  #bad(sort: "noise" | "refused", bytes: number, health: DeviceHealth): void {
    this.#health = health;
    this.#quality = heard(this.#quality, sort, bytes);
    if (this.#health.state !== "garbled" && isGarbled(this.#quality, false)) this.#become("garbled", this.#garbled());
  }

  /** A valid frame came, or the line of an event device is open. */
  #alive(): void {
    const isEvent = this.#protocol.cadence === "event";
    if (this.#health.state === "garbled") {
      // One telegram in an hour cannot outweigh what came before it, if it proves anything.
      if (isEvent && this.#protocol.readsAnything !== true) this.#quality = unheard;
      else if (isGarbled(this.#quality, true)) return;
    }
    const sentence = this.#quarantineSentence();
    this.#become(sentence === null ? "online" : "quarantined", sentence);
  }

  #showing(display: Display): void {
    const before = this.#display.memory;
    this.#display = display;
    if (display.memory === before) return;
    this.#health = { ...this.#health, quarantine: display.memory.quarantine };
    this.#events.remember?.(display.memory);
  }

  #quarantineSentence(): string | null {
    const { quarantine } = this.#display.memory;
    return quarantine === null ? null : words.quarantined(this.#settings.id, quarantine);
  }

  #converse(session: Session): Conversation {
    const said = (serial: string): void => {
      this.#health = { ...this.#health, serial };
    };
    return new Conversation(session, {
      send: (bytes) => this.#connection?.write(bytes),
      identified: said,
      wrongDevice: (serial) => {
        said(serial);
        this.#reopenLater("wrong-device", words.wrongDevice(this.#settings, serial));
      },
    });
  }

  /** D4: an unplugged adapter may give no close event; only the time since the last valid frame tells. */
  #watch(): void {
    this.#liveness?.stop();
    const { silentAfterMs, quietMs } = this.#timing;
    const { probe, cadence } = this.#protocol;
    // The conversation with a polled device asks by itself.
    const asks = this.#conversation !== null && cadence === "polled";
    const ask = probe === undefined || asks ? null : () => this.#connection?.write(probe.bytes);
    const rule: LivenessRule | null =
      cadence === "polled"
        ? { kind: "must-speak", silentAfterMs, ask }
        : ask === null
          ? null
          : { kind: "may-be-quiet", quietMs, silentAfterMs, ask };
    this.#liveness = rule === null ? null : watchLiveness(rule, () => this.#onSilence());
  }

  #onSilence(): void {
    const { id, transport } = this.#settings;
    if (this.#opened === null && transport.kind === "tcp-server") {
      this.#reopenLater("connecting", words.notDialled(id, `${transport.host}:${transport.port}`));
      return;
    }
    const onlyBad = this.#quality.good === 0 && this.#quality.noise + this.#quality.refused > 0;
    if (onlyBad || this.#health.state === "garbled") this.#reopenLater("garbled", this.#garbled());
    else this.#reopenLater("silent", words.silent(id, this.#timing.silentAfterMs));
  }

  /** Once said it stays as it is until the line is readable: its figures would change with every byte. */
  #garbled(): string {
    const { state, lastError } = this.#health;
    if (state === "garbled" && lastError !== null) return lastError;
    return words.garbled(this.#settings, this.#quality, this.#health);
  }

  #reopenLater(state: DeviceState, reason: string | null): void {
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
    this.#conversation?.stop();
    this.#liveness?.stop();
    this.#conversation = null;
    this.#liveness = null;
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
