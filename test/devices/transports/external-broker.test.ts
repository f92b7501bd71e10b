import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import type { Reading } from "../../../devices/index.ts";
import {
  type ExternalBroker,
  type ExternalBrokerOptions,
  openExternalBroker,
} from "../../../devices/transports/external-broker/index.ts";
import {
  type JournalLine,
  simulatedNodeSettings,
  startMqttSensor,
  startSparkplugNode,
  syntheticItems,
} from "../../../firmware-sim/index.ts";
import { certificateFor } from "./certificates.ts";
import { eventually } from "./port.ts";
import { type SomeBroker, someBroker } from "./some-broker.ts";

const madeAt = Date.now();
const pack = (item: string) =>
  `[{"bn":"urn:dev:ops:32473-x:","bt":${(madeAt / 1000).toFixed(3)},"n":"item","vs":"${item}"}]`;
const topic = "tallystick/m1/readings";
const placeOf = (port: number): ExternalBrokerOptions["place"] => ({
  url: `mqtt://127.0.0.1:${port}`,
  version: "3.1.1",
  clientId: "tallystick-gw-1",
  login: null,
  ca: null,
  identity: null,
});
const open = (
  broker: SomeBroker,
  onReadings: ExternalBrokerOptions["onReadings"],
  more: Partial<ExternalBrokerOptions> = {},
): Promise<ExternalBroker> =>
  openExternalBroker({
    place: placeOf(broker.port()),
    devices: [{ id: "m1", protocol: "senml-json" }],
    onReadings,
    ...more,
  });
const publisher = (broker: SomeBroker, more: IClientOptions = {}): Promise<MqttClient> =>
  connectAsync(`mqtt://127.0.0.1:${broker.port()}`, { clientId: "publisher", reconnectPeriod: 0, ...more }, false);
const stateOf = (external: ExternalBroker, id = "m1") => external.health().find(({ device }) => device === id);
const isOnline =
  (external: ExternalBroker, id = "m1") =>
  () =>
    stateOf(external, id)?.state === "online";
const pause = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });
const itemOf = (readings: readonly Reading[]): string => {
  for (const { quantity } of readings) if (quantity.kind === "item") return quantity.item;
  return "";
};
const journalPath = () => join(mkdtempSync(join(tmpdir(), "tallystick-external-")), "m1.jsonl");
const presentedIn = (journal: string) =>
  readFileSync(journal, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as JournalLine);

test("E3: the broker has its PUBACK only when the readings are durable", async (t) => {
  const gate = Promise.withResolvers<void>();
  const items: string[] = [];
  const broker = await someBroker();
  const external = await open(broker, async (_device, readings) => {
    items.push(itemOf(readings));
    await gate.promise;
  });
  await eventually(isOnline(external), "the subscription");
  const client = await publisher(broker);
  await client.publishAsync(topic, pack("A"), { qos: 1 });
  await eventually(() => items.length === 1, "the message");
  await pause(100);
  t.deepEqual(broker.acknowledged, []);
  gate.resolve();
  await eventually(() => broker.acknowledged.length === 1, "its PUBACK");
  t.deepEqual(broker.acknowledged, ["tallystick-gw-1"]);
  await client.endAsync(true);
  await external.close();
  await broker.close();
});

test("E3: many messages are made durable side by side", async (t) => {
  const broker = await someBroker();
  let running = 0;
  let most = 0;
  const external = await open(broker, async () => {
    running += 1;
    most = Math.max(most, running);
    await pause(10);
    running -= 1;
  });
  await eventually(isOnline(external), "the subscription");
  const client = await publisher(broker);
  await Promise.all(
    Array.from({ length: 300 }, (_, index) => client.publishAsync(topic, pack(`I${index}`), { qos: 1 })),
  );
  await eventually(() => broker.acknowledged.length === 300, "300 acknowledgements");
  t.true(most > 10, `${most} at once`);
  await client.endAsync(true);
  await external.close();
  await broker.close();
});

