import { dialects, type Speaker } from "../dialects/index.ts";
import { type Fault, faultsOf } from "../faults/index.ts";
import { type Line, type LineSettings, openLine } from "../lines/index.ts";
import { type Firmware, type FirmwareInput, step, switchedOn } from "./firmware.ts";
import { type Display, divisionGrams, type IndicatorSettings, type Weighing, zeroedAtPowerOn } from "./indicator.ts";

export type ScaleOptions = {
  readonly line: LineSettings;
  /** What it speaks: a name of `dialects`, "mt-sics" unless told otherwise. */
  readonly protocol?: string;
  /** What lies on the platform at power-on. */
  readonly loadGrams?: number;
  /** Also as text: "noise=0.01", "unplug=5/1" (F9). */
  readonly faults?: readonly (Fault | string)[];
  /** A host was told, undamaged, what lies on the platform (F8). */
  readonly onWeighing?: (weighing: Weighing) => void;
} & ScaleSettings;

type ScaleSettings = Partial<IndicatorSettings> & {
  /** Division in grams of the one kg display that it has instead of its make's displays. */
  readonly divisionGrams?: number;
};

export type Scale = {
  /** Where it listens, also when `line.port` was 0; null on another line. */
  readonly port: number | null;
  readonly divisionGrams: number;
  readonly load: (grams: number) => void;
  /** Somebody presses the unit key. */
  readonly pressUnitKey: () => void;
  readonly stats: () => { readonly answers: number };
  readonly close: () => Promise<void>;
};

/**
 * Switches a simulated scale on: what it speaks on a PTY (`{ kind: "pty", link: "./ttyUSB0" }`) or a TCP port. `load` puts grams on
 * it. Rejects with a RangeError for a protocol without a dialect or a fault that is none, and with the operating system's error
 * when a port is taken.
 */
export async function startScale(options: ScaleOptions): Promise<Scale> {
  const { line, protocol = "mt-sics", loadGrams = 0, faults = [], onWeighing = () => {}, ...settings } = options;
  const speaker = dialects.get(protocol);
  if (speaker === undefined)
    throw new RangeError(`no scale speaks "${protocol}": use ${[...dialects.keys()].join(", ")}`);
  const powerUp = (grams: number, atMs: number) => switchedOn(speaker, settingsOf(speaker, settings), grams, atMs);
  const scale = new PoweredScale(powerUp, loadGrams, onWeighing);
  await scale.connect(line, faultsOf(faults, settings.seed ?? 1));
  return scale;
}

/** Owns the line of one scale and the timer of its next output. */
class PoweredScale implements Scale {
  readonly #powerUp: (loadGrams: number, atMs: number) => Firmware;
  readonly #onWeighing: (weighing: Weighing) => void;
  #firmware: Firmware;
  /** Not null = without power. */
  #restarting: NodeJS.Timeout | null = null;
  #line: Line | null = null;
  #wake: NodeJS.Timeout | null = null;
  #answers = 0;

  constructor(
    powerUp: (loadGrams: number, atMs: number) => Firmware,
    loadGrams: number,
    onWeighing: (weighing: Weighing) => void,
  ) {
    this.#powerUp = powerUp;
    this.#onWeighing = onWeighing;
    this.#firmware = powerUp(loadGrams, performance.now());
  }

  get port(): number | null {
    return this.#line?.port ?? null;
  }

  get divisionGrams(): number {
    return divisionGrams(this.#firmware.indicator);
  }

  async connect(line: LineSettings, faults: readonly Fault[]): Promise<void> {
    const events = { received: (bytes: Uint8Array) => this.#run({ kind: "received", bytes }), linked: () => {} };
    this.#line = await openLine(line, faults, events, {
      pressUnitKey: () => this.pressUnitKey(),
      breakSensor: (broken) => this.#run({ kind: "sensor", broken }),
      hold: (held) => this.#run({ kind: "hold", held }),
      restart: (offMs, zeroes) => this.#restart(offMs, zeroes),
      setClockBack: () => {},
    });
    this.#run({ kind: "tick" });
  }

  load(grams: number): void {
    this.#run({ kind: "load", grams });
  }

  pressUnitKey(): void {
    this.#run({ kind: "unit-key" });
  }

  stats(): { readonly answers: number } {
    return { answers: this.#answers };
  }

  async close(): Promise<void> {
    this.#sleep();
    if (this.#restarting !== null) clearTimeout(this.#restarting);
    const line = this.#line;
    this.#line = null;
    await line?.close();
  }

  /** What lies on the platform stays there; tare, unit and unfinished commands do not. */
  #restart(offMs: number, zeroes: boolean): void {
    this.#sleep();
    this.#restarting ??= setTimeout(() => {
      this.#restarting = null;
      const now = performance.now();
      const firmware = this.#powerUp(this.#firmware.indicator.platform.toGrams, now);
      this.#firmware = zeroes ? { ...firmware, indicator: zeroedAtPowerOn(firmware.indicator) } : firmware;
      this.#run({ kind: "tick" });
    }, offMs);
  }

  #run(input: FirmwareInput): void {
    // Without power it hears nothing, and what is put on it moves its springs all the same.
    if (this.#restarting !== null && input.kind !== "load") return;
    const { firmware, answers } = step(this.#firmware, input, performance.now());
    this.#firmware = firmware;
    for (const { bytes, weighing } of answers) {
      this.#answers += 1;
      const whole = this.#line?.write(bytes) ?? false;
      if (whole && weighing !== null) this.#onWeighing(weighing);
    }
    if (input.kind === "received" || input.kind === "tick") this.#wakeLater();
  }

  #sleep(): void {
    if (this.#wake !== null) clearTimeout(this.#wake);
    this.#wake = null;
  }

  #wakeLater(): void {
    this.#sleep();
    const { wakeAtMs } = this.#firmware;
    // A fault may have cut the power in the middle of an answer.
    if (wakeAtMs === null || this.#line === null || this.#restarting !== null) return;
    const waitMs = Math.max(1, Math.ceil(wakeAtMs - performance.now()));
    this.#wake = setTimeout(() => this.#run({ kind: "tick" }), waitMs);
  }
}

/** A bench scale of 60 kg by 5 g, unless its make or the settings say otherwise. */
export function settingsOf({ make }: Speaker, settings: ScaleSettings): IndicatorSettings {
  const { divisionGrams, ...given } = settings;
  const kilograms = (grams: number): Display => ({ unit: "kg", division: { mantissa: grams, exponent: -3 } });
  return {
    serial: "SIM0001",
    capacityGrams: 60_000,
    displays: [kilograms(5), { unit: "lb", division: { mantissa: 1, exponent: -2 } }],
    dampingMs: 20,
    noiseGrams: 40,
    seed: 1,
    stabilityTimeoutMs: 5_000,
    outputMs: 100,
    driftGramsPerMinute: 0,
    zeroTracking: true,
    ...make,
    ...(divisionGrams === undefined ? {} : { displays: [kilograms(divisionGrams)] }),
    ...given,
  };
}
