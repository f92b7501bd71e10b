/** The committee of a site as one of its gateways sees it, with its own secret and everybody's public keys. */
import { type Committee, type Era, type GatewayIndex, invariant } from "../committee/index.ts";
import { keyIdOf, verify } from "../crypto/index.ts";
import { vrfVerify } from "../crypto/vrf/index.ts";
import { quorumOf, type Site, siteKeys, votersOf } from "../management/index.ts";
import type { Began } from "./history.ts";
import type { Keys, ReplicaOptions } from "./types.ts";

type Options = Pick<ReplicaOptions, "site" | "self" | "keys" | "keysOf" | "verify" | "verifyReveal">;

/** In the last epoch of `history`; without one in the first, of `options.site`. */
export function committeeOf(options: Options, history: readonly Began[] = [beganWith(options.site)]): Committee {
  const { self, verifyReveal } = options;
  const { site } = (history.at(-1) as Began).approved;
  const publicKeys = siteKeys(site).gateways.map(({ key }) => key.key);
  const voters = votersOf(site);
  const keys = keysIn(options, site);
  const eras = new Map(history.map(({ approved }, index) => [approved.site.epoch, eraOf(options, history, index)]));
  const present = eras.get(site.epoch) as Era;
  const ownKeys = (): Keys => {
    invariant(keys !== null, `C6: gateway ${self} signs nothing in epoch ${site.epoch}`);
    return keys;
  };
  return {
    site: site.site,
    epoch: site.epoch,
    configHash: site.configHash,
    self,
    size: site.gateways.length,
    voters,
    member: keys !== null,
    eras,
    ownFrom: ownFrom(history, self),
    names: site.gateways.map(({ name }) => name),
    keyIds: present.keyIds,
    quorum: quorumOf(voters.length),
    sign: (message) => ownKeys().sign(message),
    verify: present.verify,
    prove: (message) => ownKeys().prove(message),
    verifyReveal: (prover, message, proof) => {
      const key = publicKeys[prover];
      if (verifyReveal !== undefined) return verifyReveal(prover, message, proof, site);
      return key === undefined ? null : vrfVerify(key, message, proof);
    },
  };
}

export const beganWith = (site: Site): Began => ({ approved: { site, approvals: [] }, view: 0, start: [] });

/** C6: the own keys in an epoch, null when this gateway has no vote in it or not the key that goes with it. */
export function keysIn({ self, keys, keysOf }: Options, site: Site): Keys | null {
  if (!votersOf(site).includes(self)) return null;
  return keysOf === undefined ? keys : keysOf(site);
}

function eraOf({ verify: verifyWith }: Options, history: readonly Began[], index: number): Era {
  const { site } = (history[index] as Began).approved;
  const publicKeys = siteKeys(site).gateways.map(({ key }) => key.key);
  return {
    configHash: site.configHash,
    keyIds: publicKeys.map(({ raw }) => keyIdOf(raw)),
    verify: (signer, message, signature) => {
      const key = publicKeys[signer];
      if (verifyWith !== undefined) return verifyWith(signer, message, signature, site);
      return key !== undefined && verify(key, message, signature);
    },
    ends: site.gateways.map((_, lane) => endOf(history, index, lane)),
  };
}

/** L12: where the key that a gateway had in an epoch has ended; the cut with which another one began is the last that it signed into. */
function endOf(history: readonly Began[], from: number, lane: GatewayIndex): number {
  const first = (history[from] as Began).approved.site.gateways[lane];
  if (first?.left) return -1;
  for (const { approved, start } of history.slice(from + 1)) {
    const { key, left } = approved.site.gateways[lane] ?? {};
    if (left || key !== first?.key) return start[lane]?.number ?? -1;
  }
  return Number.POSITIVE_INFINITY;
}

/** L12: the first bundle behind the cut with which the present key began. */
function ownFrom(history: readonly Began[], self: GatewayIndex): number {
  let since = history.length - 1;
  const keyAt = (index: number): string | undefined => {
    const own = history[index]?.approved.site.gateways[self];
    return own?.left ? undefined : own?.key;
  };
  while (since > 0 && keyAt(since - 1) === keyAt(since)) since -= 1;
  return since === 0 ? 0 : (history[since]?.start[self]?.number ?? -1) + 1;
}