test("E3: a message that could not be recorded is not acknowledged and comes again, byte for byte", async (t) => {
  const broker = await someBroker();
  const frames: string[] = [];
  const reasons: (string | null)[] = [];
  const external = await open(
    broker,
    async (_device, [reading]) => {
      frames.push(Buffer.from(reading?.frame ?? []).toString());
      if (frames.length < 3) throw new Error("the disk budget is reached");
    },
    { onHealth: ({ state, lastError }) => reasons.push(state === "online" ? null : lastError) },
  );
  await eventually(isOnline(external), "the subscription");
  const client = await publisher(broker);
  await client.publishAsync(topic, pack("A"), { qos: 1 });
  await eventually(() => broker.acknowledged.length === 1, "its PUBACK in the end");
  t.deepEqual(frames, [pack("A"), pack("A"), pack("A")]);
  t.true(reasons.some((reason) => reason?.endsWith("could not be recorded: the disk budget is reached")));
  await client.endAsync(true);
  await external.close();
  await broker.close();
});

test("E2: what is published while the gateway is away is there when it is back", async (t) => {
  const broker = await someBroker();
  const items: string[] = [];
  const take = async (_device: string, readings: readonly Reading[]) => void items.push(itemOf(readings));
  const first = await open(broker, take);
  await eventually(isOnline(first), "the subscription");
  await first.close();
  const client = await publisher(broker);
  for (let index = 0; index < 50; index += 1) await client.publishAsync(topic, pack(`I${index}`), { qos: 1 });
  const second = await open(broker, take);
  await eventually(() => items.length === 50, "all fifty");
  t.is(new Set(items).size, 50);
  await client.endAsync(true);
  await second.close();
  await broker.close();
});

test("E1, E2, E3: no weighing of a sensor is lost over restarts of the broker and of the gateway", async (t) => {
  const broker = await someBroker();
  const seen = new Map<string, string>();
  const take = async (_device: string, readings: readonly Reading[]) => {
    await pause(2);
    const frame = Buffer.from(readings[0]?.frame ?? []).toString();
    t.is(seen.get(itemOf(readings)) ?? frame, frame, "the same item is the same bytes");
    seen.set(itemOf(readings), frame);
  };
  let external = await open(broker, take);
  await eventually(isOnline(external), "the subscription");
  const journal = journalPath();
  const sensor = startMqttSensor({
    url: `mqtt://127.0.0.1:${broker.port()}`,
    username: "u",
    password: "p",
    device: "m1",
    items: syntheticItems(1, 0),
    journal,
    ratePerSecond: 400,
    inFlight: 32,
  });
  for (let round = 0; round < 4; round += 1) {
    const goal = sensor.stats().acknowledged + 60;
    await eventually(() => sensor.stats().acknowledged >= goal, `60 more in round ${round}`);
    if (round % 2 === 0) {
      await broker.stop();
      await broker.start();
    } else {
      await external.close();
      external = await open(broker, take);
    }
  }
  const goal = sensor.stats().acknowledged + 60;
  await eventually(() => sensor.stats().acknowledged >= goal, "60 more at the end");
  await eventually(
    () =>
      presentedIn(journal)
        .slice(0, goal)
        .every(({ item }) => seen.has(item)),
    "every weighing",
  );
  await sensor.close();
  await external.close();
  await broker.close();
});

