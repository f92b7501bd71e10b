export { type Firmware, type FirmwareSettings, step, switchedOn } from "./firmware.ts";
export { type Scale, startScale } from "./scale.ts";
