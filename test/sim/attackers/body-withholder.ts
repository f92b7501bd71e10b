/**
 * Shows its bundles to just enough others to have them certified and starves the rest; signs for other lanes' bundles and never
 * hands out a body that it is asked for.
 */
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import { acksNeeded } from "../../../ledger/lane/index.ts";
import { type Attack, othersOf, repeatedly, someOf, strike } from "./attack.ts";
import { ownBundle } from "./forged-lane.ts";
import { inLanes } from "./speech.ts";

const CHANGES_EVERY_MS = 3000;

export const bodyWithholder: Attack = {
  name: "body-withholder",
  begin: (context) => {
    const { random, committee } = context;
    const others = othersOf(context);
    let fed: readonly GatewayIndex[] = [];
    const choose = () => {
      fed = someOf(random, others, others.length).slice(0, acksNeeded(committee));
    };
    choose();
    if (random.chance(0.5)) repeatedly(context, CHANGES_EVERY_MS, choose);
    return {
      outgoing: (to, bytes) => {
        const message = inLanes(bytes);
        if (message?.kind !== "bundle") return [{ to, bytes }];
        if (fed.includes(to) && ownBundle(context, message) !== null) return [{ to, bytes }];
        strike(context, "body-withholder");
        return [];
      },
    };
  },
};
