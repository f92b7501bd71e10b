import { keepLink } from "./link.ts";
import type { BrokerPlace } from "./options.ts";
import { subscribeAll } from "./subscriber.ts";

/**
 * E6: one connection to see whether the broker takes us and lets us read `topics`; it takes nothing away from the gateway's own session. Null = all
 * is well; otherwise one sentence.
 */
export async function tryBroker(place: BrokerPlace, topics: readonly string[]): Promise<string | null> {
  const answer = Promise.withResolvers<string | null>();
  const trial = { ...place, clientId: `${place.clientId}-doctor` };
  const link = await keepLink(trial, () => ({ clean: true }), {
    connected: async (client) => {
      await subscribeAll(client, topics);
      answer.resolve(null);
    },
    message: async () => undefined,
    disconnected: answer.resolve,
  });
  const verdict = await answer.promise;
  await link.close();
  return verdict;
}
