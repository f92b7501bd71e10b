import { type Fault, faultsOf } from "../faults/index.ts";
import { type Line, type LineSettings, openLine } from "../lines/index.ts";
import type { MeasuringInput, MeasuringSpeech, Presented } from "./dialect.ts";
import { measuringDialects } from "./dialects/index.ts";

export type DimensionerOptions = {
  readonly line: LineSettings;
  /** What it speaks: a name of `measuringDialects`, "sick" unless told otherwise. */
  readonly protocol?: string;
  /** Also as text: "noise=0.01", "unplug=5/1" (F9). */
  readonly faults?: readonly (Fault | string)[];
  readonly seed?: number;
};

/** A simulated dimensioner or scanner. */
export type Dimensioner = {
  /** Where it listens, also when `line.port` was 0; null on another line. */
  readonly port: number | null;
  readonly present: (presented: Presented | null) => void;
  /** When the present host was told whole what is presented, in `performance.now()` ms; null = not yet (F8). */
  readonly deliveredAtMs: () => number | null;
  readonly stats: () => { readonly telegrams: number };
  readonly close: () => Promise<void>;
};

/** A telegram that a fault damaged is sent again after this. */
const REPEAT_MS = 1_000;
const MEASURING_MS = 50;

/**
 * Starts a simulated dimensioner. One that speaks by itself tells the connected host when something is presented, and again
 * every host that connects while it stands there (F11). Rejects with a RangeError for a protocol without a dialect, and
 * with the operating system's error when a port is taken.
 */
export async function startDimensioner(options: DimensionerOptions): Promise<Dimensioner> {
  const { protocol = "sick" } = options;
  const speech = measuringDialects.get(protocol);
  if (speech === undefined)
    throw new RangeError(`no dimensioner speaks "${protocol}": use ${[...measuringDialects.keys()].join(", ")}`);
  if (speech.wire === "http" && options.line.kind !== "tcp")
    throw new RangeError(`${protocol} has a web server: give it a TCP port`);
  const dimensioner = new PoweredDimensioner(speech);
  await dimensioner.connect(options.line, faultsOf(options.faults ?? [], options.seed ?? 1));
  return dimensioner;
}

/** Owns the line of one dimensioner and the timer of its next measurement. */
class PoweredDimensioner implements Dimensioner {
  readonly #switchedOn: MeasuringSpeech;
  #speech: MeasuringSpeech;
  #presented: Presented | null = null;
  /** F9: it sees no side of what is presented. */
  #blind = false;
  /** F9: it measures nothing, as a camera whose program hangs. */
  #hung = false;
  #delivered: number | null = null;
  #telegrams = 0;
  #timer: NodeJS.Timeout | null = null;
  #restarting: NodeJS.Timeout | null = null;
  #line: Line | null = null;

  constructor(speech: MeasuringSpeech) {
    this.#switchedOn = speech;
    this.#speech = speech;
  }

  async connect(settings: LineSettings, faults: readonly Fault[]): Promise<void> {
    const events = {
      received: (bytes: Uint8Array) => this.#run({ kind: "received", bytes }),
      linked: (up: boolean) => {
        this.#delivered = null;
        if (up) this.#plan(MEASURING_MS);
      },
    };
    this.#line = await openLine(settings, faults, events, {
      pressUnitKey: () => {},
      breakSensor: (broken) => {
        this.#blind = broken;
      },
      hold: (held) => {
        this.#hung = held;
      },
      restart: (offMs) => this.#restart(offMs),
      setClockBack: () => {},
    });
  }

  get port(): number | null {
    return this.#line?.port ?? null;
  }

  present(presented: Presented | null): void {
    this.#presented = presented;
    this.#delivered = null;
    this.#plan(MEASURING_MS);
  }

  deliveredAtMs(): number | null {
    return this.#delivered;
  }

  stats(): { readonly telegrams: number } {
    return { telegrams: this.#telegrams };
  }

  async close(): Promise<void> {
    for (const timer of [this.#timer, this.#restarting]) if (timer !== null) clearTimeout(timer);
    const line = this.#line;
    this.#line = null;
    await line?.close();
  }

  #plan(waitMs: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = this.#presented === null ? null : setTimeout(() => this.#measure(), waitMs);
  }

  #measure(): void {
    if (this.#line?.linked() !== true) return;
    if (this.#hung || !this.#run({ kind: "measured" })) this.#plan(REPEAT_MS);
  }

  /** False when something that it had to tell did not go out whole. */
  #run(input: MeasuringInput): boolean {
    if (this.#restarting !== null) return false;
    const seen = this.#blind ? withoutSize(this.#presented) : this.#presented;
    const { speech, telegrams } = this.#speech.step(seen, input);
    this.#speech = speech;
    let isWhole = true;
    for (const { bytes, tells } of telegrams) {
      this.#telegrams += 1;
      const wrote = this.#line?.write(bytes) ?? false;
      if (!tells) continue;
      isWhole &&= wrote;
      if (wrote) this.#delivered = performance.now();
    }
    return isWhole;
  }

  #restart(offMs: number): void {
    this.#restarting ??= setTimeout(() => {
      this.#restarting = null;
      this.#speech = this.#switchedOn;
      this.#plan(MEASURING_MS);
    }, offMs);
  }
}

/** A camera without its cable: the code may still be read, every side is zero. */
const withoutSize = (presented: Presented | null): Presented | null =>
  presented === null ? null : { ...presented, mm: [0, 0, 0] };
