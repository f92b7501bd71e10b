export { dialects } from "./dialects/index.ts";
export { startDimensioner } from "./dimensioner/index.ts";
export { syntheticItems } from "./items.ts";
export type { JournalLine } from "./journal.ts";
export { startMqttSensor } from "./mqtt-sensor/index.ts";
export { type DeviceOptions, deviceUsage, parseDeviceArguments, runDevice } from "./run-device.ts";
export { simulatedNodeSettings, startSparkplugNode } from "./sparkplug-node/index.ts";
export { startScale } from "./scale/index.ts";
export {
  type MqttStation,
  type SimulatedSite,
  type SimulatedSiteSpec,
  startSimulatedSite,
  type WiredStation,
} from "./site.ts";
export { startStation } from "./station/index.ts";
