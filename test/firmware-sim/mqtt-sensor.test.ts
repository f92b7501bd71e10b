import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { type Broker, type Reading, startBroker } from "../../devices/index.ts";
import { type JournalLine, startMqttSensor, syntheticItems } from "../../firmware-sim/index.ts";
import { eventually } from "../devices/transports/port.ts";

const journalPath = () => join(mkdtempSync(join(tmpdir(), "tallystick-sensor-")), "m1.jsonl");
const startOn = (port: number, onReadings: (readings: readonly Reading[]) => Promise<void>): Promise<Broker> =>
  startBroker({
    host: "127.0.0.1",
    port,
    devices: [{ id: "m1", username: "u", password: "p", protocol: "senml-json" }],
    onReadings: (_device, readings) => onReadings(readings),
  });
const sensorOn = (port: number, journal: string, more: { ratePerSecond?: number; inFlight?: number } = {}) =>
  startMqttSensor({
    url: `mqtt://127.0.0.1:${port}`,
    username: "u",
    password: "p",
    device: "m1",
    items: syntheticItems(1, 0),
    journal,
    ratePerSecond: 100,
    ...more,
  });
const frameOf = ([reading]: readonly Reading[]) => Buffer.from(reading?.frame ?? []).toString();
const presentedIn = (journal: string) =>
  readFileSync(journal, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as JournalLine);

test("F14: what was not acknowledged is sent again, byte for byte, over a new connection and by a new process", async (t) => {
  const journal = journalPath();
  const frames: string[] = [];
  let accepting = false;
  const broker = await startOn(0, async (readings) => {
    frames.push(frameOf(readings));
    if (!accepting) throw new Error("not now");
  });
  const first = sensorOn(broker.port, journal);
  await eventually(() => frames.length >= 3, "three tries");
  await first.close();
  const tries = frames.length;
  t.is(new Set(frames).size, 1);
  accepting = true;
  const second = sensorOn(broker.port, journal);
  await eventually(() => second.stats().acknowledged >= 3, "three acknowledged");
  await second.close();
  await broker.close();
  t.is(frames[tries], frames[0]);
  t.is(presentedIn(journal)[0]?.item, syntheticItems(1, 0)(0)?.item);
});

test("F14: a broker that dies and comes back gets every weighing, and the very same bytes for each", async (t) => {
  const journal = journalPath();
  const seen = new Map<string, string>();
  const take = async (readings: readonly Reading[]) => {
    for (const { quantity } of readings) {
      if (quantity.kind !== "item") continue;
      const frame = frameOf(readings);
      t.is(seen.get(quantity.item) ?? frame, frame);
      seen.set(quantity.item, frame);
    }
  };
  let broker = await startOn(0, take);
  const { port } = broker;
  const sensor = sensorOn(port, journal, { ratePerSecond: 400, inFlight: 32 });
  for (let round = 0; round < 3; round++) {
    const goal = sensor.stats().acknowledged + 60;
    await eventually(() => sensor.stats().acknowledged >= goal, `60 more in round ${round}`);
    await broker.close();
    broker = await startOn(port, take);
  }
  await eventually(() => sensor.stats().connects >= 4, "the last reconnect");
  const goal = sensor.stats().acknowledged + 60;
  await eventually(() => sensor.stats().acknowledged >= goal, "60 more at the end");
  await sensor.close();
  const reopened = sensorOn(port, journal, { ratePerSecond: 0.001 });
  await eventually(() => presentedIn(journal).every(({ item }) => seen.has(item)), "the rest after a restart");
  await reopened.close();
  await broker.close();
  t.is(seen.size, presentedIn(journal).length);
});

test("F14: a window of weighings in flight reaches at least 500 a second", async (t) => {
  const broker = await startOn(
    0,
    () =>
      new Promise((resolve) => {
        // A group commit.
        setTimeout(resolve, 10);
      }),
  );
  const sensor = sensorOn(broker.port, journalPath(), { ratePerSecond: 0, inFlight: 64 });
  await eventually(() => sensor.stats().acknowledged > 0, "the first acknowledgement");
  const startMs = performance.now();
  const before = sensor.stats().acknowledged;
  await eventually(() => sensor.stats().acknowledged >= before + 1_000, "1000 acknowledged", 10_000);
  const perSecond = 1_000_000 / (performance.now() - startMs);
  t.log(`${Math.round(perSecond)} a second`);
  t.true(perSecond >= 500);
  await sensor.close();
  await broker.close();
});

test("F14: in CBOR, too, the gateway reads what the journal says, with every zero of the display", async (t) => {
  const journal = journalPath();
  const read = new Map<string, readonly Reading[]>();
  const broker = await startBroker({
    host: "127.0.0.1",
    port: 0,
    devices: [{ id: "m1", username: "u", password: "p", protocol: "senml-cbor" }],
    onReadings: async (_device, readings) => {
      for (const { quantity } of readings) if (quantity.kind === "item") read.set(quantity.item, readings);
    },
  });
  const sensor = startMqttSensor({
    url: `mqtt://127.0.0.1:${broker.port}`,
    username: "u",
    password: "p",
    device: "m1",
    protocol: "senml-cbor",
    items: syntheticItems(1, 0),
    journal,
    ratePerSecond: 200,
  });
  await eventually(() => sensor.stats().acknowledged >= 20, "twenty acknowledged");
  await sensor.close();
  await broker.close();
  for (const { item, grams = 0, mm = [0, 0, 0] } of presentedIn(journal).slice(0, 20)) {
    const quantities = read.get(item)?.map(({ quantity }) => quantity) ?? [];
    const mass = quantities.find(({ kind }) => kind === "mass");
    const dimensions = quantities.find(({ kind }) => kind === "dimensions");
    t.like(mass, { value: { mantissa: grams, exponent: -3 }, unit: "kg", stability: "stable" });
    t.like(dimensions, { length: { mantissa: mm[0], exponent: -3 }, height: { mantissa: mm[2], exponent: -3 } });
  }
});
