export { DATA_BITS, encodeLine, lineFraming, textOf } from "./framing.ts";
export { type Parity, parityAfter } from "./parity.ts";
export { startAsking } from "./polling.ts";
export { type UnitWords, weightOf } from "./weight.ts";
