import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signNative,
} from "node:crypto";
import { admitKey, type PublicKey } from "./public-key.ts";

/** An Ed25519 key pair whose secret stays inside the runtime. */
export type PrivateKey = { readonly publicKey: PublicKey; readonly handle: KeyObject };

/** PKCS #8 frame of an Ed25519 seed (RFC 8410 section 7); the 32 bytes follow. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** A new key from the operating system's randomness. */
export function generateKey(): PrivateKey {
  return wrap(generateKeyPairSync("ed25519").privateKey);
}

/** The key of a raw 32-byte seed (RFC 8032 section 5.1.5). Throws on another length. */
export function importRawKey(seed: Uint8Array): PrivateKey {
  if (seed.length !== 32) throw new Error(`An Ed25519 seed has 32 bytes, not ${seed.length}.`);
  return wrap(createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" }));
}

/** The key of a PKCS #8 PEM file. Throws when the text is no PEM or the key is not Ed25519. */
export function importPemKey(pem: string): PrivateKey {
  return wrap(createPrivateKey({ key: pem, format: "pem" }));
}

/** PKCS #8 PEM text, unencrypted: for a file that only its owner may read. */
export function exportPemKey(key: PrivateKey): string {
  return key.handle.export({ format: "pem", type: "pkcs8" }).toString();
}

/** Ed25519 signature (RFC 8032, deterministic) of `message`: 64 bytes. */
export function sign(key: PrivateKey, message: Uint8Array): Uint8Array {
  const signature = signNative(null, message, key.handle);
  return new Uint8Array(signature.buffer, signature.byteOffset, signature.byteLength);
}

function wrap(handle: KeyObject): PrivateKey {
  if (handle.asymmetricKeyType !== "ed25519") {
    throw new Error(
      `The private key is ${handle.asymmetricKeyType ?? "symmetric"}; a gateway signs with Ed25519 keys only.`,
    );
  }
  const { x } = createPublicKey(handle).export({ format: "jwk" });
  const admission = admitKey(Buffer.from(x ?? "", "base64url"));
  if (admission.kind === "reject") throw new Error(`The private key cannot be used: ${admission.reason}.`);
  return { publicKey: admission.key, handle };
}
