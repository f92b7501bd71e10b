export { type Dimensioner, startDimensioner } from "./dimensioner.ts";
