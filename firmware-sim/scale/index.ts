export { type Firmware, type FirmwareInput, step, switchedOn } from "./firmware.ts";
export type { Display, IndicatorSettings } from "./indicator.ts";
export { type Scale, settingsOf, startScale } from "./scale.ts";
