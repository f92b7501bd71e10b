import { bytesEqual, verify } from "../crypto/index.ts";
import type { NoteSignature } from "./note.ts";
import type { VerifierKey } from "./vkey.ts";

export type VerifiedCosignature =
  | { readonly kind: "accept"; readonly timeSeconds: number }
  | { readonly kind: "reject"; readonly reason: string };

/**
 * M8: cosigns a checkpoint body (C2SP tlog-cosignature, cosignature/v1). `sign` is that of `key`'s secret; `timeSeconds` is unix
 * time. Throws on a key of another type: a key has one meaning (M5).
 */
export function cosign(
  key: VerifierKey,
  sign: (message: Uint8Array) => Uint8Array,
  body: string,
  timeSeconds: number,
): NoteSignature {
  if (key.type !== 4)
    throw new Error(`The key ${key.name} has type ${key.type}; only a key of type 4 cosigns checkpoints.`);
  if (!Number.isSafeInteger(timeSeconds) || timeSeconds < 0)
    throw new Error(`${timeSeconds} is no unix time in seconds.`);
  const signature = Buffer.alloc(72);
  signature.writeBigUInt64BE(BigInt(timeSeconds));
  signature.set(sign(cosignedBytes(body, timeSeconds)), 8);
  return { name: key.name, keyId: key.keyId, signature: Uint8Array.from(signature) };
}

/**
 * M8: whether `signature` is `key`'s cosignature of `body`. Never throws. `holds` stands for Ed25519 where a simulation has
 * something cheaper.
 */
export function verifyCosignature(
  key: VerifierKey,
  body: string,
  signature: NoteSignature,
  holds = (message: Uint8Array, bytes: Uint8Array): boolean => verify(key.key, message, bytes),
): VerifiedCosignature {
  if (key.type !== 4) return rejected(key, "is not a cosigning key");
  if (signature.name !== key.name) return rejected(key, `did not make a signature in the name of ${signature.name}`);
  if (!bytesEqual(signature.keyId, key.keyId)) return rejected(key, "has another key id than the signature names");
  if (signature.signature.length !== 72) return rejected(key, `signs with 72 bytes, not ${signature.signature.length}`);
  const bytes = Buffer.from(signature.signature.buffer, signature.signature.byteOffset, 72);
  const timeSeconds = Number(bytes.readBigUInt64BE());
  if (!Number.isSafeInteger(timeSeconds)) return rejected(key, "states a time that is beyond all calendars");
  if (!holds(cosignedBytes(body, timeSeconds), bytes.subarray(8))) return rejected(key, "did not sign this text");
  return { kind: "accept", timeSeconds };
}

function cosignedBytes(body: string, timeSeconds: number): Uint8Array {
  return Buffer.from(`cosignature/v1\ntime ${timeSeconds}\n${body}`);
}

function rejected(key: VerifierKey, clause: string): VerifiedCosignature {
  return { kind: "reject", reason: `the key ${key.name} ${clause}` };
}
