/**
 * Says everything as late as it can without a view being taken from it: it holds its words back longer and longer until the others
 * give a view of its own up, then a little less.
 */
import { type Attack, strike } from "./attack.ts";
import { inAgreement, isOwnProposal, understand } from "./speech.ts";

const FIRST_MS = 20;
const LONGEST_MS = 5_000;
const SLOWER = 1.25;
const FASTER = 0.6;

export const slowSender: Attack = {
  name: "slow-sender",
  begin: (context) => {
    let delayMs = FIRST_MS;
    /** The view in which its own proposal stands. */
    let proposed = 0;
    return {
      outgoing: (to, bytes) => {
        const message = inAgreement(bytes);
        if (message?.kind === "propose" && isOwnProposal(context.committee, message.proposal))
          proposed = message.proposal.block.view;
        if (message === null && understand(bytes)?.layer === "checkpoint") return [{ to, bytes }];
        strike(context, "slow-sender");
        return [{ to, bytes, delayMs }];
      },
      incoming: (_from, bytes) => {
        const message = inAgreement(bytes);
        if (message?.kind !== "certificate" || message.certificate.vote.view !== proposed) return true;
        const isLost = message.certificate.vote.kind === "nullify";
        delayMs = Math.min(LONGEST_MS, delayMs * (isLost ? FASTER : SLOWER));
        proposed = 0;
        return true;
      },
    };
  },
};
