export { openDevice } from "./device.ts";
export type { DisplayMemory } from "./display.ts";
export type { DeviceHealth } from "./health.ts";
export { decodeFrame } from "./protocols/index.ts";
export type { Reading } from "./reading.ts";
export type { Device, DeviceSettings } from "./settings.ts";
export { type Broker, type BrokerOptions, startBroker } from "./transports/broker/index.ts";
export { listPorts, type ListPorts } from "./transports/ports.ts";
export { findSerialPort } from "./transports/serial.ts";
