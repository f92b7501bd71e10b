import type { Answer, DialectInput, Speaker, Speech } from "../dialects/index.ts";
import {
  heldAt,
  type Indicator,
  type IndicatorSettings,
  loaded,
  passed,
  poweredOn,
  unitKeyPressed,
  withSensor,
} from "./indicator.ts";

/** A scale that is switched on: an indicator and what it speaks. A value, changed by `step` only. */
export type Firmware = {
  readonly indicator: Indicator;
  readonly speech: Speech;
  readonly wakeAtMs: number | null;
};

export type FirmwareInput =
  | DialectInput
  | { readonly kind: "load"; readonly grams: number }
  | { readonly kind: "unit-key" }
  | { readonly kind: "sensor"; readonly broken: boolean }
  | { readonly kind: "hold"; readonly held: boolean };

type Step = { readonly firmware: Firmware; readonly answers: readonly Answer[] };

/** The first tick is due at once: an indicator that speaks by itself starts at power-on. */
export function switchedOn(speaker: Speaker, settings: IndicatorSettings, loadGrams: number, atMs: number): Firmware {
  const indicator = poweredOn(settings, loadGrams, atMs);
  return { indicator, speech: speaker.switchedOn(indicator), wakeAtMs: atMs };
}

export function step(before: Firmware, input: FirmwareInput, atMs: number): Step {
  const indicator = passed(before.indicator, atMs);
  switch (input.kind) {
    case "load":
      return { firmware: { ...before, indicator: loaded(indicator, input.grams, atMs) }, answers: [] };
    case "unit-key":
      return { firmware: { ...before, indicator: unitKeyPressed(indicator) }, answers: [] };
    case "sensor":
      return { firmware: { ...before, indicator: withSensor(indicator, !input.broken) }, answers: [] };
    case "hold":
      return { firmware: { ...before, indicator: heldAt(indicator, input.held, atMs) }, answers: [] };
    case "tick":
    case "received": {
      const { answers, ...firmware } = before.speech.step(indicator, input, atMs);
      return { firmware, answers };
    }
  }
}
