export { type Cycle, emptyFrom, loadedFrom, step } from "./cycle.ts";
export { type Station, type StationEvent, type StationOptions, startStation } from "./station.ts";
