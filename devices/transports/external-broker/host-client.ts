import { setTimeout as sleep } from "node:timers/promises";
import { filtersOf, nodeKey, statePayload, stateTopic } from "../../protocols/sparkplug/index.ts";
import { type SparkplugDevice, startSparkplugHost } from "../sparkplug-host.ts";
import { keepLink, type Link } from "./link.ts";
import type { BrokerPlace, ExternalBrokerOptions } from "./options.ts";
import { subscribeAll } from "./subscriber.ts";

type SparkplugOptions = NonNullable<ExternalBrokerOptions["sparkplug"]>;

/** SP15: how long edge nodes get to hear that their host is going, and we to hear what they had sent before. */
const RETIRE_MS = 500;

/** The Sparkplug host on a broker elsewhere: a session of its own, because Sparkplug wants a clean one and a will (section 5.13). */
export async function hostSparkplug(
  place: BrokerPlace,
  { hostId, timing }: SparkplugOptions,
  devices: readonly SparkplugDevice[],
): Promise<{ readonly retire: () => Promise<void>; readonly close: () => Promise<void> }> {
  const state = stateTopic(hostId);
  const nodes = new Map(devices.map(({ address }) => [nodeKey(address), address]));
  const filters = [state, ...[...nodes.values()].flatMap(filtersOf)];
  const link: { current: Link | null } = { current: null };
  let bornAt = Date.now();
  const host = startSparkplugHost({
    devices,
    ...(timing === undefined ? {} : { timing }),
    publish: (topic, payload) => link.current?.client()?.publish(topic, Buffer.from(payload), { qos: 0 }),
  });
  const say = async (online: boolean, at: number): Promise<void> => {
    await link.current?.client()?.publishAsync(state, statePayload(online, at), { qos: 1, retain: true });
  };
  let retired: Promise<void> | null = null;

  /** Will and birth of one connection carry one time: made anew for every connection by `willOf`. */
  const willOf = () => {
    bornAt = Date.now();
    return { topic: state, payload: Buffer.from(statePayload(false, bornAt)), qos: 1 as const, retain: true };
  };

  link.current = await keepLink(place, () => ({ clean: true, will: willOf() }), {
    connected: async (client) => {
      await subscribeAll(client, filters);
      await client.publishAsync(state, statePayload(true, bornAt), { qos: 1, retain: true });
      host.connected();
    },
    message: async (topic, payload) => {
      if (topic !== state) host.message(topic, payload.slice());
      else if (retired === null && saysOffline(payload)) await say(true, bornAt);
    },
    disconnected: (reason) => host.disconnected(reason),
  });

  async function retire(): Promise<void> {
    if (link.current?.client() === null) return;
    await say(false, Date.now()).catch(() => undefined);
    await sleep(RETIRE_MS);
  }

  return {
    retire: () => (retired ??= retire()),
    close: async () => {
      await (retired ??= retire());
      await link.current?.close();
      host.close();
    },
  };
}

/** SP15: the will of an earlier connection of ours may come late. */
function saysOffline(payload: Uint8Array): boolean {
  try {
    const said = JSON.parse(Buffer.from(payload).toString()) as { online?: unknown } | null;
    return said?.online === false;
  } catch {
    return false;
  }
}
