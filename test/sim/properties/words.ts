/** E6: whatever honest gateways say, over crashes and restarts, never contradicts itself: nobody could make evidence of it. */
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import { type Court, makeWitness } from "../../../ledger/evidence/index.ts";
import type { AnyMessage } from "../../../ledger/replica/wire.ts";
import { wordsOf } from "../../../ledger/replica/words.ts";
import { type Context, nameOf } from "./context.ts";

export type WordsWatch = (gateway: GatewayIndex, message: AnyMessage) => void;

export function watchWords({ committee, violated }: Context, court: Court): WordsWatch {
  const witness = makeWitness(court);
  return (x, message) => {
    for (const word of wordsOf(committee, x, message).words) {
      if (word.signer !== x) continue;
      for (const { offence } of witness.hear(word)) violated("E6", `${nameOf(x)} can be convicted of ${offence.kind}`);
    }
  };
}
