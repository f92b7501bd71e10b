import type { Draft, Replica } from "../../ledger/replica/index.ts";
import { type Assessment, encodeStatement, type Measurement, type Statement } from "../../ledger/statement/index.ts";
import { currentOf } from "../../ledger/management/index.ts";
import { assess } from "../assess/index.ts";
import { IngestFailure } from "../ingest/index.ts";
import type { Rules } from "./rules.ts";

/** What this gateway believes. */
export type Honest = { readonly measurement: Measurement; readonly assessment: Assessment };

/**
 * Measurement -> assessment -> own re-check -> lane. A refused bundle blocks its lane for good, so what any peer would
 * refuse is refused here, with IngestFailure REFUSED (I8).
 */
export function makeAcceptor(parts: {
  readonly alter: (draft: Honest) => Honest;
  readonly self: number;
  readonly rules: Pick<Rules, "of">;
  readonly replica: Pick<Replica, "accept" | "lineage">;
}) {
  const { alter, self, rules, replica } = parts;
  return async (measurement: Measurement, writes: Draft["writes"]): Promise<{ readonly number: number }> => {
    const site = currentOf(replica.lineage());
    const { predictor, check } = await rules.of(site);
    const draft = { measurement, assessment: await assess(predictor, measurement) };
    // It has no number yet, which neither the format's rules nor the peers' depend on.
    const statement = { number: 0, ...draft };
    const fault = faultOfFormat(statement);
    if (fault !== null) throw new IngestFailure("REFUSED", { reason: fault });
    const verdict = await check(self, [statement]);
    if (verdict.kind === "reject") {
      throw new IngestFailure("REFUSED", { reason: verdict.reason.replace(/^statement 0: /, "") });
    }
    return replica.accept({ ...alter(draft), site, writes });
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
