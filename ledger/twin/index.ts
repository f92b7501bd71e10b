/** The twin of an item: a pure fold over the finalized statements. The rules are in README.md. */
export { decodeTwin, encodeTwin } from "./codec.ts";
export { foldTwin, HISTORY_LIMIT, type Place, type Sighting, type Twin } from "./twin.ts";
