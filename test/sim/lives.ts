/** Simulated sites whose configuration changes: gateways join, leave, and get new keys, each set of keys being a life of its gateway. */
import { importRawKey, keyIdOf, toHex } from "../../ledger/crypto/index.ts";
import { formatVkey, type Site, type SiteGateway, siteOf, verifierKey } from "../../ledger/management/index.ts";
import type { Keys, ReplicaOptions } from "../../ledger/replica/index.ts";
import { COSIGNING, digest, ONCE, revealed, simulatedSite } from "./site.ts";
import { sealOf } from "./trace.ts";

/** The first keys are those of `simulatedSite`. */
const secretOf = (name: string, life: number): string => (life === 0 ? name : `${name} in life ${life}`);

const secrets = new Map<string, string>();
const secretBehind = (site: Site, gateway: number): string | undefined => {
  const entry = site.gateways[gateway];
  return entry === undefined ? undefined : (secrets.get(entry.key) ?? entry.name);
};

/** A gateway of a simulated site with the keys of that life. */
export function gatewayIn(name: string, life: number): SiteGateway {
  const secret = secretOf(name, life);
  const key = (purpose: string) => importRawKey(digest(`${purpose} ${secret}`)).publicKey;
  const entry = {
    name,
    key: formatVkey(verifierKey(`sim/${name}`, 1, key("identity"))),
    checkpointKey: formatVkey(verifierKey(`sim/${name}`, 4, key("checkpoint"))),
    tlsPin: toHex(digest(`tls ${secret}`)),
  };
  secrets.set(entry.key, secret);
  return entry;
}

export function keysIn(name: string, life: number): Keys {
  const secret = secretOf(name, life);
  return {
    sign: (message) => sealOf(secret, message, ONCE),
    prove: (message) => revealed(secret, message),
    keyId: keyIdOf(importRawKey(digest(`identity ${secret}`)).publicKey.raw),
    cosign: (message) => sealOf(`${COSIGNING}${secret}`, message, ONCE),
  };
}

/** The keys that a gateway has of some lives, as it offers them to its replica. */
export const keysOfLives =
  (name: string, lives: readonly number[]): NonNullable<ReplicaOptions["keysOf"]> =>
  (site) => {
    const key = site.gateways.find((gateway) => gateway.name === name)?.key;
    const life = lives.find((one) => gatewayIn(name, one).key === key);
    return life === undefined ? null : keysIn(name, life);
  };

export const verifiers: Required<Pick<ReplicaOptions, "verify" | "verifyReveal" | "verifyCosignature">> = {
  verify: (signer, message, signature, site) => holds(secretBehind(site, signer), message, signature),
  verifyReveal: (prover, message, proof, site) => {
    const secret = secretBehind(site, prover);
    const expected = secret === undefined ? null : revealed(secret, message);
    return expected !== null && Buffer.compare(expected.proof, proof) === 0 ? expected.output : null;
  },
  verifyCosignature: (signer, message, signature, site) => {
    const secret = secretBehind(site, signer);
    return holds(secret === undefined ? undefined : `${COSIGNING}${secret}`, message, signature);
  },
};

function holds(secret: string | undefined, message: Uint8Array, signature: Uint8Array): boolean {
  return secret !== undefined && Buffer.compare(sealOf(secret, message, signature.subarray(32)), signature) === 0;
}

export const firstSite = (gateways: number): Site => simulatedSite(gateways).site;

export type Change = Partial<Pick<Site, "gateways" | "devices" | "model">>;

export function successorOf(site: Site, change: Change = {}): Site {
  const { configHash, format: _, ...rest } = site;
  return siteOf({ ...rest, epoch: site.epoch + 1, previous: configHash, ...change });
}

export const replaced = (site: Site, gateway: number, by: Partial<SiteGateway>): readonly SiteGateway[] =>
  site.gateways.map((old, index) => (index === gateway ? { ...old, ...by } : old));
