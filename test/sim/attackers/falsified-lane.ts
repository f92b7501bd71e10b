/** The attacker's lane with statements as it would like them, shown to all or only to some. */
import type { Statement } from "../../../ledger/statement/index.ts";
import { type AttackContext, type Attacker, othersOf, someOf } from "./attack.ts";
import { forgedLane, ownBundle, truly } from "./forged-lane.ts";
import { inLanes, sayInLanes } from "./speech.ts";

/** For a while it is honest, to be trusted. */
const MAX_HONEST_BUNDLES = 4;

export function falsifiedLane(context: AttackContext, falsify: (statement: Statement) => Statement): Attacker {
  const { random } = context;
  const others = othersOf(context);
  const lied = random.chance(0.6) ? others : someOf(random, others, 1);
  const lane = forgedLane(context, random.below(MAX_HONEST_BUNDLES), Number.POSITIVE_INFINITY, (bundle, statements) =>
    truly(context, bundle, statements.map(falsify)),
  );
  return {
    outgoing: (to, bytes) => {
      const message = inLanes(bytes);
      const bundle = message?.kind === "bundle" ? ownBundle(context, message) : null;
      if (bundle === null || !lied.includes(to)) return [{ to, bytes }];
      const { cose, statements } = lane.standIn(bundle);
      return [{ to, bytes: sayInLanes({ kind: "bundle", cose, statements }) }];
    },
  };
}
