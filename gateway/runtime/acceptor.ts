import type { Draft, Replica } from "../../ledger/replica/index.ts";
import { type Assessment, encodeStatement, type Measurement, type Statement } from "../../ledger/statement/index.ts";
import { assess, type Predictor, type Recheck } from "../assess/index.ts";
import { IngestFailure } from "../ingest/index.ts";

/** What this gateway believes. */
export type Honest = { readonly measurement: Measurement; readonly assessment: Assessment };

/**
 * Measurement -> assessment -> own re-check -> lane. A refused bundle blocks its lane for good, so what any peer would
 * refuse is refused here, with IngestFailure REFUSED (I8).
 */
export function makeAcceptor(parts: {
  readonly alter: (draft: Honest) => Honest;
  readonly self: number;
  readonly predictor: Predictor;
  readonly check: Recheck;
  readonly replica: Pick<Replica, "accept">;
}) {
  const { alter, self, predictor, check, replica } = parts;
  return async (measurement: Measurement, writes: Draft["writes"]): Promise<{ readonly number: number }> => {
    const draft = { measurement, assessment: await assess(predictor, measurement) };
    // It has no number yet, which neither the format's rules nor the peers' depend on.
    const statement = { number: 0, ...draft };
    const fault = faultOfFormat(statement);
    if (fault !== null) throw new IngestFailure("REFUSED", { reason: fault });
    const verdict = await check(self, [statement]);
    if (verdict.kind === "reject") {
      throw new IngestFailure("REFUSED", { reason: verdict.reason.replace(/^statement 0: /, "") });
    }
    return replica.accept({ ...alter(draft), writes });
  };
}

/** What keeps a statement from having bytes: an exponent that the format does not know, for one. Null = nothing. */
function faultOfFormat(statement: Statement): string | null {
  try {
    encodeStatement(statement);
    return null;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error.message.replace(/^Statement 0 cannot be encoded: (.*)\.$/, "$1");
  }
}
