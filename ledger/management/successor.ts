/** G8-G10: what may follow a configuration, and who must have approved it. */
import { type Signed, signaturesHold, signedBytes } from "../committee/index.ts";
import { fromBase64, toHex, verify } from "../crypto/index.ts";
import { quorumOf, votersOf } from "./committee.ts";
import type { Site, SiteGateway } from "./site.ts";
import { siteKeys } from "./site-keys.ts";

/** Whether a gateway of this site signed the message with its key; the default is Ed25519. */
export type VerifyOf = (site: Site, signer: number, message: Uint8Array, signature: Uint8Array) => boolean;

export const verifyWithKeys: VerifyOf = (site, signer, message, signature) => {
  const gateway = siteKeys(site).gateways[signer];
  return gateway !== undefined && verify(gateway.key.key, message, signature);
};

/** G10: what a gateway of the site signs to approve of the successor with this hash. */
export function approvalBytes(site: Site, successor: string): Uint8Array {
  return signedBytes(site, "configure", [], successor);
}

/** G10: a quorum of the gateways that vote in `site` approved of the successor with this hash. */
export function approvalsHold(
  site: Site,
  successor: string,
  approvals: readonly Signed[],
  verifyOf: VerifyOf = verifyWithKeys,
): boolean {
  const voters = votersOf(site);
  const committee = {
    size: site.gateways.length,
    voters,
    verify: (signer: number, message: Uint8Array, signature: Uint8Array) => verifyOf(site, signer, message, signature),
  };
  return signaturesHold(committee, approvalBytes(site, successor), approvals, quorumOf(voters.length));
}

/** G8, G9: what keeps `next` from following the last of `earlier` (oldest first), as a sentence; null = nothing. */
export function faultOfSuccessor(earlier: readonly Site[], next: Site): string | null {
  const last = earlier.at(-1);
  if (last === undefined) return next.previous === undefined ? null : "the first configuration names a previous one.";
  if (next.site !== last.site) return `it is of site ${next.site}, not of ${last.site}.`;
  if (next.epoch !== last.epoch + 1) return `its epoch is ${next.epoch}; the next one is ${last.epoch + 1}.`;
  if (next.previous !== last.configHash)
    return `it follows ${next.previous ?? "nothing"}, but the configuration in force is ${last.configHash}.`;
  const used = new Set(earlier.flatMap(({ gateways }) => gateways.flatMap(keysOf)));
  for (const [index, before] of last.gateways.entries()) {
    const fault = faultOfPlace(before, next.gateways[index], used);
    if (fault !== null) return fault;
  }
  for (const { name, key, checkpointKey, tlsPin, left } of next.gateways.slice(last.gateways.length)) {
    if (left) return `${name} joins and has left at once: remove one of the two.`;
    if ([key, checkpointKey, tlsPin].some((one) => used.has(rawOf(one))))
      return `${name} joins with a key that was in use before: make new ones.`;
  }
  return null;
}

/** G9: a place keeps its name for ever; what is new there must never have been in use. */
function faultOfPlace(before: SiteGateway, after: SiteGateway | undefined, used: ReadonlySet<string>): string | null {
  if (after?.name !== before.name)
    return `${before.name} must keep its place in the list: a gateway that leaves stays there with "left": true.`;
  const changed = (["key", "checkpointKey", "tlsPin"] as const).filter((name) => before[name] !== after[name]);
  if (after.left && changed.length > 0) return `${before.name} leaves or has left: its keys must stay as they are.`;
  if (before.left && !after.left && !changed.includes("key"))
    return `${before.name} comes back with the key that it left with: make a new one.`;
  const reused = changed.find((name) => used.has(rawOf(after[name])));
  return reused === undefined ? null : `${before.name} gets a ${reused} that was in use before: make a new one.`;
}

const keysOf = ({ key, checkpointKey, tlsPin }: SiteGateway): readonly string[] =>
  [key, checkpointKey, tlsPin].map(rawOf);

/** Of a verifier key (M5) the raw key behind its type byte, whatever its use; a TLS pin is itself. Both were parsed before. */
function rawOf(text: string): string {
  const [, , ...encoded] = text.split("+");
  const bytes = fromBase64(encoded.join("+"));
  return bytes === null || bytes.length === 0 ? text : toHex(bytes.subarray(1));
}
