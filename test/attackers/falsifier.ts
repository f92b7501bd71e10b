/**
 * A gateway that lies: everything is the real program, but what it signs is not what its devices said. As a process:
 * `node test/attackers/falsifier.ts DIR weight|prediction`.
 */
import { createGateway, type GatewayOptions } from "../../gateway/runtime/index.ts";

type Alter = NonNullable<GatewayOptions["alter"]>;

const DIVISION_GRAMS = 5;

export const lies = {
  /** One division more than the scale displayed. */
  weight: ({ measurement, assessment }) => {
    const { mass } = measurement;
    const grams = 10 ** (-3 - mass.exponent);
    return {
      measurement: { ...measurement, mass: { ...mass, mantissa: mass.mantissa + DIVISION_GRAMS * grams } },
      assessment,
    };
  },
  /** Another prediction than the agreed model's, around the true mass, so that nothing is ever flagged. */
  prediction: ({ measurement, assessment }) => {
    const grams = Math.round(measurement.mass.mantissa * 10 ** (measurement.mass.exponent + 3));
    const figures = { predictedGrams: grams, lowGrams: Math.floor(grams / 2), highGrams: grams * 2 };
    return { measurement, assessment: { ...assessment, ...figures, verdict: "accept", reasons: [] } };
  },
} as const satisfies Record<string, Alter>;

if (import.meta.main) {
  const [dir = "", lie = ""] = process.argv.slice(2);
  if (!(lie in lies)) throw new Error(`the lies are ${Object.keys(lies).join(", ")}`);
  const gateway = await createGateway({
    dir,
    log: { info: () => undefined, alarm: () => undefined },
    failed: (error) => {
      throw error;
    },
    alter: lies[lie as keyof typeof lies],
  });
  const stop = async (): Promise<void> => {
    await gateway.stop();
    process.exit(0);
  };
  process.once("SIGTERM", () => void stop());
  process.once("disconnect", () => void stop());
  process.send?.({ kind: "ready" });
}
