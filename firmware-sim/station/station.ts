import type { Dimensioner } from "../dimensioner/index.ts";
import { displayedGrams, type Item, type ItemSource } from "../items.ts";
import { type Journal, type JournalLine, openJournal, type Presented } from "../journal.ts";
import type { Scale } from "../scale/index.ts";
import { type Cycle, type CycleInput, type CycleSettings, emptyFrom, loadedFrom, step } from "./cycle.ts";

export type StationOptions = {
  readonly items: ItemSource;
  /** Starts the station's scale, if it has one, with what lies on it and with the station listening to it. */
  readonly scale: ((start: ScaleStart) => Promise<Scale>) | null;
  readonly dimensioner: (() => Promise<Dimensioner>) | null;
  /** JSON lines; null keeps nothing. */
  readonly journal: string | null;
  readonly ratePerSecond: number;
  readonly dwellMs?: number;
  readonly onEvent?: (event: StationEvent) => void;
};

type ScaleStart = {
  readonly loadGrams: number;
  readonly onWeighing: (weighing: { readonly grams: number; readonly stable: boolean }) => void;
};

export type StationEvent = { readonly kind: "presented" | "removed"; readonly line: JournalLine };

export type Station = {
  readonly stats: () => { readonly presented: number; readonly removed: number };
  readonly close: () => Promise<void>;
};

const DEFAULT_DWELL_MS = 500;
const GAP_MS = 300;
const TICK_MS = 25;

/** Presents items to the scale and the dimensioner of one station, and journals them (F6, F12). Rejects when a line cannot open. */
export async function startStation(options: StationOptions): Promise<Station> {
  const journal = openJournal(options.journal);
  const driver = new Driver(options, journal);
  try {
    await driver.start();
  } catch (error) {
    // A taken port: give back what was already opened.
    await driver.close();
    throw error;
  }
  return driver;
}

/** Owns one station's devices and its journal. */
class Driver implements Station {
  readonly #options: StationOptions;
  readonly #settings: CycleSettings;
  readonly #journal: Journal;
  #scale: Scale | null = null;
  #dimensioner: Dimensioner | null = null;
  #cycle: Cycle;
  /** What stands there now. */
  #presented: Presented | null;
  #removed = 0;
  #ticking: NodeJS.Timeout | null = null;
  #exhausted = false;

  constructor(options: StationOptions, journal: Journal) {
    this.#options = options;
    this.#journal = journal;
    this.#settings = {
      dwellMs: options.dwellMs ?? DEFAULT_DWELL_MS,
      gapMs: GAP_MS,
      everyMs: 1000 / options.ratePerSecond,
    };
    // F13: what an earlier process left on the scale still lies there; the host has not seen the scale empty.
    this.#presented = journal.unfinished.at(-1) ?? null;
    const now = performance.now();
    this.#cycle = this.#presented === null ? emptyFrom(now, options.scale === null) : loadedFrom(now);
  }

  async start(): Promise<void> {
    const { scale, dimensioner } = this.#options;
    if (scale !== null) {
      this.#scale = await scale({
        loadGrams: this.#presented?.line.grams ?? 0,
        onWeighing: ({ grams, stable }) => this.#seen(grams, stable),
      });
    }
    if (dimensioner !== null) this.#dimensioner = await dimensioner();
    this.#ticking = setInterval(() => this.#onTick(), TICK_MS);
  }

  stats(): { readonly presented: number; readonly removed: number } {
    return { presented: this.#journal.count(), removed: this.#removed };
  }

  async close(): Promise<void> {
    if (this.#ticking !== null) clearInterval(this.#ticking);
    await Promise.all([this.#scale?.close(), this.#dimensioner?.close()]);
    this.#journal.close();
  }

  #onTick(): void {
    // Without a scale nobody polls: a delivered telegram is all there is to watch.
    if (this.#scale === null) this.#seen(this.#presented === null ? 0 : Number.MAX_SAFE_INTEGER, true);
    else this.#run({ kind: "tick" });
  }

  #seen(grams: number, stable: boolean): void {
    const deliveredAtMs = this.#dimensioner === null ? 0 : this.#dimensioner.deliveredAtMs();
    this.#run({ kind: "seen", grams, stable, deliveredAtMs });
  }

  #run(input: CycleInput): void {
    if (this.#exhausted) return;
    const operator = this.#presented?.line.hasty === true ? "hasty" : "patient";
    const { cycle, act } = step(this.#cycle, this.#settings, input, performance.now(), operator);
    this.#cycle = cycle;
    switch (act) {
      case "present":
        this.#present();
        break;
      case "measure":
        this.#measure();
        break;
      case "remove":
        this.#remove();
        break;
      case null:
        break;
    }
  }

  #present(): void {
    const item = this.#options.items(this.#journal.count());
    if (item === null) {
      this.#exhausted = true;
      return;
    }
    this.#presented = this.#journal.present(this.#lineOf(item));
    this.#options.onEvent?.({ kind: "presented", line: this.#presented.line });
    this.#scale?.load(item.grams);
  }

  #remove(): void {
    if (this.#presented === null) return;
    const { number, line } = this.#presented;
    // Finished before the scale moves: a crash between the two leaves an empty scale, which is what the host expects next.
    this.#journal.finish(number);
    this.#presented = null;
    this.#removed += 1;
    this.#scale?.load(0);
    this.#measure();
    this.#options.onEvent?.({ kind: "removed", line });
  }

  /** F11: puts under the dimensioner what stands there, or takes it away. */
  #measure(): void {
    const line = this.#presented?.line;
    this.#dimensioner?.present(line?.mm === undefined ? null : { item: line.item, mm: line.mm });
  }

  #lineOf(item: Item): JournalLine {
    const grams = this.#scale === null ? {} : { grams: displayedGrams(item.grams, this.#scale.divisionGrams) };
    const mm = this.#dimensioner === null ? {} : { mm: item.mm };
    return { at: Date.now(), item: item.item, ...grams, ...mm, ...(item.hasty === true ? { hasty: true } : {}) };
  }
}
