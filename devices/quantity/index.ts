export {
  addDecimals,
  compareDecimals,
  type Decimal,
  formatDecimal,
  isMultipleOf,
  parseDecimal,
} from "./decimal.ts";
export { JsonReader, NotJson } from "./exact-json.ts";
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
