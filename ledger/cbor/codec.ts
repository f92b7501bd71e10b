import { decode as decodeLibrary, type DecodeOptions, Tagged } from "cborg";
import { encode } from "./encode.ts";
import type { CborValue } from "./value.ts";

export type Decoded =
  | { readonly kind: "accept"; readonly value: CborValue }
  | { readonly kind: "reject"; readonly reason: string };

const STRICT: DecodeOptions = {
  strict: true,
  useMaps: true,
  rejectDuplicateMapKeys: true,
  allowIndefinite: false,
  allowUndefined: false,
  allowNaN: false,
  allowInfinity: false,
  allowBigInt: false,
  tags: Tagged.preserve(4, 18),
};

/** C6: far above every format of the project; keeps a hostile length or nesting from costing anything. */
const INPUT_LIMIT_BYTES = 1 << 20;

/**
 * C1-C6: decodes `bytes` when they are the deterministic encoding of a value of the profile, and only then. Never throws.
 */
export function decode(bytes: Uint8Array): Decoded {
  const decoded = decodeUnchecked(bytes);
  if (decoded.kind === "reject") return decoded;
  let again: Uint8Array;
  try {
    again = encode(decoded.value);
  } catch (error) {
    return rejected(error);
  }
  if (Buffer.compare(again, bytes) !== 0) return { kind: "reject", reason: NOT_DETERMINISTIC };
  return decoded;
}

/** The reason of C5, for those who re-encode themselves. */
export const NOT_DETERMINISTIC = "the CBOR is not in its deterministic encoding (RFC 8949 section 4.2.1)";

/**
 * C7: decodes without the comparison of C5, for a caller that re-encodes its own typed value and compares: one encoding
 * instead of two on the hot path. Whoever does not compare accepts several byte strings as one value.
 */
export function decodeUnchecked(bytes: Uint8Array): Decoded {
  if (bytes.length > INPUT_LIMIT_BYTES) {
    return { kind: "reject", reason: `the CBOR has ${bytes.length} bytes, more than ${INPUT_LIMIT_BYTES}` };
  }
  try {
    return { kind: "accept", value: decodeLibrary(bytes, STRICT) as CborValue };
  } catch (error) {
    return rejected(error);
  }
}

function rejected(error: unknown): Decoded {
  return { kind: "reject", reason: error instanceof Error ? error.message : String(error) };
}
