import { normal, seeded, uniform, wholeBelow } from "./random.ts";

/** Something to weigh and measure: identity, true mass and true size. */
export type Item = {
  readonly item: string;
  readonly grams: number;
  /** Length, width, height; whole millimetres. */
  readonly mm: readonly [number, number, number];
  /** F15: taken off as soon as its telegram is out. */
  readonly hasty?: true;
};

/** Where items come from, by number from 0; null = no more. The same number is always the same item (F2). */
export type ItemSource = (number: number) => Item | null;

const SERIALS = 10_000_000;
/** GS1 prefix 952 is reserved for demonstrations and examples. */
const COMPANY_PREFIX = "952";

const MEDIAN_LENGTH_MM = 320;
const LENGTH_MM = { low: 80, high: 600 };
const MEDIAN_DENSITY = 250;
const DENSITY = { low: 80, high: 600 };
const DENSITY_SPREAD = 0.45;
const OUTLIERS = 0.02;
const LIGHTEST_GRAMS = 40;
const HEAVIEST_GRAMS = 55_000;

/** Endless synthetic items of one station: unique by seed, station number (0..999) and item number (F2). */
export const syntheticItems =
  (seed: number, station: number): ItemSource =>
  (number) => {
    const random = seeded(`${seed}/${station}/${number}`);
    const mm = drawSize(random);
    return { item: sscc(seed, station, number), grams: drawGrams(random, mm), mm };
  };

/** F3: 80 to 600 kg/m3, lognormal as real assortments are; a few are wrong by a factor of 5, to be flagged. */
function drawGrams(random: ReturnType<typeof seeded>, [length, width, height]: Item["mm"]): number {
  const usual = clamp(MEDIAN_DENSITY * Math.exp(DENSITY_SPREAD * normal(random)), DENSITY.low, DENSITY.high);
  const odd = random.next() < OUTLIERS;
  const factor = odd ? (random.next() < 0.5 ? 5 : 0.2) : 1;
  // kg/m3 * mm3 * 1e-9 m3/mm3 * 1000 g/kg.
  return clamp(usual * factor * length * width * height * 1e-6, LIGHTEST_GRAMS, HEAVIEST_GRAMS);
}

function drawSize(random: ReturnType<typeof seeded>): Item["mm"] {
  const length = clamp(MEDIAN_LENGTH_MM * Math.exp(0.4 * normal(random)), LENGTH_MM.low, LENGTH_MM.high);
  const width = length * uniform(random, 0.5, 0.95);
  const height = width * uniform(random, 0.3, 0.9);
  return [Math.round(length), Math.round(width), Math.round(height)];
}

const clamp = (value: number, low: number, high: number): number => Math.min(high, Math.max(low, value));

/** GS1 SSCC (General Specifications 2.2.1): extension digit, company prefix, serial reference, check digit. */
export function sscc(seed: number, station: number, number: number): string {
  const serial =
    (seed % 1000).toString().padStart(3, "0") +
    (station % 1000).toString().padStart(3, "0") +
    (number % SERIALS).toString().padStart(7, "0");
  const body = `${Math.floor(number / SERIALS) % 10}${COMPANY_PREFIX}${serial}`;
  return body + checkDigit(body);
}

/** GS1 check digit: weights 3 and 1 from the right, modulo 10. */
export function checkDigit(digits: string): string {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    sum += Number(digits[digits.length - 1 - index]) * (index % 2 === 0 ? 3 : 1);
  }
  return ((10 - (sum % 10)) % 10).toString();
}

/** F4: a number of its own for every station name of a site that numbers no stations itself. */
export const stationNumberOf = (name: string): number => wholeBelow(seeded(name), 1000);

/** The value that a scale with this division displays. */
export const displayedGrams = (grams: number, divisionGrams: number): number =>
  Math.round(grams / divisionGrams) * divisionGrams;
