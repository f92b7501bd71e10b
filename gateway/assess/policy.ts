import { compareDecimals } from "../../devices/quantity/index.ts";
import type { Assessment, Decimal } from "../../ledger/statement/index.ts";

/** Whole grams as they are signed; all three 0 = the model does not know parcels of this size. */
export type Figures = Pick<Assessment, "predictedGrams" | "lowGrams" | "highGrams">;
type Judgement = Pick<Assessment, "verdict" | "reasons">;

/**
 * P1-P4: the verdict on an exact mass in kg from the signed whole numbers alone, so that everybody who holds the statement
 * comes to the same verdict without a model. The bounds belong to the interval.
 */
export function judge(mass: Decimal, figures: Figures): Judgement {
  const reasons = reasonsAgainst(mass, figures);
  return { verdict: reasons.length === 0 ? "accept" : "flag", reasons };
}

export function isUnknown(figures: Figures): boolean {
  return figures.predictedGrams === 0 && figures.lowGrams === 0 && figures.highGrams === 0;
}

function reasonsAgainst(mass: Decimal, figures: Figures): readonly string[] {
  if (isUnknown(figures)) return ["outside-model-range"];
  if (compareDecimals(mass, kilograms(figures.lowGrams)) < 0) return ["below-interval"];
  if (compareDecimals(mass, kilograms(figures.highGrams)) > 0) return ["above-interval"];
  return [];
}

const kilograms = (grams: number): Decimal => ({ mantissa: grams, exponent: -3 });
