export { hasCheckDigit } from "./check-digit.ts";
export { type Element, readElements } from "./element-string.ts";
export { itemOf } from "./item.ts";
export { type Printed, printedOf } from "./printed.ts";
