import { Tagged } from "cborg";

/** C1: all that the profile knows. Numbers are safe integers; the only tags are 4 (decimal fraction) and 18 (COSE_Sign1). */
export type CborValue =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | ReadonlyMap<number | string, CborValue>
  | Tagged;

/** C3: the decimal fraction mantissa x 10^exponent as tag 4 (RFC 8949 section 3.4.4). Not normalized: 1.50 is not 1.5. */
export function decimal(fraction: { readonly mantissa: number; readonly exponent: number }): Tagged {
  return new Tagged(4, [fraction.exponent, fraction.mantissa]);
}

/** `value` under tag `tag`. */
export function tagged(tag: 4 | 18, value: CborValue): Tagged {
  return new Tagged(tag, value);
}

/** The content of `value` when it carries tag `tag`, else null. */
export function contentOf(value: CborValue | undefined, tag: 4 | 18): CborValue | null {
  return value instanceof Tagged && value.tag === tag ? (value.value as CborValue) : null;
}

/** C3: the decimal fraction in `value`, or null when it is anything else. */
export function decimalOf(
  value: CborValue | undefined,
): { readonly mantissa: number; readonly exponent: number } | null {
  const content = contentOf(value, 4);
  if (!Array.isArray(content) || content.length !== 2) return null;
  const [exponent, mantissa] = content as readonly CborValue[];
  if (typeof exponent !== "number" || typeof mantissa !== "number") return null;
  return { mantissa, exponent };
}
