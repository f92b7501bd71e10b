import type { Decimal, LengthUnit, MassUnit } from "../../quantity/index.ts";

/** One weighing as a device sends it. */
export type Weighing = {
  /** Base name (RFC 8428 section 4.1), closed by ":" or "/". */
  readonly baseName: string;
  /** Unix time in ms. */
  readonly atMs: number;
  readonly item: string;
  readonly net: { readonly value: Decimal; readonly unit: MassUnit; readonly stable: boolean };
  readonly dimensions: {
    readonly length: Decimal;
    readonly width: Decimal;
    readonly height: Decimal;
    readonly unit: LengthUnit;
  };
};
