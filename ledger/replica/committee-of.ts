/** The committee of a site as one of its gateways sees it, with its own secret and everybody's public keys. */
import type { Committee, GatewayIndex } from "../committee/index.ts";
import { keyIdOf, verify } from "../crypto/index.ts";
import { vrfVerify } from "../crypto/vrf/index.ts";
import { quorumOf, siteKeys } from "../management/index.ts";
import type { ReplicaOptions } from "./types.ts";

export function committeeOf({
  site,
  self,
  keys,
  verify: verifyWith,
  verifyReveal,
}: Pick<ReplicaOptions, "site" | "self" | "keys" | "verify" | "verifyReveal">): Committee {
  const publicKeys = siteKeys(site).gateways.map(({ key }) => key.key);
  const verifyNative = (signer: GatewayIndex, message: Uint8Array, signature: Uint8Array) => {
    const key = publicKeys[signer];
    return key !== undefined && verify(key, message, signature);
  };
  const verifyRevealNative: Committee["verifyReveal"] = (prover, message, proof) => {
    const key = publicKeys[prover];
    return key === undefined ? null : vrfVerify(key, message, proof);
  };
  return {
    site: site.site,
    epoch: site.epoch,
    configHash: site.configHash,
    self,
    size: site.gateways.length,
    voters: [...site.gateways.keys()],
    member: true,
    names: site.gateways.map(({ name }) => name),
    keyIds: publicKeys.map(({ raw }) => keyIdOf(raw)),
    quorum: quorumOf(site.gateways.length),
    sign: keys.sign,
    verify: verifyWith ?? verifyNative,
    prove: keys.prove,
    verifyReveal: verifyReveal ?? verifyRevealNative,
  };
}
