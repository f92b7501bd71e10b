/** The configuration of a simulated site. Keys are made from their names, so that every run has the same. */
import { createHash } from "node:crypto";
import { importRawKey, keyIdOf, type PrivateKey, sign, toHex } from "../../ledger/crypto/index.ts";
import type { Committee } from "../../ledger/committee/index.ts";
import { formatVkey, type Site, siteOf, verifierKey } from "../../ledger/management/index.ts";
import type { Keys } from "../../ledger/replica/index.ts";

export type SimulatedSite = {
  readonly site: Site;
  readonly checkpointKeys: readonly PrivateKey[];
  readonly keys: (gateway: number) => Keys;
  readonly signers: readonly ((message: Uint8Array) => Uint8Array)[];
  /** Another signature of the same gateway over the same message, as a signer of Ed25519 can make if it wants to. */
  readonly signAgain: (gateway: number, message: Uint8Array) => Uint8Array;
  readonly verifyReveal: Committee["verifyReveal"];
  readonly verify: (signer: number, message: Uint8Array, signature: Uint8Array) => boolean;
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
  const signers = names.map((name) => (message: Uint8Array) => seal(name, message, ONCE));
  const signAgain = (gateway: number, message: Uint8Array) => seal(names[gateway] ?? "", message, digest("again"));
  const verify = (signer: number, message: Uint8Array, signature: Uint8Array) => {
    const name = names[signer];
    return name !== undefined && Buffer.compare(seal(name, message, signature.subarray(32)), signature) === 0;
  };
  const keys = (gateway: number): Keys => {
    const signer = signers[gateway];
    const checkpointKey = checkpointKeys[gateway];
    if (signer === undefined || checkpointKey === undefined) throw new Error(`no keys for gateway ${gateway}`);
    const prove: Keys["prove"] = (message) => revealed(names[gateway] as string, message);
    const { publicKey } = key("identity", names[gateway] as string);
    return { sign: signer, prove, keyId: keyIdOf(publicKey.raw), cosign: (message) => sign(checkpointKey, message) };
  };
  const verifyReveal: Committee["verifyReveal"] = (prover, message, proof) => {
    const name = names[prover];
    if (name === undefined) return null;
    const expected = revealed(name, message);
    return Buffer.compare(expected.proof, proof) === 0 ? expected.output : null;
  };
  const simulated = { site, checkpointKeys, keys, signers, signAgain, verify, verifyReveal };
  made.set(gateways, simulated);
  return simulated;
}

/**
 * Stands for Ed25519 where only its promise matters: nobody else can make it. The agreement core takes signing and verifying as
 * inputs, and a simulation of thousands of runs would spend its time in curve arithmetic otherwise.
 */
function seal(name: string, message: Uint8Array, nonce: Uint8Array): Uint8Array {
  const half = createHash("sha256").update(`secret of ${name}`).update(message).update(nonce).digest();
  return new Uint8Array(Buffer.concat([half, nonce]));
}

/** The nonce of whoever signs a message once, as the honest do. */
const ONCE = new Uint8Array(32);

/** Stands for the verifiable random function: its output belongs to name and message, and nobody else can make the proof. */
function revealed(name: string, message: Uint8Array): ReturnType<Keys["prove"]> {
  const proof = new Uint8Array(80);
  proof.set(seal(`reveals of ${name}`, message, ONCE));
  return { proof, output: proof.subarray(0, 64) };
}

function digest(text: string): Uint8Array {
  return new Uint8Array(createHash("sha256").update(text).digest());
}
