import { type Decimal, exactDecimal, type LengthUnit, type MassUnit } from "../../quantity/index.ts";
import type { Element } from "./element-string.ts";

/** GS6: what a label says of its item. `of`: a trade item (net) or a logistic unit (gross). */
type Printed = {
  readonly what: "mass" | "length" | "width" | "height";
  readonly of: "trade-item" | "logistic-unit";
  readonly value: Decimal;
  readonly unit: MassUnit | LengthUnit;
};

type Meaning = Omit<Printed, "value">;

/** By the first three digits; the fourth says how many decimals the six digits have. */
const meanings: Readonly<Record<string, Meaning>> = {
  "310": { what: "mass", of: "trade-item", unit: "kg" },
  "311": { what: "length", of: "trade-item", unit: "m" },
  "312": { what: "width", of: "trade-item", unit: "m" },
  "313": { what: "height", of: "trade-item", unit: "m" },
  "320": { what: "mass", of: "trade-item", unit: "lb" },
  "321": { what: "length", of: "trade-item", unit: "in" },
  "324": { what: "width", of: "trade-item", unit: "in" },
  "327": { what: "height", of: "trade-item", unit: "in" },
  "330": { what: "mass", of: "logistic-unit", unit: "kg" },
  "331": { what: "length", of: "logistic-unit", unit: "m" },
  "332": { what: "width", of: "logistic-unit", unit: "m" },
  "333": { what: "height", of: "logistic-unit", unit: "m" },
  "340": { what: "mass", of: "logistic-unit", unit: "lb" },
  "341": { what: "length", of: "logistic-unit", unit: "in" },
  "344": { what: "width", of: "logistic-unit", unit: "in" },
  "347": { what: "height", of: "logistic-unit", unit: "in" },
};

const MOST_DECIMALS = 5;

/** GS6: exact decimals as printed, in the order of the string. Feet and yards are no units here and left out. */
export const printedOf = (elements: readonly Element[]): readonly Printed[] =>
  elements.flatMap(({ ai, data }) => {
    const meaning = ai.length === 4 ? meanings[ai.slice(0, 3)] : undefined;
    const decimals = Number(ai.slice(3));
    if (meaning === undefined || decimals > MOST_DECIMALS) return [];
    const value = exactDecimal(Number(data), -decimals);
    return value === null ? [] : [{ ...meaning, value }];
  });
