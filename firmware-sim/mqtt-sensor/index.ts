export { type MqttSensor, type SensorEvent, startMqttSensor } from "./sensor.ts";
