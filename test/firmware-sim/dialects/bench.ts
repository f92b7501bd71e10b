import { dialects } from "../../../firmware-sim/dialects/index.ts";
import { type Firmware, settingsOf, step, switchedOn } from "../../../firmware-sim/scale/index.ts";

type Bench = {
  /** What the scale writes when the host sends this, as Latin-1 text. */
  readonly say: (text: string, atMs?: number) => string;
  readonly load: (grams: number, atMs: number) => void;
  readonly tick: (atMs: number) => string;
  readonly pressUnitKey: () => void;
  readonly wakeAtMs: () => number | null;
};

/** A switched-on scale to talk to without a line: 60 kg by 5 g, at rest with `loadGrams` at 10 s. */
export function bench(protocol: string, loadGrams = 0, changed: Partial<ReturnType<typeof settingsOf>> = {}): Bench {
  const speaker = dialects.get(protocol);
  if (speaker === undefined) throw new RangeError(`no scale speaks ${protocol}`);
  let firmware: Firmware = switchedOn(
    speaker,
    { ...settingsOf(speaker, { serial: "7", stabilityTimeoutMs: 1_000 }), ...changed },
    loadGrams,
    0,
  );
  const run = (input: Parameters<typeof step>[1], atMs: number): string => {
    const done = step(firmware, input, atMs);
    firmware = done.firmware;
    return done.answers.map(({ bytes }) => Buffer.from(bytes).toString("latin1")).join("");
  };
  return {
    say: (text, atMs = 10_000) => run({ kind: "received", bytes: Buffer.from(text, "latin1") }, atMs),
    load: (grams, atMs) => void run({ kind: "load", grams }, atMs),
    tick: (atMs) => run({ kind: "tick" }, atMs),
    pressUnitKey: () => void run({ kind: "unit-key" }, 10_000),
    wakeAtMs: () => firmware.wakeAtMs,
  };
}

/** Hexadecimal bytes of a text, for protocols whose bytes are no characters. */
export const hexOf = (text: string): string => Buffer.from(text, "latin1").toString("hex");
