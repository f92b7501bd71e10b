/**
 * C4: reading what a peer sent. Messages are CBOR arrays in the strict profile; these readers turn untrusted values into typed
 * ones or throw `Malformed`, which `readMessage` turns into a verdict: no byte string from a peer can do more.
 */
import type { CborValue } from "../cbor/index.ts";
import { toHex } from "../crypto/index.ts";
import { VRF_PROOF_BYTES } from "../crypto/vrf/index.ts";
import type { GatewayIndex, Hash, Signed } from "../committee/index.ts";

/** Sites have at most this many gateways. */
export const MAX_GATEWAYS = 500;
export const SIGNATURE_BYTES = 64;

export class Malformed extends Error {
  override readonly name = "Malformed";
}

export function asList(value: CborValue | undefined, what: string, max: number): readonly CborValue[] {
  if (!Array.isArray(value) || value.length > max) throw new Malformed(`${what} is not a list of at most ${max}`);
  return value;
}

export function asNatural(value: CborValue | undefined, what: string): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0)
    throw new Malformed(`${what} is not a natural number`);
  return value;
}

export function asBytes(value: CborValue | undefined, what: string, max: number): Uint8Array {
  if (!(value instanceof Uint8Array) || value.length > max)
    throw new Malformed(`${what} is not a byte string of at most ${max}`);
  return value;
}

export function asText(value: CborValue | undefined, what: string, max: number): string {
  if (typeof value !== "string" || value.length > max) throw new Malformed(`${what} is not a text of at most ${max}`);
  return value;
}

export function asHash(value: CborValue | undefined, what: string): Hash {
  const bytes = asBytes(value, what, 32);
  if (bytes.length !== 32) throw new Malformed(`${what} is not a SHA-256`);
  return toHex(bytes);
}

export function asSignature(value: CborValue | undefined, what: string): Uint8Array {
  const bytes = asBytes(value, what, SIGNATURE_BYTES);
  if (bytes.length !== SIGNATURE_BYTES) throw new Malformed(`${what} is not ${SIGNATURE_BYTES} bytes`);
  return bytes;
}

/** A12: a proof of the verifiable random function. */
export function asProof(value: CborValue | undefined, what: string): Uint8Array {
  const bytes = asBytes(value, what, VRF_PROOF_BYTES);
  if (bytes.length !== VRF_PROOF_BYTES) throw new Malformed(`${what} is not ${VRF_PROOF_BYTES} bytes`);
  return bytes;
}

export function asGateway(value: CborValue | undefined, what: string): GatewayIndex {
  const index = asNatural(value, what);
  if (index >= MAX_GATEWAYS) throw new Malformed(`${what} is not a gateway`);
  return index;
}

export function asSignatures(value: CborValue | undefined, what: string): readonly Signed[] {
  return asList(value, what, MAX_GATEWAYS).map((entry) => {
    const [voter, signature] = asList(entry, what, 2);
    return { voter: asGateway(voter, what), signature: asSignature(signature, what) };
  });
}

export function signaturesValue(signatures: readonly Signed[]): CborValue {
  return signatures.map(({ voter, signature }) => [voter, signature]);
}
