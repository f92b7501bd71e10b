import { admitKey, fromBase64, type PublicKey, sha256, toBase64, toHex } from "../crypto/index.ts";

/** M5: what the signatures of a key mean: 1 = Ed25519 over a text (bundles), 4 = cosignature/v1 over a checkpoint. */
export type KeyType = 1 | 4;

/** M5: a named public key, as a C2SP signed-note verifier key states it. */
export type VerifierKey = {
  readonly name: string;
  readonly type: KeyType;
  /** First 4 bytes of SHA-256(name || 0A || type || public key). */
  readonly keyId: Uint8Array;
  readonly key: PublicKey;
};

export type ParsedVkey =
  | { readonly kind: "accept"; readonly key: VerifierKey }
  | { readonly kind: "reject"; readonly reason: string };

/** M5: no white space, no plus sign (signed-note); printable ASCII beyond that, so that a name looks like itself. */
export const KEY_NAME_PATTERN = /^[!-*,-~]{1,128}$/;

/** M5: the verifier key of `key` under `name`. Throws on a name that cannot stand in a note. */
export function verifierKey(name: string, type: KeyType, key: PublicKey): VerifierKey {
  if (!KEY_NAME_PATTERN.test(name))
    throw new Error(`${JSON.stringify(name)} cannot name a key: 1 to 128 printable characters without space and +.`);
  return { name, type, keyId: keyIdOf(name, type, key.raw), key };
}

/** M5: name+hex(key id)+base64(type || public key). */
export function formatVkey({ name, type, keyId, key }: VerifierKey): string {
  return `${name}+${toHex(keyId)}+${toBase64(Uint8Array.of(type, ...key.raw))}`;
}

/** M5: reads a verifier key; only the spelling that `formatVkey` gives is accepted. Never throws. */
export function parseVkey(text: string): ParsedVkey {
  // Base64 has plus signs of its own: all behind the second one is data.
  const [name = "", , ...encoded] = text.split("+");
  const data = fromBase64(encoded.join("+"));
  if (!KEY_NAME_PATTERN.test(name) || data?.length !== 33) return rejected("is not name+key id+base64 of 33 bytes");
  const type = data[0];
  if (type !== 1 && type !== 4) return rejected(`has type ${type}, not 1 (Ed25519) or 4 (cosignature)`);
  const admission = admitKey(data.subarray(1));
  if (admission.kind === "reject") return rejected(`cannot be used: ${admission.reason}`);
  const key = verifierKey(name, type, admission.key);
  if (formatVkey(key) !== text) return rejected("has a key id that is not that of its name and key");
  return { kind: "accept", key };
}

function keyIdOf(name: string, type: KeyType, raw: Uint8Array): Uint8Array {
  return sha256(Buffer.concat([Buffer.from(`${name}\n`), Uint8Array.of(type), raw])).slice(0, 4);
}

function rejected(clause: string): ParsedVkey {
  return { kind: "reject", reason: `the verifier key ${clause}` };
}
