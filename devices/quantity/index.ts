export {
  addDecimals,
  compareDecimals,
  type Decimal,
  formatDecimal,
  parseDecimal,
  parseJsonDecimal,
} from "./decimal.ts";
export type { Quantity, Stability } from "./quantity.ts";
export {
  exactKilograms,
  exactMetres,
  type LengthUnit,
  lengthUnit,
  type MassUnit,
  massUnit,
  toKilograms,
  toMetres,
} from "./units.ts";
