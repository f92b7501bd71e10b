import { type CborValue, encode } from "../cbor/index.ts";
import { sha256, toHex } from "../crypto/index.ts";
import type { Site } from "./site.ts";

/**
 * G5: SHA-256 of the deterministic CBOR (ledger/cbor) of all members but `configHash`: objects are maps with text keys,
 * arrays keep their order, numbers are integers. 64 hex digits.
 */
export function configHashOf(site: Omit<Site, "configHash">): string {
  const { configHash: _, ...rest } = site as Site;
  return toHex(sha256(encode(valueOf(rest))));
}

function valueOf(json: unknown): CborValue {
  if (typeof json === "string" || typeof json === "number" || typeof json === "boolean") return json;
  if (Array.isArray(json)) return json.map(valueOf);
  if (typeof json === "object" && json !== null) {
    return new Map(Object.entries(json).map(([name, value]) => [name, valueOf(value)]));
  }
  throw new Error(`A site configuration holds no ${typeof json}.`);
}
