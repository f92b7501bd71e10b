import { type Assessment, dimensionsMm, type Measurement } from "../../ledger/statement/index.ts";
import { type Figures, judge } from "./policy.ts";
import type { DimensionsMm, Prediction, Predictor } from "./predictor.ts";

/** Measurement -> assessment: what is signed beside it. Throws what `Predictor.predict` throws. */
export async function assess(predictor: Predictor, measurement: Measurement): Promise<Assessment> {
  const [prediction] = await predictor.predict([modelInput(measurement)]);
  if (prediction === undefined) throw new Error("the predictor gave no answer for one row");
  const figures = figuresOf(prediction);
  return { model: predictor.model, ...figures, ...judge(measurement.mass, figures) };
}

/**
 * The exact dimensions as the nearest numbers in mm. Reading a decimal text is correctly rounded by ECMA-262, so every
 * machine asks its model about the same bits (W5).
 */
export function modelInput(measurement: Measurement): DimensionsMm {
  const [length, width, height] = dimensionsMm(measurement);
  return { lengthMm: Number(length), widthMm: Number(width), heightMm: Number(height) };
}

/** W4: an unknown prediction is signed as three zeros. */
export function figuresOf(prediction: Prediction): Figures {
  switch (prediction.kind) {
    case "interval":
      return { predictedGrams: prediction.grams, lowGrams: prediction.low, highGrams: prediction.high };
    case "unknown":
      return { predictedGrams: 0, lowGrams: 0, highGrams: 0 };
  }
}
