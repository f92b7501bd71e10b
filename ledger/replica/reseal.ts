/** R13: statements whose bundle became void with the key that had signed it, in a bundle of the present key. */
import { type Bundle, sealBundle } from "../bundle/index.ts";
import { invariant } from "../committee/index.ts";
import type { Site } from "../management/index.ts";
import { decodeStatement } from "../statement/index.ts";
import type { LaneEnd } from "./sealer.ts";
import type { Keys } from "./types.ts";

/** The same statements under the same numbers; the time of the last one. */
export function resealed(
  { first, statements }: { readonly first: number; readonly statements: readonly Uint8Array[] },
  end: LaneEnd,
  gateway: string,
  { site, epoch, configHash }: Site,
  keys: Keys,
  nowMs: number,
): { readonly bundle: Bundle; readonly lastAtMs: number } {
  invariant(
    first === end.nextStatement,
    `statement ${first} was set aside, but the own lane goes on at ${end.nextStatement}`,
  );
  const last = decodeStatement(statements.at(-1) ?? new Uint8Array());
  invariant(last.kind === "accept", "an own statement that was set aside cannot be read");
  const lastAtMs = last.statement.measurement.at;
  const { number, parent } = end;
  const created = Math.max(Math.floor(nowMs), lastAtMs);
  const header = { site, gateway, epoch, configHash, number, parent, first, count: statements.length, created };
  return { bundle: sealBundle(header, statements, keys.keyId, keys.sign), lastAtMs };
}
