import { encodeTelegram } from "../../devices/protocols/sick/index.ts";
import { type Fault, noControls } from "../faults/index.ts";
import { type Line, type LineSettings, openLine } from "../lines/index.ts";

export type DimensionerOptions = {
  readonly line: LineSettings;
  readonly faults?: readonly Fault[];
};

/** What stands under the dimensioner; a null item is an unreadable code. */
type Presented = { readonly item: string | null; readonly mm: readonly [number, number, number] };

export type Dimensioner = {
  readonly present: (presented: Presented | null) => void;
  /** When the present host got the telegram of what is presented, in `performance.now()` ms; null = not yet (F8). */
  readonly deliveredAtMs: () => number | null;
  readonly stats: () => { readonly telegrams: number };
  readonly close: () => Promise<void>;
};

/** A telegram that a fault damaged is sent again after this. */
const REPEAT_MS = 1_000;
const MEASURING_MS = 50;

/**
 * A simulated SICK Master Data Analyzer without a scale. The telegram goes to the connected host when something is
 * presented, and again to every host that connects while it stands there (F11).
 */
export async function startDimensioner(options: DimensionerOptions): Promise<Dimensioner> {
  let presented: Presented | null = null;
  let delivered: number | null = null;
  let telegrams = 0;
  let timer: NodeJS.Timeout | null = null;
  let line: Line | null = null;
  const plan = (waitMs: number) => {
    if (timer !== null) clearTimeout(timer);
    timer = presented === null ? null : setTimeout(measure, waitMs);
  };
  const measure = () => {
    if (presented === null || line === null || !line.linked()) return;
    if (line.write(telegramOf(telegrams, presented))) delivered = performance.now();
    else plan(REPEAT_MS);
    telegrams += 1;
  };
  const events = {
    received: () => {},
    linked: (up: boolean) => {
      delivered = null;
      if (up) plan(MEASURING_MS);
    },
  };
  line = await openLine(options.line, options.faults ?? [], events, noControls);
  return {
    present: (next) => {
      presented = next;
      delivered = null;
      plan(MEASURING_MS);
    },
    deliveredAtMs: () => delivered,
    stats: () => ({ telegrams }),
    close: async () => {
      if (timer !== null) clearTimeout(timer);
      await line.close();
    },
  };
}

/** K2. scaleError 1: no scale is connected to it, so the weight is zeroed. */
function telegramOf(number: number, { item, mm }: Presented): Uint8Array {
  const [length, width, height] = mm;
  return encodeTelegram({
    objectNumber: (number % 10_000).toString().padStart(4, "0"),
    barcode: item ?? "NoRead",
    weight: "000000000",
    weightUnit: "g",
    scaleError: "1",
    length: length.toString().padStart(4, "0"),
    width: width.toString().padStart(4, "0"),
    height: height.toString().padStart(4, "0"),
    lengthUnit: "mm",
    status: "0000",
    volume: (length * width * height).toString().padStart(7, "0"),
  });
}
