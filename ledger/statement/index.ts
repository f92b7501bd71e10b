export { NAME_PATTERN } from "./rules.ts";
export { dimensionsMm, massGrams } from "./decimal.ts";
export { decodeHeld, decodeStatement } from "./decode.ts";
export { encodeStatement } from "./encode.ts";
export type { Assessment, Decimal, Frame, Measurement, Statement } from "./statement.ts";
