import type { Decimal } from "./decimal.ts";
import type { LengthUnit, MassUnit } from "./units.ts";

export type Stability = "stable" | "motion" | "unknown";
type MassMode = "gross" | "net" | "tare" | "unknown";

/** What one device said about one thing. Values are as displayed; "unknown" is a legal answer, a guess is not (Q4). */
export type Quantity =
  | {
      readonly kind: "mass";
      readonly value: Decimal;
      readonly unit: MassUnit;
      readonly stability: Stability;
      readonly mode: MassMode;
    }
  | {
      readonly kind: "dimensions";
      readonly length: Decimal;
      readonly width: Decimal;
      readonly height: Decimal;
      readonly unit: LengthUnit;
    }
  | { readonly kind: "item"; readonly item: string };
