export { type Cycle, emptyFrom, loadedFrom, step } from "./cycle.ts";
export { type Station, type StationEvent, startStation } from "./station.ts";
