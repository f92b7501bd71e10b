import test from "ava";
import { connect, connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { type Broker, type BrokerOptions, type Reading, startBroker } from "../../../devices/index.ts";
import { encodePack } from "../../../devices/protocols/senml-json/index.ts";
import { eventually } from "./port.ts";

const devices = [
  { id: "m1", username: "user-1", password: "secret-1", protocol: "senml-json" },
  { id: "m2", username: "user-2", password: "secret-2", protocol: "senml-json" },
];
const madeAt = Date.now();
const pack = (item: string, atMs = madeAt) =>
  `[{"bn":"urn:dev:ops:32473-x:","bt":${(atMs / 1000).toFixed(3)},"n":"item","vs":"${item}"}]`;
const topic = "tallystick/m1/readings";

const start = (onReadings: BrokerOptions["onReadings"], more: Partial<BrokerOptions> = {}): Promise<Broker> =>
  startBroker({ host: "127.0.0.1", port: 0, devices, onReadings, ...more });
const urlOf = (broker: Broker): string => `mqtt://127.0.0.1:${broker.port}`;
const login = (more: IClientOptions): IClientOptions => ({
  username: "user-1",
  password: "secret-1",
  clientId: "m1",
  reconnectPeriod: 0,
  ...more,
});
const clientOf = (broker: Broker, more: IClientOptions = {}): Promise<MqttClient> =>
  connectAsync(urlOf(broker), login(more), false);
const pause = (ms: number) =>
  new Promise<void>((resolve) => {
    setTimeout(resolve, ms);
  });
const health = (broker: Broker, device: string) => broker.health().find((entry) => entry.device === device);

test("B3: the PUBACK waits until the handler has resolved", async (t) => {
  const gate = Promise.withResolvers<void>();
  let handled: readonly Reading[] = [];
  const broker = await start(async (_device, readings) => {
    handled = readings;
    await gate.promise;
  });
  const client = await clientOf(broker);
  let acknowledged = false;
  const publishing = client.publishAsync(topic, pack("A"), { qos: 1 }).then(() => {
    acknowledged = true;
  });
  await eventually(() => handled.length === 1, "the handler runs");
  await pause(200);
  t.false(acknowledged);
  gate.resolve();
  await publishing;
  t.deepEqual(handled[0]?.quantity, { kind: "item", item: "A" });
  t.is(handled[0]?.device, "m1");
  t.is(Buffer.from(handled[0]?.frame ?? []).toString(), pack("A"));
  await client.endAsync(true);
  await broker.close();
});

test("B3: a failed handler gives no PUBACK, and the device sends again", async (t) => {
  let calls = 0;
  const broker = await start(async () => {
    calls += 1;
    if (calls === 1) throw new Error("the disk budget is reached");
  });
  const client = await clientOf(broker, { reconnectPeriod: 50 });
  let closes = 0;
  client.on("close", () => {
    closes += 1;
  });
  await client.publishAsync(topic, pack("A"), { qos: 1 });
  t.is(calls, 2);
  t.is(closes, 1);
  await client.endAsync(true);
  await broker.close();
});

test("B3: a failed handler is the device's last error until it is back", async (t) => {
  const broker = await start(() => Promise.reject(new Error("the disk budget is reached")));
  const client = await clientOf(broker);
  client.publish(topic, pack("A"), { qos: 1 });
  await eventually(() => health(broker, "m1")?.state === "connecting", "the device is disconnected");
  t.is(health(broker, "m1")?.lastError, "device m1 was disconnected: the disk budget is reached");
  await client.endAsync(true);
  await broker.close();
});

test("B3: many messages in flight are handled side by side and each acknowledged", async (t) => {
  let running = 0;
  let most = 0;
  const items = new Set<string>();
  const broker = await start(async (_device, [reading]) => {
    running += 1;
    most = Math.max(most, running);
    await pause(10);
    running -= 1;
    if (reading?.quantity.kind === "item") items.add(reading.quantity.item);
  });
  const client = await clientOf(broker);
  await Promise.all(
    Array.from({ length: 500 }, (_, index) => client.publishAsync(topic, pack(`I${index}`), { qos: 1 })),
  );
  t.is(items.size, 500);
  t.true(most > 10);
  await client.endAsync(true);
  await broker.close();
});

test("B7: a part of a weighing that was made long before it came is refused, a whole weighing is not", async (t) => {
  const taken: string[] = [];
  const broker = await start(async (_device, readings) => {
    for (const { quantity } of readings) taken.push(quantity.kind);
  });
  const client = await clientOf(broker);
  const atMs = Date.now() - 60_000;
  await client.publishAsync(topic, pack("A", atMs), { qos: 1 });
  await client.publishAsync(topic, pack("A", Date.now() + 60_000), { qos: 1 });
  t.deepEqual(taken, []);
  t.is(health(broker, "m1")?.refused, 2);
  t.regex(health(broker, "m1")?.lastBad[0]?.reason ?? "", /6\d s before its reception/);
  const side = { mantissa: 3, exponent: -1 };
  const whole = encodePack({
    baseName: "urn:dev:ops:32473-x:",
    atMs,
    item: "A",
    net: { value: { mantissa: 5, exponent: 0 }, unit: "kg", stable: true },
    dimensions: { length: side, width: side, height: side, unit: "m" },
  });
  await client.publishAsync(topic, Buffer.from(whole), { qos: 1 });
  t.deepEqual(taken.sort(), ["dimensions", "item", "mass"]);
  await client.endAsync(true);
  await broker.close();
});

test("B3: a message that no repetition can mend is counted and acknowledged", async (t) => {
  const broker = await start(() => Promise.reject(new Error("never called")));
  const client = await clientOf(broker);
  await client.publishAsync(topic, '[{"n":"net","u":"stone","v":1}]', { qos: 1 });
  t.like(health(broker, "m1"), { refused: 1, frames: 0, state: "online" });
  t.is(health(broker, "m1")?.lastBad[0]?.reason, 'unit "stone" of net is not known');
  await client.endAsync(true);
  await broker.close();
});

test("B1: nobody enters without the right password", async (t) => {
  const broker = await start(async () => {});
  const attempts: readonly IClientOptions[] = [
    { username: "user-1", password: "secret-2" },
    { username: "nobody", password: "" },
    { username: "nobody", password: "secret-1" },
    { username: "", password: "" },
  ];
  for (const attempt of attempts) {
    await t.throwsAsync(clientOf(broker, attempt), { message: /Not authorized|Connection refused/ }, attempt.username);
  }
  await t.throwsAsync(connectAsync(urlOf(broker), { reconnectPeriod: 0 }, false), { message: /Not authorized/ });
  await broker.close();
});

test("B2: a device cannot take the client id of another and push it off", async (t) => {
  const broker = await start(async () => {});
  const client = await clientOf(broker);
  const thief = { username: "user-2", password: "secret-2", clientId: "m1" };
  await t.throwsAsync(clientOf(broker, thief), { message: /Not authorized/ });
  t.true(client.connected);
  const second = await clientOf(broker, { clientId: "m1:bench" });
  t.true(second.connected && client.connected);
  await Promise.all([client.endAsync(true), second.endAsync(true)]);
  await broker.close();
});

test("B4: a device publishes to its own topic only, and hears nothing", async (t) => {
  const handled: string[] = [];
  const broker = await start(async (device) => {
    handled.push(device);
  });
  const client = await clientOf(broker);
  const granted = await client.subscribeAsync("#", { qos: 1 }).catch((error: unknown) => error);
  t.true(granted instanceof Error || (Array.isArray(granted) && granted.every(({ qos }) => qos === 128)));
  client.publish("tallystick/m2/readings", pack("A"), { qos: 1 });
  await eventually(() => !client.connected, "the trespasser is disconnected");
  t.deepEqual(handled, []);
  t.regex(health(broker, "m1")?.lastError ?? "", /may publish to tallystick\/m1\/readings only/);
  t.is(health(broker, "m2")?.lastError, null);
  await client.endAsync(true);
  await broker.close();
});

test("B5: a message larger than a frame may be ends the connection before it is buffered", async (t) => {
  let handled = 0;
  const broker = await start(async () => {
    handled += 1;
  });
  const client = await clientOf(broker);
  client.publish(topic, Buffer.alloc(2_000_000), { qos: 1 });
  await eventually(() => !client.connected, "disconnected");
  t.is(handled, 0);
  await client.endAsync(true);
  await broker.close();
});

test("B5: more connections than allowed are turned away, and admitted when there is room", async (t) => {
  const broker = await start(async () => {}, { maxConnections: 1 });
  const first = await clientOf(broker);
  await t.throwsAsync(clientOf(broker, { clientId: "m1:2", connectTimeout: 1_000 }));
  await first.endAsync(true);
  await pause(50);
  const second = await clientOf(broker);
  t.true(second.connected);
  await second.endAsync(true);
  await broker.close();
});

test("B6: a will is refused: it would be a reading that nobody made", async (t) => {
  let handled = 0;
  const broker = await start(async () => {
    handled += 1;
  });
  const will = { topic, payload: Buffer.from(pack("A")), qos: 1 as const, retain: false };
  const client = connect(urlOf(broker), login({ will }));
  let connected = false;
  client.on("connect", () => {
    connected = true;
  });
  const closed = Promise.withResolvers<void>();
  client.on("close", () => closed.resolve());
  client.on("error", () => {});
  await closed.promise;
  await client.endAsync(true);
  t.false(connected);
  t.is(handled, 0);
  await broker.close();
});
