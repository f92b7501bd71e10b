import type { Decimal, MassUnit } from "../../devices/quantity/index.ts";
import { loadedWith, type Platform, type PlatformSettings, restingAt, type Sample, sampleAt } from "./platform.ts";

/** One way of showing a weight: the unit key goes from one to the next. `division` in that unit, e.g. 5e-3 kg. */
export type Display = { readonly unit: MassUnit; readonly division: Decimal };

export type IndicatorSettings = PlatformSettings & {
  readonly serial: string;
  readonly capacityGrams: number;
  /** At least one; the first is shown at power-on. */
  readonly displays: readonly Display[];
  /** How long a command that wants rest waits for it. */
  readonly stabilityTimeoutMs: number;
  /** Distance of two frames of a continuous output. */
  readonly outputMs: number;
  /** How fast the empty scale wanders from its zero. */
  readonly driftGramsPerMinute: number;
  readonly zeroTracking: boolean;
};

/** What a weighing indicator knows, whatever it speaks: a value, changed by the functions here only. Grams and ms. */
export type Indicator = {
  readonly settings: IndicatorSettings;
  readonly platform: Platform;
  readonly poweredAtMs: number;
  readonly trackedAtMs: number;
  readonly zeroGrams: number;
  /** As displayed when it was taken; 0 = the scale shows gross. */
  readonly tareGrams: number;
  readonly displayIndex: number;
  /** False = the cable of the load cell is broken: a resting zero, as converters without supervision give. */
  readonly sensing: boolean;
  /** Not null = the display hangs at this. */
  readonly held: Sample | null;
};

/** What the display says (F10). `weighing` is what its reader learns: the net value in grams. */
export type Indication =
  | { readonly kind: "overload" | "underload"; readonly unit: MassUnit; readonly stable: boolean }
  | {
      readonly kind: "weight";
      readonly gross: Decimal;
      readonly tare: Decimal;
      readonly net: Decimal;
      readonly division: Decimal;
      readonly unit: MassUnit;
      readonly stable: boolean;
      /** Within a quarter of a division of zero. */
      readonly centerOfZero: boolean;
      /** A tare is in force, so that the display shows net. */
      readonly tared: boolean;
      readonly weighing: Weighing;
    };

export type Weighing = { readonly grams: number; readonly stable: boolean };

/** What became of a zero or tare command. */
export type Commanded =
  | { readonly kind: "done"; readonly indicator: Indicator; readonly stable: boolean }
  | { readonly kind: "refused"; readonly reason: "overload" | "underload"; readonly stable: boolean };

/** OIML R76: beyond capacity + 9 divisions, and 20 divisions below zero, nothing is indicated. */
const OVERLOAD_DIVISIONS = 9;
const UNDERLOAD_DIVISIONS = 20;
/** OIML R76 4.5.1: zero setting within 4 % of the capacity (+-2 %). */
const ZERO_RANGE = 0.02;
/** OIML R76 4.5.2: a zero setting is good to a quarter of a division. */
const CENTER_DIVISIONS = 0.25;
/** OIML R76 4.5.7: zero tracking works within half a division, and moves at most half a division a second. */
const TRACKED_DIVISIONS = 0.5;
const TRACKED_DIVISIONS_PER_SECOND = 0.5;

const gramsPerUnit: Readonly<Record<MassUnit, number>> = {
  mg: 0.001,
  g: 1,
  kg: 1000,
  t: 1_000_000,
  oz: 28.349523125,
  lb: 453.59237,
};

export const poweredOn = (settings: IndicatorSettings, loadGrams: number, atMs: number): Indicator => ({
  settings,
  platform: restingAt(loadGrams),
  poweredAtMs: atMs,
  trackedAtMs: atMs,
  zeroGrams: 0,
  tareGrams: 0,
  displayIndex: 0,
  sensing: true,
  held: null,
});

/** OIML R76 4.5.1: initial zero setting, of at most 20 % of the capacity. */
const POWER_ON_RANGE = 0.2;

/** Takes what lies there at power-on for its zero, if it is not too much. */
export function zeroedAtPowerOn(indicator: Indicator): Indicator {
  const grams = indicator.platform.toGrams;
  return Math.abs(grams) > POWER_ON_RANGE * indicator.settings.capacityGrams
    ? indicator
    : { ...indicator, zeroGrams: grams };
}

export const loaded = (indicator: Indicator, grams: number, atMs: number): Indicator => ({
  ...indicator,
  platform: loadedWith(indicator.platform, grams, atMs),
});

/** Lets time pass: zero tracking follows slow drift of the empty scale, so that it stays at zero. */
export function passed(indicator: Indicator, atMs: number): Indicator {
  const { settings, zeroGrams, trackedAtMs } = indicator;
  if (!settings.zeroTracking || atMs <= trackedAtMs) return indicator;
  const { grams, stable } = sensed(indicator, atMs);
  const division = divisionGrams(indicator);
  const off = grams - zeroGrams;
  if (!stable || indicator.tareGrams !== 0 || Math.abs(off) > TRACKED_DIVISIONS * division)
    return { ...indicator, trackedAtMs: atMs };
  const most = (TRACKED_DIVISIONS_PER_SECOND * division * (atMs - trackedAtMs)) / 1000;
  return { ...indicator, zeroGrams: zeroGrams + Math.max(-most, Math.min(most, off)), trackedAtMs: atMs };
}

