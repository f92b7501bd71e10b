/** What SenML-JSON and SenML-CBOR have in common: rules J1 to J8. */
export type { Notation, PackReader } from "./records.ts";
export { decodePack, measuredAt } from "./weighing.ts";
export type { Weighing } from "./one-weighing.ts";
