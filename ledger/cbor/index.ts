export { decode, type Decoded, decodeUnchecked, NOT_DETERMINISTIC } from "./codec.ts";
export { encode, encodeBy, type Writer } from "./encode.ts";
export { type CborValue, contentOf, decimal, decimalOf, tagged } from "./value.ts";
