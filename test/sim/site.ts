/** The configuration of a simulated site. Keys are made from their names, so that every run has the same. */
import { createHash } from "node:crypto";
import { importRawKey, keyIdOf, type PrivateKey, toHex } from "../../ledger/crypto/index.ts";
import type { Committee } from "../../ledger/committee/index.ts";
import { formatVkey, type Site, siteOf, verifierKey } from "../../ledger/management/index.ts";
import type { Keys } from "../../ledger/replica/index.ts";
import { sealOf } from "./trace.ts";

/**
 * `signers` and `verify` stand for Ed25519 where only its promise matters: nobody else can make it. The agreement core takes
 * signing and verifying as inputs, and a simulation of thousands of runs would spend its time in curve arithmetic otherwise.
 */
export type SimulatedSite = {
  readonly site: Site;
  readonly checkpointKeys: readonly PrivateKey[];
  readonly keys: (gateway: number) => Keys;
  readonly signers: readonly ((message: Uint8Array) => Uint8Array)[];
  /** Another signature of the same gateway over the same message, as a signer of Ed25519 can make if it wants to. */
  readonly signAgain: (gateway: number, message: Uint8Array) => Uint8Array;
  readonly verifyReveal: Committee["verifyReveal"];
  readonly verify: Committee["verify"];
  /** The same for cosignatures, which have keys of their own. */
  readonly verifyCosignature: Committee["verify"];
};

const made = new Map<number, SimulatedSite>();

export function simulatedSite(gateways: number): SimulatedSite {
  const known = made.get(gateways);
  if (known !== undefined) return known;
  const names = Array.from({ length: gateways }, (_, index) => `gw-${index + 1}`);
  const key = (purpose: string, name: string) => importRawKey(digest(`${purpose} ${name}`));
  const checkpointKeys = names.map((name) => key("checkpoint", name));
  const site = siteOf({
    site: "sim",
    epoch: 0,
    gateways: names.map((name, index) => ({
      name,
      key: formatVkey(verifierKey(`sim/${name}`, 1, key("identity", name).publicKey)),
      checkpointKey: formatVkey(verifierKey(`sim/${name}`, 4, (checkpointKeys[index] as PrivateKey).publicKey)),
      tlsPin: toHex(digest(`tls ${name}`)),
    })),
    devices: [],
    ledgers: [
      {
        name: "embedded",
        kind: "embedded",
        key: formatVkey(verifierKey("ledger", 4, key("ledger", "embedded").publicKey)),
      },
    ],
    model: { sha256: toHex(digest("model")), toleranceMilli: 5 },
  });
  const secretOf = (gateway: number, purpose = ""): string => {
    const name = names[gateway];
    if (name === undefined) throw new Error(`there is no gateway ${gateway}`);
    return `${purpose}${name}`;
  };
  const verifyFor =
    (purpose: string): Committee["verify"] =>
    (signer, message, signature) =>
      signer < gateways &&
      Buffer.compare(sealOf(secretOf(signer, purpose), message, signature.subarray(32)), signature) === 0;
  const keyIds = names.map((name) => keyIdOf(key("identity", name).publicKey.raw));
  const keys = (gateway: number): Keys => ({
    sign: (message) => sealOf(secretOf(gateway), message, ONCE),
    prove: (message) => revealed(secretOf(gateway), message),
    keyId: keyIds[gateway] ?? new Uint8Array(8),
    cosign: (message) => sealOf(secretOf(gateway, COSIGNING), message, ONCE),
  });
  const simulated: SimulatedSite = {
    site,
    checkpointKeys,
    keys,
    signers: names.map((_, gateway) => keys(gateway).sign),
    signAgain: (gateway, message) => sealOf(secretOf(gateway), message, digest("again")),
    verify: verifyFor(""),
    verifyReveal: (prover, message, proof) => {
      if (prover >= gateways) return null;
      const expected = revealed(secretOf(prover), message);
      return Buffer.compare(expected.proof, proof) === 0 ? expected.output : null;
    },
    verifyCosignature: verifyFor(COSIGNING),
  };
  made.set(gateways, simulated);
  return simulated;
}

export const COSIGNING = "cosigning ";
/** The nonce of whoever signs a message once, as the honest do. */
export const ONCE = new Uint8Array(32);

/** Stands for the verifiable random function: its output belongs to name and message, and nobody else can make the proof. */
export function revealed(secret: string, message: Uint8Array): ReturnType<Keys["prove"]> {
  const proof = new Uint8Array(80);
  proof.set(sealOf(`reveals of ${secret}`, message, ONCE));
  return { proof, output: proof.subarray(0, 64) };
}

export function digest(text: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(text).digest());
}
