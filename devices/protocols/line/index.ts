export { DATA_BITS, encodeLine, type LineFraming, lineFraming, textOf } from "./framing.ts";
export { admittedUnknown, type Identity, startAsking } from "./polling.ts";
export { benchUnits, signedField, type UnitWords, weightOf } from "./weight.ts";
