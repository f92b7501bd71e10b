export { CborReader } from "./exact-cbor.ts";
export {
  addDecimals,
  compareDecimals,
  type Decimal,
  exactDecimal,
  floatDecimal,
  formatDecimal,
  isMultipleOf,
  parseDecimal,
} from "./decimal.ts";
export { JsonReader } from "./exact-json.ts";
export { Unreadable } from "./unreadable.ts";
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
