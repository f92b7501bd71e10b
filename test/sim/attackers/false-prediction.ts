/** Signs true measurements with an assessment that the agreed model and policy do not give: figures, verdict, reasons or model. */
import type { Assessment } from "../../../ledger/statement/index.ts";
import type { Random } from "../random.ts";
import { type Attack, strike } from "./attack.ts";
import { falsifiedLane } from "./falsified-lane.ts";

const CHANCE = 0.2;

export const falsePrediction: Attack = {
  name: "false-prediction",
  begin: (context) => {
    const { random } = context;
    return falsifiedLane(context, (statement) => {
      if (!random.chance(CHANCE)) return statement;
      strike(context, "false-prediction");
      return { ...statement, assessment: { ...statement.assessment, ...falsehood(statement.assessment, random) } };
    });
  },
};

function falsehood(assessment: Assessment, random: Random): Partial<Assessment> {
  const { predictedGrams, lowGrams, highGrams, verdict } = assessment;
  return random.pick<Partial<Assessment>>([
    // A wider interval hides a false mass.
    { lowGrams: Math.max(1, Math.floor(lowGrams / 4)), highGrams: highGrams * 4 },
    { predictedGrams: predictedGrams + Math.max(10, Math.floor(predictedGrams / 10)), highGrams: highGrams * 2 },
    verdict === "accept" ? { verdict: "flag", reasons: ["above-interval"] } : { verdict: "accept", reasons: [] },
    { model: "e".repeat(64) },
    { predictedGrams: 0, lowGrams: 0, highGrams: 0 },
  ]);
}
