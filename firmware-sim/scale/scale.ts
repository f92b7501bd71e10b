import type { Fault } from "../faults/index.ts";
import { type Line, type LineSettings, openLine } from "../lines/index.ts";
import { type Firmware, type FirmwareInput, type FirmwareSettings, step, switchedOn } from "./firmware.ts";

export type ScaleOptions = {
  readonly line: LineSettings;
  readonly serial?: string;
  readonly capacityGrams?: number;
  readonly divisionGrams?: number;
  readonly seed?: number;
  /** What lies on the platform at power-on. */
  readonly loadGrams?: number;
  readonly faults?: readonly Fault[];
  /** A host was told, undamaged, what lies on the platform (F8). */
  readonly onWeighing?: (weighing: { readonly grams: number; readonly stable: boolean }) => void;
};

export type Scale = {
  readonly divisionGrams: number;
  readonly load: (grams: number) => void;
  readonly stats: () => { readonly answers: number };
  readonly close: () => Promise<void>;
};

const TICK_MS = 20;

/** A simulated scale that speaks MT-SICS on a PTY or a TCP port. */
export async function startScale(options: ScaleOptions): Promise<Scale> {
  const settings = settingsOf(options);
  let firmware: Firmware = switchedOn(settings, options.loadGrams ?? 0);
  let answers = 0;
  let line: Line | null = null;
  const run = (input: FirmwareInput) => {
    const done = step(firmware, input, performance.now());
    firmware = done.firmware;
    for (const { bytes, weighing } of done.answers) {
      answers += 1;
      const whole = line?.write(bytes) ?? false;
      if (whole && weighing !== null) options.onWeighing?.(weighing);
    }
  };
  line = await openLine(options.line, options.faults ?? [], {
    received: (bytes) => run({ kind: "received", bytes }),
    linked: () => {},
  });
  const ticking = setInterval(() => {
    if (firmware.waiting !== null || firmware.repeatAtMs !== null) run({ kind: "tick" });
  }, TICK_MS);
  return {
    divisionGrams: settings.divisionGrams,
    load: (grams) => run({ kind: "load", grams }),
    stats: () => ({ answers }),
    close: async () => {
      clearInterval(ticking);
      await line.close();
    },
  };
}

const settingsOf = (options: ScaleOptions): FirmwareSettings => ({
  serial: options.serial ?? "SIM0001",
  capacityGrams: options.capacityGrams ?? 60_000,
  divisionGrams: options.divisionGrams ?? 5,
  dampingMs: 20,
  noiseGrams: 40,
  seed: options.seed ?? 1,
  stabilityTimeoutMs: 5_000,
  repeatMs: 100,
});
