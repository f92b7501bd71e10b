/**
 * Says again what others said: votes, acks, cosignatures, proposals and bundles, later, to others, back to who said them, or as if
 * they had been said of another view, by another gateway, in another epoch or site.
 */
import type { GatewayIndex } from "../../../ledger/committee/index.ts";
import {
  type Attack,
  type AttackContext,
  conspirators,
  conspire,
  othersOf,
  repeatedly,
  someOf,
  strike,
} from "./attack.ts";
import { ackOf, inAgreement, inLanes, say, sayInLanes, voteOf } from "./speech.ts";

const EVERY_MS = 60;
const KEPT = 256;

type Heard = { readonly from: GatewayIndex; readonly bytes: Uint8Array };

export const voteReplayer: Attack = {
  name: "vote-replayer",
  begin: (context) => {
    conspire(context);
    const { random } = context;
    const heard: Heard[] = [];
    const say = () => {
      if (heard.length === 0) return;
      // The oldest as often as the newest: a vote of a view that is long final, and one that is still counted.
      const { from, bytes } = heard[random.pick([0, random.below(heard.length), heard.length - 1])] as Heard;
      strike(context, "vote-replayer");
      const words = random.chance(0.4) ? bytes : relabelled(context, bytes);
      for (const to of [from, ...someOf(random, othersOf(context), 0)]) context.send(to, words);
    };
    repeatedly(context, EVERY_MS, say);
    return {
      outgoing: (to, bytes) => [{ to, bytes }],
      incoming: (from, bytes) => {
        // A random one goes, so that very old ones stay.
        if (heard.length >= KEPT) heard.splice(random.below(KEPT), 1);
        heard.push({ from, bytes });
        return true;
      },
    };
  },
};

function relabelled(context: AttackContext, bytes: Uint8Array): Uint8Array {
  const { random, committee } = context;
  const vote = inAgreement(bytes);
  if (vote?.kind === "vote") {
    const view = vote.vote.vote.view + random.pick([1, 2, 7, -1]);
    if (view < 1) return bytes;
    switch (random.below(4)) {
      case 0:
        return say({ ...vote, vote: { ...vote.vote, vote: { ...vote.vote.vote, view } } });
      case 1:
        return say({ ...vote, vote: { ...vote.vote, voter: random.below(committee.size + 1) } });
      case 2:
        return say({ ...vote, vote: ofElsewhere(context, (as) => voteOf(as, vote.vote.vote)) });
      default:
        return "hash" in vote.vote.vote
          ? say({ ...vote, vote: { ...vote.vote, vote: { kind: "nullify", view: vote.vote.vote.view } } })
          : bytes;
    }
  }
  const ack = inLanes(bytes);
  if (ack?.kind !== "ack") return bytes;
  const { lane, number, hash } = ack.ack;
  switch (random.below(4)) {
    case 0:
      return sayInLanes({ ...ack, ack: { ...ack.ack, number: number + 1 } });
    case 1:
      return sayInLanes({ ...ack, ack: { ...ack.ack, lane: random.below(committee.size) } });
    case 2:
      return sayInLanes({ ...ack, ack: { ...ack.ack, voter: random.below(committee.size + 1) } });
    default:
      return sayInLanes({ ...ack, ack: ofElsewhere(context, (as) => ackOf(as, lane, number, hash)) });
  }
}

/** An accomplice's words, signed in another epoch, site or configuration. */
function ofElsewhere<T>(context: AttackContext, signed: (committee: AttackContext["committee"]) => T): T {
  const { committee } = context.random.pick(conspirators(context));
  const elsewhere = context.random.pick([
    { epoch: committee.epoch + 1 },
    { site: "elsewhere" },
    { configHash: "f".repeat(64) },
  ]);
  return signed({ ...committee, ...elsewhere });
}
