/** ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381 section 5.5). The rules are in README.md; section numbers are the RFC's. */
import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "../hash.ts";
import { bytesEqual } from "../hex.ts";
import type { PrivateKey } from "../private-key.ts";
import type { PublicKey } from "../public-key.ts";

const { Point } = ed25519;
const { ORDER } = Point.Fn;
export type CurvePoint = InstanceType<typeof Point>;

/** V1: point, challenge, scalar. */
export const VRF_PROOF_BYTES = 80;
const SUITE = 3;
const CHALLENGE_BYTES = 16;

/** V2: the two halves of a key's hash (RFC 8032 section 5.1.5): the secret scalar, and what nonces are made from. */
type Secret = { readonly scalar: bigint; readonly prefix: Uint8Array };

type Proof = { readonly gamma: CurvePoint; readonly challenge: bigint; readonly scalar: bigint };

export type Proven = { readonly proof: Uint8Array; readonly output: Uint8Array };

/** V3: proves with `key`; the result takes any bytes and gives their output with its proof, always the same. */
export function vrfProver(key: PrivateKey): (alpha: Uint8Array) => Proven {
  const secret = secretOf(key);
  return (alpha) => prove(secret, key.publicKey, alpha);
}

/** V4: the output (64 bytes) of `alpha` under `key` when the proof holds, otherwise null. Never throws. */
export function vrfVerify(key: PublicKey, alpha: Uint8Array, proof: Uint8Array): Uint8Array | null {
  const opened = openProof(proof);
  if (opened === null) return null;
  const { gamma, challenge, scalar } = opened;
  const y = Point.fromBytes(key.raw);
  const h = encodeToCurve(key, alpha);
  const u = Point.BASE.multiplyUnsafe(scalar).subtract(y.multiplyUnsafe(challenge));
  const v = h.multiplyUnsafe(scalar).subtract(gamma.multiplyUnsafe(challenge));
  const again = challengeOf(key, h, gamma, u, v);
  return bytesEqual(again, proof.subarray(32, 32 + CHALLENGE_BYTES)) ? outputOf(gamma) : null;
}

/** V5: what a proof says its output is, whether it holds or not; null when it does not parse. */
export function vrfOutput(proof: Uint8Array): Uint8Array | null {
  const opened = openProof(proof);
  return opened === null ? null : outputOf(opened.gamma);
}

function prove(secret: Secret, key: PublicKey, alpha: Uint8Array): Proven {
  const h = encodeToCurve(key, alpha);
  const gamma = h.multiply(secret.scalar);
  const nonce = nonceOf(secret, h);
  const challenge = challengeOf(key, h, gamma, Point.BASE.multiply(nonce), h.multiply(nonce));
  const scalar = (nonce + fromLittleEndian(challenge) * secret.scalar) % ORDER;
  return { proof: joined([gamma.toBytes(), challenge, Point.Fn.toBytes(scalar)]), output: outputOf(gamma) };
}

/** V2: the secret has to leave the runtime's key store, because the runtime multiplies no points. */
export function secretOf(key: PrivateKey): Secret {
  const { d = "" } = key.handle.export({ format: "jwk" });
  const digest = sha512(Buffer.from(d, "base64url"));
  const scalar = ed25519.utils.getExtendedPublicKey(Buffer.from(d, "base64url")).scalar;
  return { scalar, prefix: digest.subarray(32) };
}

/** V1, section 5.4.1.1: try and increment, with the key as salt. */
export function encodeToCurve(key: PublicKey, alpha: Uint8Array): CurvePoint {
  for (let counter = 0; counter < 256; counter += 1) {
    const candidate = sha512(joined([[SUITE, 1], key.raw, alpha, [counter, 0]])).subarray(0, 32);
    const point = pointOf(candidate)?.clearCofactor();
    if (point !== undefined && !point.is0()) return point;
  }
  // One of 2^256 inputs; nobody can find one.
  throw new Error("no point of the curve belongs to this input");
}

/** V2, section 5.4.2.2: as in Ed25519, from the point in place of the message. Zero has no chance to occur. */
export function nonceOf({ prefix }: Secret, h: CurvePoint): bigint {
  return fromLittleEndian(sha512(joined([prefix, h.toBytes()]))) % ORDER;
}

/** V1, section 5.4.3: over the key and four points, cut to 16 bytes. */
export function challengeOf(key: PublicKey, ...points: readonly CurvePoint[]): Uint8Array {
  const parts = points.map((point) => point.toBytes());
  return sha512(joined([[SUITE, 2], key.raw, ...parts, [0]])).subarray(0, CHALLENGE_BYTES);
}

function outputOf(gamma: CurvePoint): Uint8Array {
  return sha512(joined([[SUITE, 3], gamma.clearCofactor().toBytes(), [0]]));
}

/** V3, section 5.4.4: exactly 80 bytes, a canonical point, a scalar below the group's order. */
function openProof(proof: Uint8Array): Proof | null {
  if (proof.length !== VRF_PROOF_BYTES) return null;
  const gamma = pointOf(proof.subarray(0, 32));
  const scalar = fromLittleEndian(proof.subarray(32 + CHALLENGE_BYTES));
  if (gamma === null || scalar >= ORDER) return null;
  return { gamma, challenge: fromLittleEndian(proof.subarray(32, 32 + CHALLENGE_BYTES)), scalar };
}

/** V3: strict, as RFC 8032 section 5.1.3: y below p, and no negative zero. */
function pointOf(bytes: Uint8Array): CurvePoint | null {
  try {
    return Point.fromBytes(bytes, false);
  } catch {
    return null;
  }
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => value * 256n + BigInt(byte), 0n);
}

function joined(parts: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}
