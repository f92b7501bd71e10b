import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { type Broker, type Reading, startBroker } from "../../../devices/index.ts";
import {
  type JournalLine,
  simulatedNodeSettings,
  startSparkplugNode,
  syntheticItems,
} from "../../../firmware-sim/index.ts";
import { encodePayload } from "../../../firmware-sim/sparkplug-node/payload.ts";
import { eventually } from "./port.ts";

const device = {
  id: "sp-1",
  protocol: "sparkplug",
  settings: simulatedNodeSettings,
  address: { group: "dock", node: "line-1", device: "scale" },
};
const login = { username: "dock/line-1", password: "secret-1" };
const timing = { reorderMs: 200, rebirthMs: 300, graceMs: 200 };

const startOn = (port: number, onReadings: (readings: readonly Reading[]) => Promise<void>): Promise<Broker> =>
  startBroker({
    host: "127.0.0.1",
    port,
    devices: [{ id: "m1", username: "m1", password: "secret-2", protocol: "senml-json" }],
    sparkplug: { hostId: "gw-1", timing, nodes: [{ group: "dock", node: "line-1", ...login }], devices: [device] },
    onReadings: (_device, readings) => onReadings(readings),
  });
const urlOf = (broker: Broker): string => `mqtt://127.0.0.1:${broker.port}`;
const nodeOn = (broker: Broker, more: Partial<Parameters<typeof startSparkplugNode>[0]> = {}) =>
  startSparkplugNode({
    url: urlOf(broker),
    ...login,
    ...device.address,
    primaryHost: "gw-1",
    items: syntheticItems(1, 0),
    journal: null,
    ratePerSecond: 200,
    ...more,
  });
const clientOn = (broker: Broker, more: IClientOptions = {}): Promise<MqttClient> =>
  connectAsync(urlOf(broker), { ...login, clientId: "dock/line-1", reconnectPeriod: 0, ...more }, false);
const healthOf = (broker: Broker) => broker.health().find((health) => health.device === "sp-1");
const journalPath = () => join(mkdtempSync(join(tmpdir(), "tallystick-sparkplug-")), "sp.jsonl");
const presentedIn = (journal: string) =>
  readFileSync(journal, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as JournalLine);

/** Item to all that its frame showed. */
function keeping(): {
  readonly seen: Map<string, readonly Reading[]>;
  readonly take: (all: readonly Reading[]) => Promise<void>;
  doubled: number;
} {
  const seen = new Map<string, readonly Reading[]>();
  const kept = {
    seen,
    doubled: 0,
    take: async (readings: readonly Reading[]) => {
      for (const { quantity } of readings) {
        if (quantity.kind !== "item") continue;
        if (seen.has(quantity.item)) kept.doubled += 1;
        seen.set(quantity.item, readings);
      }
    },
  };
  return kept;
}

test("B8, F19: what the simulated edge node shows is what the gateway reads, though data leave out what did not change", async (t) => {
  const journal = journalPath();
  const kept = keeping();
  const broker = await startOn(0, kept.take);
  const node = nodeOn(broker, { journal });
  await eventually(() => node.stats().published >= 100, "a hundred weighings");
  await node.close();
  const lines = presentedIn(journal);
  await eventually(() => lines.every(({ item }) => kept.seen.has(item)), "all of them read");
  await broker.close();
  t.is(kept.doubled, 0);
  for (const { item, grams, mm } of lines) {
    const quantities = kept.seen.get(item)?.map(({ quantity }) => quantity) ?? [];
    const mass = quantities.find(({ kind }) => kind === "mass");
    const sides = quantities.find(({ kind }) => kind === "dimensions");
    t.like(mass, { value: { mantissa: grams, exponent: -3 }, unit: "kg", stability: "stable" });
    t.like(sides, {
      length: { mantissa: mm?.[0], exponent: 0 },
      height: { mantissa: mm?.[2], exponent: 0 },
      unit: "mm",
    });
  }
  t.is(healthOf(broker)?.refused, 0);
});

test("SP15, F19: a gateway that stops in order and comes back loses and doubles no weighing", async (t) => {
  const journal = journalPath();
  const kept = keeping();
  let broker = await startOn(0, kept.take);
  const { port } = broker;
  const node = nodeOn(broker, { journal });
  for (let round = 0; round < 3; round += 1) {
    const goal = node.stats().published + 40;
    await eventually(() => node.stats().published >= goal, `40 more in round ${round}`);
    await broker.close();
    const presented = node.stats().presented + 20;
    await eventually(() => node.stats().presented >= presented, "the belt goes on");
    broker = await startOn(port, kept.take);
  }
  await eventually(() => node.stats().kept === 0 && node.stats().births >= 4, "what was kept is told");
  await node.close();
  await eventually(() => presentedIn(journal).every(({ item }) => kept.seen.has(item)), "all of them read");
  t.is(kept.doubled, 0);
  await broker.close();
});

