import { PublishedDevice } from "../../published-device.ts";
import { readingsTopic } from "../readings-topic.ts";
import { hostSparkplug } from "./host-client.ts";
import type { ExternalBroker, ExternalBrokerOptions } from "./options.ts";
import { subscribeReadings } from "./subscriber.ts";

export { tryBroker } from "./try.ts";
export type { BrokerPlace, ExternalBroker, ExternalBrokerOptions } from "./options.ts";

/** Devices that publish on a broker elsewhere: see ../README.md, rules E1 to E6. Never throws for what the world does (D2). */
export async function openExternalBroker(options: ExternalBrokerOptions): Promise<ExternalBroker> {
  const { place, sparkplug } = options;
  const published = options.devices.map(({ topic, ...settings }) => ({
    topic: topic ?? readingsTopic(settings.id),
    device: new PublishedDevice(settings, options),
  }));
  const born = (sparkplug?.devices ?? []).map(({ address, ...settings }) => ({
    address,
    device: new PublishedDevice(settings, options),
  }));
  const all = [...published, ...born].map(({ device }) => device);
  const alarm = options.onAlarm ?? (() => undefined);
  const readings = published.length === 0 ? null : await subscribeReadings(place, published, alarm);
  const host =
    sparkplug === undefined
      ? null
      : await hostSparkplug({ ...place, clientId: `${place.clientId}-sparkplug` }, sparkplug, born);
  return {
    health: () => all.map((device) => device.health()),
    acknowledge: (id) => all.find(({ settings }) => settings.id === id)?.acknowledge() ?? false,
    retire: async () => host?.retire(),
    close: async () => {
      await host?.close();
      await readings?.close();
      for (const device of all) device.offline("closed", null);
    },
  };
}
