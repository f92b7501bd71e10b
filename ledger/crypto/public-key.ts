import { createPublicKey, type KeyObject, verify as verifyNative } from "node:crypto";
import { createRequire } from "node:module";
import type { ed25519 } from "@noble/curves/ed25519.js";
import { toHex } from "./hex.ts";
import { sha256 } from "./hash.ts";

declare const admitted: unique symbol;

/** An Ed25519 public key that passed `admitKey` (Y1): only such a key can verify anything. */
export type PublicKey = {
  /** 32 bytes, RFC 8032. */
  readonly raw: Uint8Array;
  readonly hex: string;
  readonly handle: KeyObject;
  readonly [admitted]: true;
};

export type Admission =
  | { readonly kind: "accept"; readonly key: PublicKey }
  | { readonly kind: "reject"; readonly reason: string };

/** Admission costs about a millisecond of curve arithmetic; a site has at most some hundred keys, parsed again and again. */
const ADMITTED_LIMIT = 4096;
const admissions = new Map<string, PublicKey>();

/**
 * Y1: admits a raw Ed25519 public key of 32 bytes when it is the canonical encoding of a point of the prime-order subgroup.
 * Under such keys every Ed25519 verifier in use gives the same answer, so that no two gateways differ about a signature.
 */
export function admitKey(raw: Uint8Array): Admission {
  if (raw.length !== 32) return { kind: "reject", reason: `an Ed25519 public key has 32 bytes, not ${raw.length}` };
  const hex = toHex(raw);
  const known = admissions.get(hex);
  if (known !== undefined) return { kind: "accept", key: known };
  const fault = faultOf(raw, hex);
  if (fault !== null) return { kind: "reject", reason: `the Ed25519 public key ${hex} ${fault}` };
  const copy = Uint8Array.from(raw);
  const key = { raw: copy, hex, handle: importRaw(copy) } as PublicKey;
  if (admissions.size < ADMITTED_LIMIT) admissions.set(hex, key);
  return { kind: "accept", key };
}

/** Loaded by the first admission: the store's thread hashes and compares, and admits no keys. */
let curve: typeof ed25519 | null = null;
function loadCurve(): typeof ed25519 {
  const library = createRequire(import.meta.url)("@noble/curves/ed25519.js") as { readonly ed25519: typeof ed25519 };
  curve = library.ed25519;
  return curve;
}

function faultOf(raw: Uint8Array, hex: string): string | null {
  let point: InstanceType<typeof ed25519.Point>;
  try {
    point = (curve ?? loadCurve()).Point.fromBytes(raw, false);
  } catch {
    return "is not the canonical encoding of a point";
  }
  if (point.toHex() !== hex) return "is not the canonical encoding of a point";
  if (point.isSmallOrder()) return "has small order, so that it accepts forged signatures";
  if (!point.isTorsionFree()) return "has a torsion component, on which verifiers disagree";
  return null;
}

function importRaw(raw: Uint8Array): KeyObject {
  return createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(raw).toString("base64url") },
    format: "jwk",
  });
}

/**
 * Y2: encodings of the eight points of small order, canonical or not: the values of R on which verifiers disagree.
 * An honest signer never produces one (R = rB with r random).
 */
const LOW_ORDER_R: ReadonlySet<string> = new Set(
  [
    ["0000000000000000000000000000000000000000000000000000000000000000", "80"],
    ["0100000000000000000000000000000000000000000000000000000000000000", "80"],
    ["26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "85"],
    ["c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a", "fa"],
    ["ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "ff"],
    ["edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "ff"],
    ["eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", "ff"],
  ].flatMap(([encoding = "", signed = ""]) => [encoding, encoding.slice(0, 62) + signed]),
);

/** Y2: true when `signature` (64 bytes, RFC 8032) over `message` is `key`'s. Never throws. */
export function verify(key: PublicKey, message: Uint8Array, signature: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  if (LOW_ORDER_R.has(toHex(signature.subarray(0, 32)))) return false;
  return verifyNative(null, message, key.handle, signature);
}

/** Y3: how COSE headers name a key: the first 8 bytes of the SHA-256 of its raw 32 bytes. */
export function keyIdOf(raw: Uint8Array): Uint8Array {
  return sha256(raw).slice(0, 8);
}
