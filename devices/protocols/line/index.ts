export { DATA_BITS, encodeLine, lineFraming, textOf } from "./framing.ts";
export { admittedUnknown, type Identity, startAsking } from "./polling.ts";
export { signedField, type UnitWords, weightOf } from "./weight.ts";
