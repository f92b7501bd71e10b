import {
  compareDecimals,
  type Decimal,
  exactKilograms,
  exactMetres,
  isMultipleOf,
  type Quantity,
} from "../../devices/quantity/index.ts";
import type { DimensionsValue, Limits, MassValue, Reason } from "./types.ts";

export type AdmittedMass =
  | { readonly kind: "usable"; readonly value: MassValue }
  /** Nothing stands on the scale: below the registered minimum. `isBelow`: as far below zero, too (P18). */
  | { readonly kind: "empty"; readonly isBelow: boolean }
  | { readonly kind: "refused"; readonly reason: Reason };

export type AdmittedDimensions =
  | { readonly kind: "usable"; readonly value: DimensionsValue }
  | { readonly kind: "refused"; readonly reason: Reason };

/** P1, P11: a mass as the registration allows it. A mass below the minimum is `empty` whether it moves or not. */
export function admitMass(quantity: Extract<Quantity, { kind: "mass" }>, limits: Limits | null): AdmittedMass {
  const kilograms = exactKilograms(quantity.value, quantity.unit);
  const displayed = exactKilograms({ mantissa: 1, exponent: quantity.value.exponent }, quantity.unit);
  if (kilograms === null || displayed === null) return { kind: "refused", reason: "above-maximum" };
  const division = limits?.division ?? displayed;
  const minimum = limits === null || limits.min.mantissa === 0 ? division : limits.min;
  if (compareDecimals(kilograms, minimum) < 0) {
    const mirrored = { mantissa: -kilograms.mantissa, exponent: kilograms.exponent };
    return { kind: "empty", isBelow: compareDecimals(mirrored, minimum) >= 0 };
  }
  if (quantity.stability === "motion") return { kind: "refused", reason: "not-stable" };
  if (quantity.stability === "unknown") return { kind: "refused", reason: "stability-unknown" };
  if (limits !== null && compareDecimals(kilograms, limits.max) > 0)
    return { kind: "refused", reason: "above-maximum" };
  if (!isMultipleOf(kilograms, division)) return { kind: "refused", reason: "off-division" };
  return { kind: "usable", value: { kilograms, division } };
}

/** P1, P11: a zero is an error value of a dimensioner, never a measurement, and lies below every minimum. */
export function admitDimensions(
  quantity: Extract<Quantity, { kind: "dimensions" }>,
  limits: Limits | null,
): AdmittedDimensions {
  const length = exactMetres(quantity.length, quantity.unit);
  const width = exactMetres(quantity.width, quantity.unit);
  const height = exactMetres(quantity.height, quantity.unit);
  if (length === null || width === null || height === null) return { kind: "refused", reason: "above-maximum" };
  for (const edge of [length, width, height]) {
    const reason = limits === null ? (edge.mantissa <= 0 ? "below-minimum" : null) : outside(edge, limits);
    if (reason !== null) return { kind: "refused", reason };
  }
  return { kind: "usable", value: { length, width, height } };
}

function outside(edge: Decimal, limits: Limits): Reason | null {
  if (edge.mantissa <= 0 || compareDecimals(edge, limits.min) < 0) return "below-minimum";
  if (compareDecimals(edge, limits.max) > 0) return "above-maximum";
  return isMultipleOf(edge, limits.division) ? null : "off-division";
}
