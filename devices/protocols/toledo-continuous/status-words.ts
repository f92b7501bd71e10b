import type { MassUnit } from "../../quantity/index.ts";

/** The three status words, their bits named (TC4 to TC8). A string instead says why they are not such words. */
export type StatusWords = {
  /** Power of ten of the last digit. */
  readonly exponent: number;
  readonly mode: "gross" | "net";
  readonly negative: boolean;
  readonly outOfRange: boolean;
  readonly motion: boolean;
  readonly unit: MassUnit;
  readonly notZeroed: boolean;
  readonly printRequest: boolean;
  readonly expanded: boolean;
};

const bit = (word: number, index: number): boolean => ((word >> index) & 1) === 1;

/** TC5: the code counts from two dummy zeros to five decimals. */
const EXPONENT_OF_CODE_0 = 2;

/** TC8: the units of code 1 and 2; code 0 leaves pounds or kilograms to word B. Others are hearsay and refused. */
const UNITS: readonly (MassUnit | undefined)[] = [undefined, "g", "t"];

/** `a`, `b`, `c`: the words without their parity bit. */
export function statusWords(a: number, b: number, c: number): StatusWords | string {
  // TC4: bit 5 is what makes a status word printable.
  if (![a, b, c].every((word) => bit(word, 5))) return "bit 5 of a status word is not set";
  if (bit(a, 6)) return "bit 6 of status word A is set: not the standard words";
  // TC9: which of the two known dialects the words are in.
  const brazilian = bit(c, 6);
  const unit = unitOf(b, c, brazilian);
  if (unit.kind === "unknown") return unit.reason;
  return {
    exponent: EXPONENT_OF_CODE_0 - (a & 0b111),
    mode: bit(b, 0) ? "net" : "gross",
    negative: bit(b, 1),
    outOfRange: bit(b, 2),
    motion: bit(b, 3),
    unit: unit.unit,
    notZeroed: bit(b, 6) && !brazilian,
    printRequest: bit(c, 3),
    expanded: bit(c, 4),
  };
}

type Unit = { readonly kind: "unit"; readonly unit: MassUnit } | { readonly kind: "unknown"; readonly reason: string };

function unitOf(b: number, c: number, brazilian: boolean): Unit {
  const code = c & 0b111;
  const metric = bit(b, 4);
  if (brazilian) {
    return metric && code === 0
      ? { kind: "unit", unit: "kg" }
      : { kind: "unknown", reason: "bit 6 of status word C is set, but word B or C names another unit than kg" };
  }
  if (code === 0) return { kind: "unit", unit: metric ? "kg" : "lb" };
  const unit = UNITS[code];
  return unit === undefined ? { kind: "unknown", reason: `unit code ${code} is not known` } : { kind: "unit", unit };
}