test("SP14: an edge node that waits for nobody is asked for its birth", async (t) => {
  const kept = keeping();
  const broker = await startOn(0, kept.take);
  const client = await clientOn(broker);
  let asked = 0;
  client.on("message", () => {
    asked += 1;
  });
  await client.subscribeAsync("spBv1.0/dock/NCMD/line-1", { qos: 1 });
  const payload = Buffer.from(encodePayload({ timestamp: Date.now(), seq: 4, metrics: [] }));
  const speaking = setInterval(() => client.publish("spBv1.0/dock/DDATA/line-1/scale", payload), 20);
  await eventually(() => asked >= 1, "a rebirth request");
  clearInterval(speaking);
  await client.endAsync(true);
  const events: string[] = [];
  const node = nodeOn(broker, { primaryHost: null, ratePerSecond: 50, onEvent: ({ kind }) => events.push(kind) });
  await eventually(() => kept.seen.size >= 10, "weighings");
  await node.close();
  await broker.close();
  t.true(events.includes("born"));
});

test("SP12: the health of a device says who died, and that it lives again", async (t) => {
  const broker = await startOn(0, async () => {});
  t.is(healthOf(broker)?.state, "connecting");
  const node = nodeOn(broker);
  await eventually(() => healthOf(broker)?.state === "online", "its birth");
  await node.close();
  await eventually(() => healthOf(broker)?.state === "silent", "its death");
  t.is(healthOf(broker)?.lastError, "edge node dock/line-1 has died (NDEATH)");
  const again = nodeOn(broker);
  await eventually(() => healthOf(broker)?.state === "online", "its second life");
  t.is(healthOf(broker)?.lastError, null);
  await again.close();
  await broker.close();
});

test("SP12: a connection that breaks is a death by will", async (t) => {
  const broker = await startOn(0, async () => {});
  const will = {
    topic: "spBv1.0/dock/NDEATH/line-1",
    payload: Buffer.from(encodePayload({ metrics: [{ name: "bdSeq", type: "Int64", value: 3 }] })),
    qos: 1 as const,
    retain: false,
  };
  const client = await clientOn(broker, { will });
  const birth = encodePayload({ timestamp: 1, seq: 0, metrics: [{ name: "bdSeq", type: "Int64", value: 3 }] });
  await client.publishAsync("spBv1.0/dock/NBIRTH/line-1", Buffer.from(birth));
  await client.publishAsync(
    "spBv1.0/dock/DBIRTH/line-1/scale",
    Buffer.from(encodePayload({ timestamp: 1, seq: 1, metrics: [] })),
  );
  await eventually(() => healthOf(broker)?.state === "online", "its birth");
  client.stream.destroy();
  await eventually(() => healthOf(broker)?.state === "silent", "its death");
  t.regex(healthOf(broker)?.lastError ?? "", /^edge node dock\/line-1 has (died|left)/);
  await client.endAsync(true);
  await broker.close();
});

test("Y3: a weighing that could not be recorded is counted and told, because nobody repeats it", async (t) => {
  let full = true;
  const broker = await startOn(0, async () => {
    if (full) throw new Error("the disk budget is reached");
  });
  const node = nodeOn(broker, { ratePerSecond: 50 });
  await eventually(() => (healthOf(broker)?.refused ?? 0) >= 2, "two refused");
  t.is(healthOf(broker)?.lastError, "a weighing of sp-1 was not recorded: the disk budget is reached");
  t.is(healthOf(broker)?.lastBad[0]?.reason, "it was not recorded: the disk budget is reached");
  full = false;
  await eventually(() => healthOf(broker)?.state === "online", "the disk has room again");
  await node.close();
  await broker.close();
});

test("B8: an edge node says and hears its own, and nobody else may", async (t) => {
  const broker = await startOn(0, async () => {});
  const refuses = async (topic: string, more: IClientOptions = {}) => {
    const client = await clientOn(broker, more);
    const closed = new Promise<void>((resolve) => {
      client.once("close", () => resolve());
    });
    client.publish(topic, "x", { qos: 0 });
    await closed;
    await client.endAsync(true);
  };
  for (const topic of [
    "spBv1.0/dock/NBIRTH/line-2",
    "spBv1.0/other/NBIRTH/line-1",
    "spBv1.0/dock/NCMD/line-1",
    "spBv1.0/STATE/gw-1",
    "tallystick/m1/readings",
  ])
    await t.notThrowsAsync(refuses(topic), topic);
  await refuses("spBv1.0/dock/NBIRTH/line-1", { username: "m1", password: "secret-2", clientId: "m1" });
  const client = await clientOn(broker);
  const granted = await client.subscribeAsync(
    ["spBv1.0/dock/NCMD/line-1", "spBv1.0/dock/DCMD/line-1/#", "spBv1.0/STATE/gw-1"],
    { qos: 1 },
  );
  t.deepEqual(
    granted.map(({ qos }) => qos),
    [1, 1, 1],
  );
  for (const filter of [
    "#",
    "spBv1.0/#",
    "spBv1.0/dock/+/line-1",
    "spBv1.0/dock/NCMD/line-10",
    "tallystick/m1/readings",
  ])
    await t.throwsAsync(client.subscribeAsync(filter), undefined, filter);
  await client.endAsync(true);
  for (const topic of ["spBv1.0/dock/NDEATH/line-2", "spBv1.0/dock/NBIRTH/line-1", "tallystick/m1/readings"]) {
    const will = { topic, payload: Buffer.from("x"), qos: 1 as const, retain: false };
    await t.throwsAsync(clientOn(broker, { will }), undefined, topic);
  }
  await t.throwsAsync(clientOn(broker, { password: "secret-2" }));
  await t.throwsAsync(clientOn(broker, { clientId: "m1" }));
  await broker.close();
});