test("E2: a session that the broker forgot is told, because what it had for us is lost", async (t) => {
  const broker = await someBroker();
  const alarms: string[] = [];
  const external = await open(broker, async () => {}, { onAlarm: (sentence) => alarms.push(sentence) });
  await eventually(isOnline(external), "the subscription");
  await broker.stop();
  await eventually(() => !isOnline(external)(), "the end of the connection");
  broker.forget("tallystick-gw-1");
  await broker.start();
  await eventually(isOnline(external), "the next connection");
  t.is(alarms.length, 1);
  t.regex(alarms[0] ?? "", /has forgotten this gateway's session: what was published while it was away is lost$/);
  await external.close();
  await broker.close();
});

test("E1: a broker that is not there is said in one sentence, and found when it comes", async (t) => {
  const broker = await someBroker();
  await broker.stop();
  const external = await open(broker, async () => {});
  await eventually(() => stateOf(external)?.lastError !== null, "an error");
  t.is(stateOf(external)?.state, "connecting");
  t.is(
    stateOf(external)?.lastError,
    `the MQTT broker mqtt://127.0.0.1:${broker.port()} refuses the connection: start the broker or correct the port`,
  );
  await broker.start();
  await eventually(isOnline(external), "the broker");
  t.is(stateOf(external)?.lastError, null);
  await external.close();
  t.is(stateOf(external)?.state, "closed");
  await broker.close();
});

test("E4, E6: a wrong password and a topic that may not be read are said in one sentence", async (t) => {
  const broker = await someBroker({ users: { gateway: "right" }, unreadable: ["plant/scale"] });
  const place = { ...placeOf(broker.port()), login: { username: "gateway", password: "wrong" } };
  const wrong = await open(broker, async () => {}, { place });
  await eventually(() => stateOf(wrong)?.lastError !== null, "an error");
  t.regex(stateOf(wrong)?.lastError ?? "", /refuses the login: correct mqtt\.external\.user and its password file$/);
  await wrong.close();
  const right = { ...place, login: { username: "gateway", password: "right" } };
  const devices = [{ id: "m1", protocol: "senml-json", topic: "plant/scale" }];
  const external = await open(broker, async () => {}, { place: right, devices });
  await eventually(() => stateOf(external)?.lastError !== null, "an error");
  t.regex(
    stateOf(external)?.lastError ?? "",
    /does not let us subscribe to plant\/scale: give this user the right to read it$/,
  );
  await external.close();
  await broker.close();
});

test("E4: over TLS the broker proves who it is, and we do when it asks", async (t) => {
  const server = await certificateFor("broker", ["127.0.0.1"]);
  const stranger = await certificateFor("stranger", ["127.0.0.1"]);
  const us = await certificateFor("gateway", []);
  const tls = { cert: server.cert, key: server.key, ca: us.cert, requestCert: true, rejectUnauthorized: true };
  const broker = await someBroker({ tls });
  const items: string[] = [];
  const place = { ...placeOf(broker.port()), url: `mqtts://127.0.0.1:${broker.port()}`, ca: server.cert, identity: us };
  const external = await open(broker, async (_device, readings) => void items.push(itemOf(readings)), { place });
  await eventually(isOnline(external), "the subscription");
  const client = await connectAsync(
    place.url,
    { ca: server.cert, cert: us.cert, key: us.key, reconnectPeriod: 0 },
    false,
  );
  await client.publishAsync(topic, pack("A"), { qos: 1 });
  await eventually(() => items.length === 1, "a message");
  await client.endAsync(true);
  await external.close();
  const error = async (more: Partial<ExternalBrokerOptions["place"]>) => {
    const one = await open(broker, async () => {}, { place: { ...place, ...more } });
    await eventually(() => stateOf(one)?.lastError !== null, "an error");
    const sentence = stateOf(one)?.lastError ?? "";
    await one.close();
    return sentence;
  };
  t.regex(await error({ ca: stranger.cert }), /shows a certificate .*: name .* in mqtt\.external\.ca$/);
  t.regex(await error({ ca: null }), /shows a certificate .*: name .* in mqtt\.external\.ca$/);
  t.regex(await error({ url: `mqtts://localhost:${broker.port()}` }), /shows the certificate of another host/);
  t.regex(await error({ identity: stranger }), /^the MQTT broker mqtts:/);
  await broker.close();
});

const spark = {
  id: "sp-1",
  protocol: "sparkplug",
  settings: simulatedNodeSettings,
  address: { group: "dock", node: "line-1", device: "scale" },
};
const timing = { reorderMs: 200, rebirthMs: 300, graceMs: 200 };

test("SP15, Y1: a Sparkplug node on another broker is heard, keeps its data while the gateway is away, and nothing is doubled", async (t) => {
  const broker = await someBroker();
  const seen = new Map<string, number>();
  const take = async (_device: string, readings: readonly Reading[]) => {
    const item = itemOf(readings);
    seen.set(item, (seen.get(item) ?? 0) + 1);
  };
  const sparkplug = { hostId: "gw-1", timing, devices: [spark] };
  let external = await open(broker, take, { devices: [], sparkplug });
  const journal = journalPath();
  const node = startSparkplugNode({
    url: `mqtt://127.0.0.1:${broker.port()}`,
    username: "u",
    password: "p",
    ...spark.address,
    primaryHost: "gw-1",
    items: syntheticItems(2, 0),
    journal,
    ratePerSecond: 100,
  });
  await eventually(isOnline(external, "sp-1"), "its birth");
  for (let round = 0; round < 2; round += 1) {
    const goal = node.stats().published + 30;
    await eventually(() => node.stats().published >= goal, `30 more in round ${round}`);
    await external.close();
    const presented = node.stats().presented + 20;
    await eventually(() => node.stats().presented >= presented, "the belt goes on");
    external = await open(broker, take, { devices: [], sparkplug });
    await eventually(() => isOnline(external, "sp-1")() && node.stats().kept === 0, "its next birth");
  }
  const before = presentedIn(journal).length;
  await eventually(() => seen.size >= before, "all that was told");
  const diedAt = Date.now();
  await broker.stop();
  await eventually(() => stateOf(external, "sp-1")?.state === "silent", "the broker is gone");
  await broker.start();
  await eventually(() => isOnline(external, "sp-1")() && node.stats().kept === 0, "all are back");
  await node.close();
  // At QoS 0 nobody has what was on the wire when the broker died.
  const onTheWire = ({ at }: JournalLine): boolean => Math.abs(at - diedAt) < 300;
  await eventually(
    () => presentedIn(journal).every((line) => seen.has(line.item) || onTheWire(line)),
    "every weighing",
  );
  t.deepEqual(
    [...seen.values()].filter((times) => times > 1),
    [],
  );
  await external.close();
  await broker.close();
});

test("SP15: a host that dies without a word is offline by its will, and one that is called offline says that it is not", async (t) => {
  const broker = await someBroker();
  const said: string[] = [];
  const listener = await publisher(broker, { clientId: "listener" });
  listener.on("message", (_topic, payload) => said.push(payload.toString()));
  await listener.subscribeAsync("spBv1.0/STATE/gw-1", { qos: 1 });
  const external = await open(broker, async () => {}, {
    devices: [],
    sparkplug: { hostId: "gw-1", timing, devices: [spark] },
  });
  await eventually(() => said.length === 1, "its birth");
  const birth = JSON.parse(said[0] ?? "") as { online: boolean; timestamp: number };
  t.is(birth.online, true);
  await listener.publishAsync("spBv1.0/STATE/gw-1", JSON.stringify({ online: false, timestamp: 1 }), {
    qos: 1,
    retain: true,
  });
  await eventually(() => said.length === 3, "its answer");
  t.deepEqual(JSON.parse(said[2] ?? ""), birth);
  const before = said.length;
  broker.cut("tallystick-gw-1-sparkplug");
  await eventually(() => said.length >= before + 2, "its will and its next birth");
  t.deepEqual(
    JSON.parse(said[before] ?? ""),
    { online: false, timestamp: birth.timestamp },
    "will and birth carry one time",
  );
  await external.close();
  await eventually(() => said.at(-1)?.includes('"online":false') === true, "its farewell");
  await listener.endAsync(true);
  await broker.close();
});
