/** Passes on no certificate of any kind: takes part in making them and lets nobody else have them. */
import { type Attack, strike } from "./attack.ts";
import { inAgreement, inLanes, say, sayInLanes, understand } from "./speech.ts";

const KINDS = new Set(["certificate", "laneCertificate", "finalized", "block", "checkpoint", "anchor"]);

export const certificateWithholder: Attack = {
  name: "certificate-withholder",
  begin: (context) => {
    // Its proposals need them to be of any use: half of these attackers keep them back there too.
    const stripsProposals = context.random.chance(0.5);
    return {
      outgoing: (to, bytes) => {
        const left = withoutCertificates(bytes, stripsProposals);
        if (left !== bytes) strike(context, "certificate-withholder");
        return left === null ? [] : [{ to, bytes: left }];
      },
    };
  },
};

/** The very bytes when there is no certificate in them; null = nothing is left. */
function withoutCertificates(bytes: Uint8Array, stripsProposals: boolean): Uint8Array | null {
  const tips = inLanes(bytes);
  if (tips?.kind === "tips" && tips.certificates.length > 0) return sayInLanes({ ...tips, certificates: [] });
  const proposed = inAgreement(bytes);
  if (proposed?.kind === "propose" && stripsProposals)
    return say({ kind: "propose", proposal: { ...proposed.proposal, parent: null, nullifications: [] } });
  return KINDS.has(understand(bytes)?.message.kind ?? "") ? null : bytes;
}
