export { isWholeMultiple } from "./magnitude.ts";
export { stationDevice, stationsOf } from "./settings.ts";
export { heldReadings, MAX_FRAME_BYTES, MAX_PENDING, startStation, step } from "./station.ts";
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
