import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { type BrokerPlace, openExternalBroker, type Reading, startBroker, tryBroker } from "../../devices/index.ts";
import {
  type JournalLine,
  simulatedNodeSettings,
  startMqttSensor,
  startSparkplugNode,
  syntheticItems,
} from "../../firmware-sim/index.ts";
import { certificateFor } from "../devices/transports/certificates.ts";
import { eventually } from "../devices/transports/port.ts";
import { someBroker } from "../devices/transports/some-broker.ts";
import { mosquitto, mosquittoMissing } from "./mqtt/mosquitto.ts";

const run = promisify(execFile);
const pythonMissing = (): string => {
  const answer = spawnSync("python3", ["-c", "import paho.mqtt.client, pysparkplug, cbor2"]);
  return answer.status === 0 ? "" : "the Python packages of test/foreign/requirements.txt";
};
const python = async (script: string, options: object): Promise<readonly Record<string, unknown>[]> => {
  const { stdout } = await run("python3", [join(import.meta.dirname, "mqtt", script), JSON.stringify(options)]);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
};
const declare = (missing: string) => (missing === "" ? test : test.skip);
const needs = (missing: string) => (missing === "" ? "" : ` (skipped: needs ${missing})`);

/** By item: grams, stability and sides in mm, as the quantities of a frame say them. */
function noted(): {
  readonly seen: Map<string, string>;
  readonly take: (device: string, all: readonly Reading[]) => Promise<void>;
} {
  const seen = new Map<string, string>();
  return {
    seen,
    take: async (_device, readings) => {
      let item = "";
      let text = "";
      for (const { quantity } of readings) {
        if (quantity.kind === "item") item = quantity.item;
        if (quantity.kind === "mass")
          text += `${quantity.value.mantissa * 10 ** (quantity.value.exponent + 3)} g ${quantity.stability}`;
        if (quantity.kind === "dimensions")
          text += ` ${quantity.length.mantissa}x${quantity.width.mantissa}x${quantity.height.mantissa} mm`;
      }
      seen.set(item, text);
    },
  };
}
const expected = (prefix: string, count: number): ReadonlyMap<string, string> =>
  new Map(
    Array.from({ length: count }, (_, number) => [
      `${prefix}${String(number).padStart(6, "0")}`,
      `${1_000 + 5 * number} g stable 300x200x100 mm`,
    ]),
  );
const journalPath = () => join(mkdtempSync(join(tmpdir(), "tallystick-foreign-mqtt-")), "device.jsonl");
const linesOf = (journal: string): readonly JournalLine[] =>
  readFileSync(journal, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as JournalLine);

const withPython = pythonMissing();
for (const format of ["json", "cbor"] as const) {
  declare(withPython)(
    `B3: a sensor by paho-mqtt with ${format === "cbor" ? "cbor2" : "json"} of Python gets every PUBACK and is read to the digit${needs(withPython)}`,
    async (t) => {
      const { seen, take } = noted();
      const broker = await startBroker({
        host: "127.0.0.1",
        port: 0,
        devices: [{ id: "py", username: "py", password: "secret-py", protocol: `senml-${format}` }],
        onReadings: take,
      });
      const options = {
        port: broker.port,
        user: "py",
        password: "secret-py",
        topic: "tallystick/py/readings",
        format,
        version: 3,
        count: 200,
      };
      t.deepEqual(await python("sensor.py", options), [{ acknowledged: 200 }]);
      await broker.close();
      t.deepEqual(seen, expected("PY", 200));
    },
  );
}

declare(withPython)(
  `B8, SP7: an edge node by pysparkplug is born and weighs, by names and by aliases${needs(withPython)}`,
  async (t) => {
    const { seen, take } = noted();
    const address = { group: "dock", node: "line-1", device: "scale" };
    const broker = await startBroker({
      host: "127.0.0.1",
      port: 0,
      devices: [],
      sparkplug: {
        hostId: "gw-1",
        nodes: [{ group: "dock", node: "line-1", username: "dock/line-1", password: "secret-sp" }],
        devices: [{ id: "sp", protocol: "sparkplug", settings: simulatedNodeSettings, address }],
      },
      onReadings: take,
    });
    const said = await python("edge_node.py", {
      port: broker.port,
      user: "dock/line-1",
      password: "secret-sp",
      ...address,
      count: 300,
    });
    t.deepEqual(said, [{ born: true }, { published: 300 }]);
    t.deepEqual(seen, expected("SP", 300));
    t.is(broker.health()[0]?.state, "silent");
    t.is(broker.health()[0]?.refused, 0);
    await broker.close();
  },
);

declare(withPython)(
  `F19: the simulated edge node is understood by a host of paho-mqtt and pysparkplug, which it obeys${needs(withPython)}`,
  async (t) => {
    const broker = await someBroker();
    const journal = journalPath();
    const address = { group: "dock", node: "line-1", device: "scale" };
    const node = startSparkplugNode({
      url: `mqtt://127.0.0.1:${broker.port()}`,
      username: "u",
      password: "p",
      ...address,
      primaryHost: "py-host",
      items: syntheticItems(3, 0),
      journal,
      ratePerSecond: 50,
    });
    const heard = (await python("host.py", {
      port: broker.port(),
      hostId: "py-host",
      ...address,
      count: 60,
    })) as unknown as readonly {
      type: string;
      name: string;
      value: string | number | boolean | null;
    }[];
    await eventually(() => node.stats().kept > 0, "the host is gone, and the belt goes on");
    await node.close();
    await broker.close();
    t.is(
      heard.filter(({ type, name }) => type === "NBIRTH" && name === "bdSeq").length,
      2,
      "its birth, and the rebirth that the host asked for",
    );
    const items = heard.flatMap(({ type, name, value }) =>
      type === "DDATA" && name === "Weighing/Item" ? [value] : [],
    );
    const lines = linesOf(journal);
    t.true(items.length >= 60);
    t.deepEqual(
      items,
      lines.slice(0, items.length).map(({ item }) => item),
    );
    const masses = heard.flatMap(({ type, name, value }) =>
      type === "DDATA" && name === "Weighing/Mass" ? [value] : [],
    );
    const grams = new Set(lines.map((line) => (line.grams ?? 0) / 1000));
    t.true(masses.every((value) => grams.has(Number(value))));
  },
);