/** What the display says at this moment. */
export function indicationAt(indicator: Indicator, atMs: number): Indication {
  const { grams, stable } = sensed(indicator, atMs);
  const display = displayOf(indicator);
  const { unit, division } = display;
  const step = gramsOf(division, unit);
  const grossGrams = grams - indicator.zeroGrams;
  const gross = rounded(grossGrams, display);
  const displayed = gramsOf(gross, unit);
  if (displayed > indicator.settings.capacityGrams + OVERLOAD_DIVISIONS * step)
    return { kind: "overload", unit, stable };
  if (displayed < -UNDERLOAD_DIVISIONS * step) return { kind: "underload", unit, stable };
  const tare = rounded(indicator.tareGrams, display);
  const net = { mantissa: gross.mantissa - tare.mantissa, exponent: gross.exponent };
  return {
    kind: "weight",
    gross,
    tare,
    net,
    division,
    unit,
    stable,
    centerOfZero: Math.abs(grossGrams) <= CENTER_DIVISIONS * step,
    tared: indicator.tareGrams !== 0,
    weighing: { grams: gramsOf(net, unit), stable },
  };
}

export const isAtRest = (indicator: Indicator, atMs: number): boolean => sensed(indicator, atMs).stable;

/** Makes what lies there the zero, and clears the tare; within 2 % of the capacity only. */
export function zeroed(indicator: Indicator, atMs: number): Commanded {
  const { grams, stable } = sensed(indicator, atMs);
  const limit = ZERO_RANGE * indicator.settings.capacityGrams;
  if (grams > limit) return { kind: "refused", reason: "overload", stable };
  if (grams < -limit) return { kind: "refused", reason: "underload", stable };
  return { kind: "done", indicator: { ...indicator, zeroGrams: grams, tareGrams: 0 }, stable };
}

/** Takes what the display shows as gross for the tare. */
export function tared(indicator: Indicator, atMs: number): Commanded {
  const { grams, stable } = sensed(indicator, atMs);
  const display = displayOf(indicator);
  const gross = gramsOf(rounded(grams - indicator.zeroGrams, display), display.unit);
  if (gross < 0) return { kind: "refused", reason: "underload", stable };
  if (gross > indicator.settings.capacityGrams) return { kind: "refused", reason: "overload", stable };
  return { kind: "done", indicator: { ...indicator, tareGrams: gross }, stable };
}

/** A tare that a host gives as a number (preset tare), taken as the display can show it. */
export function presetTare(indicator: Indicator, grams: number): Indicator {
  const display = displayOf(indicator);
  return { ...indicator, tareGrams: gramsOf(rounded(grams, display), display.unit) };
}

export const tareCleared = (indicator: Indicator): Indicator => ({ ...indicator, tareGrams: 0 });

/** Somebody pressed the unit key: the next display, after the last the first again. */
export const unitKeyPressed = (indicator: Indicator): Indicator => ({
  ...indicator,
  displayIndex: (indicator.displayIndex + 1) % indicator.settings.displays.length,
});

export const withSensor = (indicator: Indicator, sensing: boolean): Indicator => ({ ...indicator, sensing });

/** The display hangs (true) at what it shows now, or goes on. */
export const heldAt = (indicator: Indicator, held: boolean, atMs: number): Indicator => ({
  ...indicator,
  held: held ? sensed(indicator, atMs) : null,
});

export const displayOf = ({ settings, displayIndex }: Indicator): Display => {
  const display = settings.displays[displayIndex];
  if (display === undefined) throw new RangeError("an indicator has at least one display");
  return display;
};

/** The division that the display has now, in grams. */
export const divisionGrams = (indicator: Indicator): number => {
  const { unit, division } = displayOf(indicator);
  return gramsOf(division, unit);
};

export const gramsOf = ({ mantissa, exponent }: Decimal, unit: MassUnit): number =>
  exponent <= 0 ? (mantissa * gramsPerUnit[unit]) / 10 ** -exponent : mantissa * gramsPerUnit[unit] * 10 ** exponent;

function rounded(grams: number, { unit, division }: Display): Decimal {
  const divisions = Math.round(grams / gramsOf(division, unit));
  // + 0: never -0, which would print a sign.
  return { mantissa: divisions * division.mantissa + 0, exponent: division.exponent };
}

/** What the load cell says, drift included, before zero and rounding. */
function sensed(indicator: Indicator, atMs: number): Sample {
  if (indicator.held !== null) return indicator.held;
  if (!indicator.sensing) return { grams: indicator.zeroGrams, stable: true };
  const sample = sampleAt(indicator.platform, samplingOf(indicator), atMs);
  const drift = (indicator.settings.driftGramsPerMinute * (atMs - indicator.poweredAtMs)) / 60_000;
  return { ...sample, grams: sample.grams + drift };
}

const samplingOf = (indicator: Indicator) => ({
  ...indicator.settings,
  divisionGrams: divisionGrams(indicator),
});
