export { startBroker } from "./broker.ts";
export type { Broker, BrokerOptions, SparkplugOptions } from "./options.ts";