const withMosquitto = mosquittoMissing();
const devices = [{ id: "m1", protocol: "senml-cbor" }];
const users = { gateway: "its-password", m1: "sensor-password" };
const placeOn = (port: number, version: "3.1.1" | "5"): BrokerPlace => ({
  url: `mqtt://127.0.0.1:${port}`,
  version,
  clientId: "tallystick-gw-1",
  login: { username: "gateway", password: users.gateway },
  ca: null,
  identity: null,
});

for (const version of ["3.1.1", "5"] as const) {
  declare(withMosquitto)(
    `E1-E3: over Mosquitto with MQTT ${version} nothing is lost, whoever restarts${needs(withMosquitto)}`,
    async (t) => {
      t.timeout(60_000);
      const broker = await mosquitto(t, users, null);
      const { seen, take } = noted();
      const open = () => openExternalBroker({ place: placeOn(broker.port, version), devices, onReadings: take });
      let external = await open();
      await eventually(() => external.health()[0]?.state === "online", "the subscription");
      const journal = journalPath();
      const sensor = startMqttSensor({
        url: `mqtt://127.0.0.1:${broker.port}`,
        username: "m1",
        password: users.m1,
        device: "m1",
        protocol: "senml-cbor",
        items: syntheticItems(4, 0),
        journal,
        ratePerSecond: 300,
        inFlight: 64,
      });
      for (let round = 0; round < 4; round += 1) {
        const goal = sensor.stats().acknowledged + 150;
        await eventually(() => sensor.stats().acknowledged >= goal, `150 more in round ${round}`, 15_000);
        if (round % 2 === 0) {
          await broker.stop();
          await broker.start();
        } else {
          await external.close();
          await eventually(
            () => sensor.stats().acknowledged >= goal + 100,
            "the broker keeps a hundred for us",
            15_000,
          );
          external = await open();
        }
      }
      const goal = sensor.stats().acknowledged + 150;
      await eventually(() => sensor.stats().acknowledged >= goal, "150 more at the end", 15_000);
      await sensor.close();
      const done = new Set(readFileSync(`${journal}.done`, "utf8").trim().split("\n").map(Number));
      const taken = linesOf(journal).filter((_, number) => done.has(number));
      t.true(taken.length >= 750);
      await eventually(() => taken.every(({ item }) => seen.has(item)), "every weighing that was acknowledged", 15_000);
      for (const { item, grams, mm } of taken) t.is(seen.get(item), `${grams} g stable ${mm?.join("x")} mm`);
      await external.close();
    },
  );
}

declare(withMosquitto)(
  `E4: Mosquitto over TLS with certificates on both sides, MQTT 5${needs(withMosquitto)}`,
  async (t) => {
    const server = await certificateFor("broker", ["127.0.0.1"]);
    const us = await certificateFor("gateway", []);
    const broker = await mosquitto(t, users, { ...server, clients: us.cert });
    const place = {
      ...placeOn(broker.port, "5"),
      url: `mqtts://127.0.0.1:${broker.port}`,
      ca: server.cert,
      identity: us,
    };
    t.is(await tryBroker(place, ["tallystick/m1/readings"]), null);
    t.regex(
      (await tryBroker({ ...place, ca: us.cert }, [])) ?? "",
      /shows a certificate .*: name .* in mqtt\.external\.ca$/,
    );
    t.regex(
      (await tryBroker({ ...place, login: { username: "gateway", password: "wrong" } }, [])) ?? "",
      /refuses the login/,
    );
    t.regex((await tryBroker({ ...place, identity: null }, [])) ?? "", /^the MQTT broker mqtts:/);
  },
);

declare(withMosquitto)(
  `SP15, E7: a Sparkplug node on Mosquitto with MQTT 5 keeps its data while its host is away${needs(withMosquitto)}`,
  async (t) => {
    const broker = await mosquitto(t, users, null);
    const { seen, take } = noted();
    const address = { group: "dock", node: "line-1", device: "scale" };
    const sparkplug = {
      hostId: "gw-1",
      devices: [{ id: "sp", protocol: "sparkplug", settings: simulatedNodeSettings, address }],
    };
    const open = () =>
      openExternalBroker({ place: placeOn(broker.port, "5"), devices: [], sparkplug, onReadings: take });
    let external = await open();
    const journal = journalPath();
    const node = startSparkplugNode({
      url: `mqtt://127.0.0.1:${broker.port}`,
      username: "m1",
      password: users.m1,
      ...address,
      primaryHost: "gw-1",
      items: syntheticItems(5, 0),
      journal,
      ratePerSecond: 100,
    });
    await eventually(() => seen.size >= 30, "weighings");
    await external.close();
    await eventually(() => node.stats().kept >= 20, "twenty are kept");
    external = await open();
    await eventually(() => node.stats().kept === 0 && seen.size >= 100, "they are told");
    await node.close();
    await eventually(() => linesOf(journal).every(({ item }) => seen.has(item)), "every weighing");
    for (const { item, grams, mm } of linesOf(journal)) t.is(seen.get(item), `${grams} g stable ${mm?.join("x")} mm`);
    await external.close();
  },
);
