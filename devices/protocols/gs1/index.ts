export { hasCheckDigit } from "./check-digit.ts";
export { readElements } from "./element-string.ts";
export { itemOf } from "./item.ts";
export { printedOf } from "./printed.ts";
