export { type Firmware, step, switchedOn } from "./firmware.ts";
export { type Scale, settingsOf, startScale } from "./scale.ts";
