/** Talks to some and not to the others, and changes its mind. */
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import { type Attack, othersOf, repeatedly, someOf, strike } from "./attack.ts";

const CHANGES_EVERY_MS = 400;

export const selectiveSender: Attack = {
  name: "selective-sender",
  begin: (context) => {
    let heard: readonly GatewayIndex[] = [];
    const choose = () => {
      heard = someOf(context.random, othersOf(context), 0);
    };
    choose();
    repeatedly(context, CHANGES_EVERY_MS, choose);
    return {
      outgoing: (to, bytes) => {
        if (heard.includes(to)) return [{ to, bytes }];
        strike(context, "selective-sender");
        return [];
      },
    };
  },
};
