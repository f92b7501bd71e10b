import type { Site } from "../../ledger/management/index.ts";
import type { Statement } from "../../ledger/statement/index.ts";
import { figuresOf } from "./assess.ts";
import { type Figures, isUnknown, judge } from "./policy.ts";
import type { Prediction } from "./predictor.ts";

/** R8-R10: the signed figures against the own prediction, and the verdict against the signed figures. A clause, or null. */
export function faultOfAssessment(
  { measurement, assessment }: Statement,
  own: Prediction,
  { toleranceMilli }: Site["model"],
): string | null {
  return faultOfFigures(assessment, figuresOf(own), toleranceMilli) ?? faultOfVerdict({ measurement, assessment });
}

/** R10: the verdict against the signed figures, which needs no model. A clause, or null. */
export function faultOfVerdict({
  measurement,
  assessment,
}: Pick<Statement, "measurement" | "assessment">): string | null {
  const expected = judge(measurement.mass, assessment);
  if (assessment.verdict !== expected.verdict) {
    return `verdict is ${assessment.verdict}, but the policy says ${expected.verdict}${listed(expected.reasons)}`;
  }
  if (assessment.reasons.join() !== expected.reasons.join()) {
    return `reasons are${listed(assessment.reasons)}, but the policy gives${listed(expected.reasons)}`;
  }
  return null;
}

function faultOfFigures(signed: Figures, own: Figures, toleranceMilli: number): string | null {
  // R9: which sizes the model knows is decided by exact comparisons inside it, so here no tolerance applies.
  if (isUnknown(signed) !== isUnknown(own)) {
    return isUnknown(own)
      ? `predicted is ${signed.predictedGrams} g, but the model does not know parcels of this size`
      : `no prediction is given, but the model predicts ${own.predictedGrams} g`;
  }
  if (!(signed.lowGrams <= signed.predictedGrams && signed.predictedGrams <= signed.highGrams)) {
    return `predicted ${signed.predictedGrams} g is not from low ${signed.lowGrams} g to high ${signed.highGrams} g`;
  }
  return (
    faultOfFigure("predicted", signed.predictedGrams, own.predictedGrams, toleranceMilli) ??
    faultOfFigure("low", signed.lowGrams, own.lowGrams, toleranceMilli) ??
    faultOfFigure("high", signed.highGrams, own.highGrams, toleranceMilli)
  );
}

/** R8: float32 sums differ in the last bits between machines, and either side of a rounding is one gram. Whole numbers only. */
function faultOfFigure(name: string, signed: number, own: number, toleranceMilli: number): string | null {
  const difference = BigInt(Math.abs(signed - own)) * 1000n;
  const relative = BigInt(toleranceMilli) * BigInt(own);
  const allowed = relative > 1000n ? relative : 1000n;
  if (difference <= allowed) return null;
  return `${name} is ${signed} g, but this gateway's model gives ${own} g, further apart than ${toleranceMilli} thousandths and 1 g`;
}

const listed = (reasons: readonly string[]): string => (reasons.length === 0 ? " none" : ` ${reasons.join(", ")}`);
