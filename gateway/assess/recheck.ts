import type { Site } from "../../ledger/management/index.ts";
import type { Statement } from "../../ledger/statement/index.ts";
import type { GatewayIndex } from "../../ledger/store/port.ts";
import { faultOfProtocols } from "../config/index.ts";
import { modelInput } from "./assess.ts";
import { AssessFailure } from "./failures.ts";
import type { Predictor } from "./predictor.ts";
import { faultOfAssessment, faultOfVerdict } from "./recheck-assessment.ts";
import { type DecodeFrame, sourcesOf } from "./recheck-frames.ts";
import { faultOfRange } from "./recheck-range.ts";
import { type Registration, registrationsOf } from "./registration.ts";

type RecheckVerdict = { readonly kind: "accept" } | { readonly kind: "reject"; readonly reason: string };
export type Recheck = (lane: GatewayIndex, statements: readonly Statement[]) => Promise<RecheckVerdict>;

/**
 * L3 of the agreement, the part that knows devices and the model: what every peer does to each statement of a bundle
 * before it acknowledges it (R1-R10). The verdict depends on the configuration and the statements alone.
 * A reason is one sentence: which statement, what, expected and got; the first statement that is wrong is named.
 * Throws MODEL_NOT_OF_SITE at once; the returned function throws what `Predictor.predict` throws, and then there is no verdict.
 */
export function recheck(options: {
  readonly site: Site;
  readonly predictor: Predictor;
  /** `decodeFrame` of devices/. */
  readonly decodeFrame: DecodeFrame;
}): Recheck {
  const { site, predictor, decodeFrame } = options;
  if (predictor.model !== site.model.sha256) {
    throw new AssessFailure("MODEL_NOT_OF_SITE", {
      site: site.site,
      expected: site.model.sha256,
      got: predictor.model,
    });
  }
  const registrations = registrationsOf(site);

  return async (lane, statements) => {
    const registration = registrations.get(lane);
    if (registration === undefined)
      return { kind: "reject", reason: `lane ${lane} belongs to no gateway of site ${site.site}` };
    // Before anything is predicted: a bundle of rubbish must not buy time on the engine.
    for (const statement of statements) {
      const fault = faultWithoutModel(statement, registration, site, decodeFrame);
      if (fault !== null) return rejected(statement, fault);
    }
    const predictions = await predictor.predict(statements.map(({ measurement }) => modelInput(measurement)));
    for (const [index, statement] of statements.entries()) {
      const own = predictions[index];
      if (own === undefined)
        throw new Error(`the predictor gave ${predictions.length} answers for ${statements.length} rows`);
      const fault = faultOfAssessment(statement, own, site.model);
      if (fault !== null) return rejected(statement, fault);
    }
    return { kind: "accept" };
  };
}

/**
 * R1-R7 and R10: what is wrong with a statement of a lane by what the configuration of its epoch says, whatever a model would; null = nothing.
 * Anybody who holds the statement and SITE.json comes to the same answer, so that it is proof.
 */
export function falsehood(
  decodeFrame: DecodeFrame,
): (lane: GatewayIndex, statement: Statement, site: Site) => string | null {
  const known = new WeakMap<Site, ReturnType<typeof registrationsOf>>();
  return (lane, statement, site) => {
    // C7: what this version cannot read is no proof of a lie.
    if (faultOfProtocols(site) !== null) return null;
    const registrations = known.get(site) ?? registrationsOf(site);
    known.set(site, registrations);
    const registration = registrations.get(lane);
    if (registration === undefined) return `lane ${lane} belongs to no gateway of site ${site.site}`;
    return faultWithoutModel(statement, registration, site, decodeFrame) ?? faultOfVerdict(statement);
  };
}

/** R1-R7. */
function faultWithoutModel(
  { measurement, assessment }: Statement,
  registration: Registration,
  site: Site,
  decodeFrame: DecodeFrame,
): string | null {
  const verdict = sourcesOf(measurement, registration, decodeFrame);
  if (verdict.kind === "reject") return verdict.reason;
  const fault = faultOfRange(measurement, verdict.sources);
  if (fault !== null) return fault;
  return assessment.model === site.model.sha256
    ? null
    : `model is ${assessment.model}, but site ${site.site} agreed on ${site.model.sha256}`;
}

const rejected = ({ number }: Statement, fault: string): RecheckVerdict => ({
  kind: "reject",
  reason: `statement ${number}: ${fault}`,
});
