import type { Decimal } from "../../devices/quantity/index.ts";

/** True when `value` is a whole number of `step`s. Exact: never through a float. `step` is positive. */
export function isWholeMultiple(value: Decimal, step: Decimal): boolean {
  const exponent = Math.min(value.exponent, step.exponent);
  return scaled(value, exponent) % scaled(step, exponent) === 0n;
}

function scaled(value: Decimal, exponent: number): bigint {
  return BigInt(value.mantissa) * 10n ** BigInt(value.exponent - exponent);
}
