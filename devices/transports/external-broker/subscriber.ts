import type { IClientOptions, MqttClient } from "mqtt";
import type { PublishedDevice } from "../../published-device.ts";
import { keepLink, type Link } from "./link.ts";
import type { BrokerPlace } from "./options.ts";
import { Ended } from "./sentences.ts";

export type Subscription = { readonly topic: string; readonly device: PublishedDevice };

/** E2: how long a broker of MQTT 5 keeps what it has for us while we are away. One of 3.1.1 decides that itself. */
const SESSION_S = 7 * 86_400;

/** E2, E3: the devices that publish readings, at QoS 1 over a session that the broker keeps. */
export function subscribeReadings(
  place: BrokerPlace,
  subscriptions: readonly Subscription[],
  onAlarm: (sentence: string) => void,
): Promise<Link> {
  const byTopic = new Map(subscriptions.map(({ topic, device }) => [topic, device]));
  const options: IClientOptions = {
    clean: false,
    ...(place.version === "5" ? { properties: { sessionExpiryInterval: SESSION_S } } : {}),
  };
  let hadSession = false;
  return keepLink(place, () => options, {
    connected: async (client, sessionPresent) => {
      if (hadSession && !sessionPresent)
        onAlarm(
          `the MQTT broker ${new URL(place.url).host} has forgotten this gateway's session: what was published while it was away is lost`,
        );
      await subscribeAll(client, [...byTopic.keys()]);
      hadSession = true;
      for (const device of byTopic.values()) device.online();
    },
    message: async (topic, payload) => {
      // A subscription of an earlier configuration: the broker remembers it, and nobody here wants it.
      await byTopic.get(topic)?.take(payload);
    },
    disconnected: (reason) => {
      for (const device of byTopic.values()) device.offline("connecting", reason);
    },
  });
}

/** E6: a broker may grant some filters and refuse others. Rejects with the first that it refuses. */
export async function subscribeAll(client: MqttClient, filters: readonly string[]): Promise<void> {
  for (const filter of filters) {
    const granted = await client.subscribeAsync(filter, { qos: 1 }).catch((error: unknown) => {
      throw new Ended(notGranted(filter), { cause: error });
    });
    if (granted.some(({ qos }) => qos >= 128)) throw new Ended(notGranted(filter));
  }
}

const notGranted = (filter: string): string =>
  `does not let us subscribe to ${filter}: give this user the right to read it`;
