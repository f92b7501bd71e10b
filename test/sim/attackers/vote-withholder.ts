/** Keeps some kinds of its votes and acknowledgements from some, and changes its mind. */
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import { type Attack, othersOf, repeatedly, someOf, strike } from "./attack.ts";
import { understand } from "./speech.ts";

const CHANGES_EVERY_MS = 1000;
const KINDS = ["notarize", "nullify", "finalize", "ack", "cosignature", "refusal"] as const;

export const voteWithholder: Attack = {
  name: "vote-withholder",
  begin: (context) => {
    let [withheld, from]: [readonly string[], readonly GatewayIndex[]] = [[], []];
    const choose = () => {
      withheld = someOf(context.random, KINDS, 1);
      from = someOf(context.random, othersOf(context), 1);
    };
    choose();
    repeatedly(context, CHANGES_EVERY_MS, choose);
    return {
      outgoing: (to, bytes) => {
        if (!from.includes(to) || !withheld.includes(kindOf(bytes))) return [{ to, bytes }];
        strike(context, "vote-withholder");
        return [];
      },
    };
  },
};

function kindOf(bytes: Uint8Array): string {
  const heard = understand(bytes);
  if (heard === null) return "";
  return heard.layer === "agreement" && heard.message.kind === "vote"
    ? heard.message.vote.vote.kind
    : heard.message.kind;
}
