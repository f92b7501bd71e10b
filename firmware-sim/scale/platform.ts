import { seeded, uniform } from "../random.ts";

/** A loaded platform: it swings from one load to the next and comes to rest. Masses in grams, times in ms. */
export type Platform = { readonly fromGrams: number; readonly toGrams: number; readonly sinceMs: number };

export type PlatformSettings = {
  /** Time constant of the swing. */
  readonly dampingMs: number;
  readonly noiseGrams: number;
  readonly seed: number;
};

export type Sample = { readonly grams: number; readonly stable: boolean };

const SWING_HERTZ = 8;
const SAMPLE_MS = 20;
/** At rest = the swing is below a quarter division, so that it cannot change the displayed value. */
const REST_DIVISIONS = 0.25;

export const restingAt = (grams: number): Platform => ({ fromGrams: grams, toGrams: grams, sinceMs: 0 });

export const loadedWith = (platform: Platform, grams: number, atMs: number): Platform =>
  platform.toGrams === grams ? platform : { fromGrams: platform.toGrams, toGrams: grams, sinceMs: atMs };

/** What the load cell says, before rounding. At rest the filter has averaged the noise away (F10). */
export function sampleAt(
  platform: Platform,
  settings: PlatformSettings & { readonly divisionGrams: number },
  atMs: number,
): Sample {
  const elapsedMs = atMs - platform.sinceMs;
  const envelope = Math.abs(platform.toGrams - platform.fromGrams) * Math.exp(-elapsedMs / settings.dampingMs);
  if (envelope < REST_DIVISIONS * settings.divisionGrams) return { grams: platform.toGrams, stable: true };
  const swing = Math.cos((2 * Math.PI * SWING_HERTZ * elapsedMs) / 1000);
  const side = Math.sign(platform.fromGrams - platform.toGrams);
  const random = seeded(`${settings.seed}/${Math.floor(elapsedMs / SAMPLE_MS)}`);
  const noise = uniform(random, -settings.noiseGrams, settings.noiseGrams);
  return { grams: platform.toGrams + side * envelope * swing + noise, stable: false };
}
