export { measuringDialects } from "./dialects/index.ts";
export { type Dimensioner, startDimensioner } from "./dimensioner.ts";
export { together } from "./together.ts";
