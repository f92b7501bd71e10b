export { StationFailure, stationDevice, stationsOf } from "./settings.ts";
export { heldReadings, startStation, step } from "./station.ts";
export type {
  Effect,
  Input,
  Limits,
  Memo,
  QuantityKind,
  Reason,
  StationDevice,
  StationSettings,
  StationState,
  Step,
} from "./types.ts";
