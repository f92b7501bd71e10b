export { openDevice } from "./device.ts";
export type { DisplayMemory } from "./display.ts";
export type { DeviceHealth } from "./health.ts";
export { decodeFrame } from "./protocols/index.ts";
export type { Reading } from "./reading.ts";
export type { Device, DeviceSettings } from "./settings.ts";
export type { TransportSettings as LineTransport } from "./transports/index.ts";
export { type Broker, type BrokerOptions, type SparkplugOptions, startBroker } from "./transports/broker/index.ts";
export { listHidScales } from "./transports/hid.ts";
export { listPorts, type ListPorts } from "./transports/ports.ts";
export {
  type BrokerPlace,
  type ExternalBroker,
  openExternalBroker,
  tryBroker,
} from "./transports/external-broker/index.ts";
export type { PublishedSettings } from "./published-device.ts";
export { filtersOf } from "./protocols/sparkplug/index.ts";
export { readingsTopic } from "./transports/readings-topic.ts";
export { findHid } from "./transports/hid.ts";
export { findSerialPort } from "./transports/serial.ts";
