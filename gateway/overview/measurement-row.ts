/** One finalized measurement as the page shows it: texts and places on the bar, so that the page only draws (O7). Pure. */
import type { Measurement } from "./status.ts";

export type MeasurementRow = {
  readonly index: number;
  readonly id: string;
  readonly gateway: string;
  readonly number: number;
  readonly item: string;
  readonly mass: string;
  readonly dimensions: string;
  readonly prediction: Prediction;
  readonly flagged: boolean;
  readonly reasons: readonly string[];
  readonly atMs: number;
  readonly receiptUrl: string;
};

/** What was predicted before the scale was read; `unknown` when the model has seen no parcels of this size. */
type Prediction =
  | { readonly kind: "unknown"; readonly words: string }
  | {
      readonly kind: "interval";
      readonly text: string;
      /** Places from 0 (left end) to 1: the interval lies between `low` and `high`. */
      readonly bar: {
        readonly low: number;
        readonly high: number;
        readonly predicted: number;
        readonly measured: number;
      };
      /** The bar in words, for who does not see it. */
      readonly words: string;
    };

/** The interval always takes the middle half of the bar, so that a glance tells inside from outside. */
const LOW = 0.25;
const HIGH = 0.75;
/** What lies far outside stays on the picture, at its edge. */
const EDGE = 0.03;

export function rowOf(measurement: Measurement, url: string): MeasurementRow {
  const { index, gateway, number, item, massGrams, verdict, reasons, at } = measurement;
  return {
    index,
    id: `${gateway}/${number}`,
    gateway,
    number,
    item,
    mass: massText(massGrams),
    dimensions: `${measurement.dimensionsMm.join(" × ")} mm`,
    prediction: predictionOf(measurement),
    flagged: verdict === "flag",
    reasons: reasons.map(reasonWords),
    atMs: at,
    receiptUrl: `${url}/v1/measurements/${encodeURIComponent(gateway)}/${number}/receipt`,
  };
}

/** Three zeros are how an assessment says that the model does not know. */
function predictionOf({ massGrams, lowGrams, highGrams, predictedGrams }: Measurement): Prediction {
  if (lowGrams === 0 && highGrams === 0 && predictedGrams === 0) return { kind: "unknown", words: "not predictable" };
  const measured = Number(massGrams);
  const place = (grams: number): number => placeOf(grams, lowGrams, highGrams);
  const where = measured < lowGrams ? "below" : measured > highGrams ? "above" : "inside";
  const text = `${roundedMass(lowGrams)} to ${roundedMass(highGrams)}`;
  return {
    kind: "interval",
    text,
    bar: { low: LOW, high: HIGH, predicted: place(predictedGrams), measured: place(measured) },
    words: `Measured ${massText(massGrams)}, ${where} the predicted ${text}`,
  };
}

/** Masses spread over decades and the model predicts their logarithm, so the bar is logarithmic. */
function placeOf(grams: number, lowGrams: number, highGrams: number): number {
  const low = Math.log(Math.max(1, lowGrams));
  const high = Math.log(Math.max(1, highGrams));
  if (high <= low) return grams < lowGrams ? EDGE : grams > highGrams ? 1 - EDGE : 0.5;
  const share = (Math.log(Math.max(1, grams)) - low) / (high - low);
  return Math.round(1000 * Math.min(1 - EDGE, Math.max(EDGE, LOW + (HIGH - LOW) * share))) / 1000;
}

/** Grams as an exact decimal string, shown with every digit that the scale displayed: "12340" is 12.340 kg. */
export function massText(grams: string): string {
  const [whole = "0", fraction = ""] = grams.replace("-", "").split(".");
  if (whole.length < 4) return `${grams} g`;
  const sign = grams.startsWith("-") ? "-" : "";
  return `${sign}${whole.slice(0, -3)}.${whole.slice(-3)}${fraction} kg`;
}

/** Predictions are estimates: three digits say all they know. */
function roundedMass(grams: number): string {
  if (grams < 1000) return `${grams} g`;
  return `${Number((grams / 1000).toPrecision(3))} kg`;
}

const REASONS: Readonly<Record<string, string>> = {
  "below-interval": "lighter than predicted",
  "above-interval": "heavier than predicted",
  "outside-model-range": "outside what the model has seen",
};

/** A reason of a newer gateway is shown as it stands. */
function reasonWords(reason: string): string {
  return REASONS[reason] ?? reason.replaceAll("-", " ");
}
