import { compareDecimals, type Decimal } from "../../../devices/quantity/index.ts";
import type { Measurement } from "../../../ledger/statement/index.ts";

/** What stood there, as a correct reader of the display knows it. */
export type Presented = {
  readonly item: string;
  readonly kilograms: Decimal;
  readonly mm: readonly [number, number, number];
};

export type Verdict = {
  /** Items measured as they are. */
  readonly right: number;
  /** Measurements that say something else than what stood there. One is one too many. */
  readonly wrong: readonly string[];
  /** Measurements of an item beyond its first. */
  readonly doubled: number;
};

export function judge(presented: readonly Presented[], accepted: readonly Measurement[]): Verdict {
  const wrong: string[] = [];
  const seen = new Set<string>();
  let doubled = 0;
  for (const measurement of accepted) {
    const truth = presented.find(({ item }) => item === measurement.item);
    const fault = truth === undefined ? `item "${measurement.item}" never stood there` : faultOf(measurement, truth);
    if (fault !== null) wrong.push(fault);
    else if (seen.has(measurement.item)) doubled += 1;
    seen.add(measurement.item);
  }
  return { right: seen.size - wrong.length, wrong, doubled };
}

function faultOf({ item, mass, dimensions }: Measurement, truth: Presented): string | null {
  if (compareDecimals(mass, truth.kilograms) !== 0)
    return `${item}: ${textOf(mass)} kg instead of ${textOf(truth.kilograms)}`;
  const sides = [dimensions.length, dimensions.width, dimensions.height];
  const isSame = sides.every(
    (side, index) => compareDecimals(side, { mantissa: truth.mm[index] ?? 0, exponent: -3 }) === 0,
  );
  return isSame ? null : `${item}: ${sides.map(textOf).join(" x ")} m instead of ${truth.mm.join(" x ")} mm`;
}

const textOf = ({ mantissa, exponent }: Decimal): string => `${mantissa}e${exponent}`;
