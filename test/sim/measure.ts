/**
 * Stands for scales, model and re-assessment, at no cost: the scale's frame says the mass, the prediction follows from the
 * dimensions, the verdict from both. So honest gateways refuse (L3) what does not agree, whoever signed it.
 */
import type { Verdict } from "../../ledger/lane/index.ts";
import type { Assessment, Measurement, Statement } from "../../ledger/statement/index.ts";

/** SHA-256 of nothing in particular; the one model of a simulated site. */
const MODEL = "5".repeat(64);
/** One item in so many. */
const PICKINESS = 17;
/** 2010-01-01 .. 2100-01-01: a statement from outside of it is refused. */
const PLAUSIBLE_MS = [1_262_304_000_000, 4_102_444_800_000] as const;

/** What the devices of a gateway say of an item: the same whenever it is asked. */
export function measure(item: string, nowMs: number): Measurement {
  const seed = digitsOf(item);
  const part = (shift: number, below: number) => (seed >>> shift) % below;
  const grams = 100 + part(3, 5000);
  const millimetres = (mantissa: number) => ({ mantissa, exponent: -3 });
  return {
    station: "bench",
    item,
    at: Math.floor(nowMs),
    mass: { mantissa: grams, exponent: -3 },
    division: { mantissa: 1, exponent: -3 },
    dimensions: {
      length: millimetres(300 + part(5, 200)),
      width: millimetres(200 + part(9, 90)),
      height: millimetres(50 + part(13, 40)),
    },
    frames: [{ device: "scale", bytes: frameOf(grams) }],
  };
}

/** W, P: the prediction and the verdict that everybody must come to. */
export function assess({ mass, dimensions }: Measurement): Assessment {
  const { length, width, height } = dimensions;
  const predictedGrams = Math.round((length.mantissa * width.mantissa * height.mantissa) / 2000);
  const figures = { predictedGrams, lowGrams: Math.floor(predictedGrams / 3), highGrams: predictedGrams * 3 };
  const reasons = reasonsAgainst(mass.mantissa, figures);
  return { model: MODEL, ...figures, verdict: reasons.length === 0 ? "accept" : "flag", reasons };
}

/** P: from the signed figures alone. */
function reasonsAgainst(grams: number, { lowGrams, highGrams }: Pick<Assessment, "lowGrams" | "highGrams">): string[] {
  return grams < lowGrams ? ["below-interval"] : grams > highGrams ? ["above-interval"] : [];
}

/** E5: the part of `judge` that needs no model: what the frame says, which model, and the verdict from the signed figures. */
export function falsehood(_lane: number, { measurement, assessment }: Statement): string | null {
  const { mass, frames } = measurement;
  const said = frames[0]?.bytes;
  if (said === undefined || mass.exponent !== -3 || Buffer.compare(said, frameOf(mass.mantissa)) !== 0)
    return `its mass of ${mass.mantissa} g is not what its scale said`;
  if (assessment.model !== MODEL) return `its model is ${assessment.model}, not ${MODEL}`;
  return assessment.reasons.join() === reasonsAgainst(mass.mantissa, assessment).join()
    ? null
    : "its reasons are not those of the policy";
}

/** L3, last condition: what every honest gateway finds of these statements. */
export function judge(statements: readonly Statement[]): Verdict {
  for (const statement of statements) {
    const fault = falsehood(0, statement) ?? faultOf(statement);
    if (fault !== null) return { kind: "reject", reason: `statement ${statement.number}: ${fault}` };
  }
  return { kind: "accept" };
}

/** The same by a gateway whose model is worn: some of what is valid does not please it, whenever it is asked. */
export function judgePickily(statements: readonly Statement[]): Verdict {
  const isDisliked = statements.some(({ measurement }) => digitsOf(measurement.item) % PICKINESS === 0);
  return isDisliked ? { kind: "reject", reason: "it does not please" } : judge(statements);
}

function digitsOf(item: string): number {
  let seed = 7;
  for (let at = 0; at < item.length; at += 1) seed = (Math.imul(seed, 31) + item.charCodeAt(at)) >>> 0;
  return seed;
}

function faultOf({ measurement, assessment }: Statement): string | null {
  const { at } = measurement;
  if (at < PLAUSIBLE_MS[0] || at > PLAUSIBLE_MS[1]) return "its time is out of range";
  const expected = assess(measurement);
  for (const field of ["predictedGrams", "lowGrams", "highGrams", "verdict"] as const)
    if (assessment[field] !== expected[field]) return `its ${field} is ${assessment[field]}, not ${expected[field]}`;
  return null;
}

/** What the scale sends for so many grams. */
export function frameOf(grams: number): Uint8Array {
  return Buffer.from(`S S ${grams} g`);
}
