import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { openDevice, type Reading, startBroker } from "../../devices/index.ts";
import { type DeviceOptions, deviceUsage, parseDeviceArguments, runDevice } from "../../firmware-sim/index.ts";
import { simulatedDevices } from "../../firmware-sim/catalogue.ts";
import { faultNames } from "../../firmware-sim/faults/index.ts";
import { eventually, freePort } from "../devices/transports/port.ts";

const folder = mkdtempSync(join(tmpdir(), "tallystick-device-"));
const refusal = (line: string) => {
  const parsed = parseDeviceArguments(line.split(" "));
  return parsed.kind === "usage" ? parsed.reason : "accepted";
};
function accepted(line: string): DeviceOptions {
  const parsed = parseDeviceArguments(line.split(" "));
  if (parsed.kind === "usage") throw new Error(parsed.reason);
  return parsed.options;
}
const items = (readings: readonly Reading[]) =>
  readings.flatMap(({ quantity }) => (quantity.kind === "item" ? [quantity.item] : []));

test("usage errors say what is wrong", (t) => {
  t.regex(refusal("abacus --tcp 4001"), /^protocol "abacus" is not known: use .*\bmt-sics, .*senml-json/);
  t.is(refusal("mt-sics"), "give exactly one of --pty LINK, --tcp PORT, --fifo PATH, --mqtt URL");
  t.is(refusal("mt-sics --tcp 1 --pty x"), "give exactly one of --pty LINK, --tcp PORT, --fifo PATH, --mqtt URL");
  t.is(refusal("mt-sics --mqtt mqtt://u:p@h:1"), "mt-sics: give --pty LINK, --tcp PORT or --fifo PATH");
  t.is(refusal("sick --tcp 70000"), "sick: --tcp wants a port, 1 to 65535");
  t.is(refusal("sick --tcp"), "--tcp wants a value");
  t.is(refusal("sick --speed 9"), 'option "--speed" is not known');
  t.is(refusal("sick --tcp 4001 --rate 0"), "--rate wants a number above 0");
  t.is(refusal("sick --tcp 4001 --seed x"), "--seed wants a whole number");
  t.is(refusal("senml-json --mqtt mqtt://u:p@h:1"), "senml-json wants --id, the device's name in its topic");
  t.is(refusal("senml-json --id m1 --mqtt mqtt://h:1"), "--mqtt wants mqtt://USER:PASSWORD@HOST:PORT");
  t.is(refusal("senml-json --id m1 --tcp 4001"), "--mqtt wants mqtt://USER:PASSWORD@HOST:PORT");
  t.is(refusal("senml-json --id M_1 --mqtt mqtt://u:p@h:1"), "--id wants 1 to 32 of a-z, 0-9 and -");
  t.regex(
    refusal("senml-json --id m1 --mqtt mqtt://u:p@h:1 --fault split=1"),
    /^fault "split=1" happens to bytes on a line .* with --mqtt use slow, duplicate/,
  );
  t.regex(refusal("sick --tcp 4001 --fault rust=1"), /^fault "rust=1" is not known: use split=BYTES, /);
  for (const fault of ["split=0", "noise=2", "noise=", "silence=1", "unplug=1/0", "baud=9600", "flood=1/2/3"]) {
    const [name = ""] = fault.split("=");
    t.regex(refusal(`sick --tcp 4001 --fault ${fault}`), new RegExp(`^fault "${fault}" wants ${name}=[A-Z]`));
  }
});

test("the usage names every protocol, place and option", (t) => {
  const words = ["--pty", "--tcp", "--mqtt", "--script", "--fault", "--journal", "--id", "--rate", "--seed"];
  for (const word of [...words, ...simulatedDevices.keys(), ...faultNames.map((name) => `${name}=`)]) {
    t.true(deviceUsage.includes(word), word);
  }
});

test("the command line of the documentation is accepted", (t) => {
  const options = accepted("mt-sics --pty /tmp/s --fault split=1 --fault noise=0.01 --journal /tmp/j --rate 2");
  t.like(options, {
    protocol: "mt-sics",
    id: "mt-sics",
    ratePerSecond: 2,
    line: { kind: "pty", link: "/tmp/s" },
  });
  const mqtt = accepted("senml-json --id m1 --mqtt mqtt://us%40er:p%3Aw@host:1883");
  t.like(mqtt, { mqtt: { url: "mqtt://host:1883", username: "us@er", password: "p:w" } });
});

test("F9: a scale behind split and noisy bytes is read right, and the noise is counted", async (t) => {
  const link = join(folder, "scale");
  const journal = join(folder, "scale.jsonl");
  const running = await runDevice(
    accepted(`mt-sics --pty ${link} --rate 5 --journal ${journal} --fault split=3 --fault noise=0.2`),
  );
  const masses = new Set<number>();
  const device = openDevice(
    {
      id: "s1",
      protocol: "mt-sics",
      transport: { kind: "serial", path: link },
      timing: { pollMs: 30, replyTimeoutMs: 80 },
    },
    {
      readings: ([reading]) => {
        const quantity = reading?.quantity;
        if (quantity?.kind === "mass" && quantity.stability === "stable") masses.add(quantity.value.mantissa);
      },
      status: () => {},
      health: () => {},
    },
  );
  await eventually(() => running.stats().finished >= 2, "two items weighed", 15_000);
  await device.close();
  await running.close();
  const { refused, noiseBytes } = device.health();
  t.true(refused + noiseBytes > 0);
  const lines = readFileSync(journal, "utf8").trimEnd().split("\n").slice(0, 2);
  for (const line of lines) t.true(masses.has((JSON.parse(line) as { grams: number }).grams), line);
});

test("F9: a dimensioner that is unplugged again and again loses nothing", async (t) => {
  const journal = join(folder, "dims.jsonl");
  const port = await freePort();
  const running = await runDevice(
    accepted(`sick --tcp ${port} --rate 5 --journal ${journal} --fault unplug=0.9/0.2 --fault silence=0.7/0.1`),
  );
  const readings: Reading[] = [];
  const device = openDevice(
    { id: "d1", protocol: "sick", transport: { kind: "tcp", host: "127.0.0.1", port } },
    { readings: (all) => readings.push(...all), status: () => {}, health: () => {} },
  );
  await eventually(() => running.stats().finished >= 3, "three items measured", 20_000);
  await device.close();
  await running.close();
  const presented = readFileSync(journal, "utf8").trimEnd().split("\n").slice(0, 3);
  const seen = new Set(items(readings));
  for (const line of presented) t.true(seen.has((JSON.parse(line) as { item: string }).item), line);
});

test("F14: a sensor publishes its script, one item after the other's PUBACK", async (t) => {
  const seen: string[] = [];
  let running = 0;
  const broker = await startBroker({
    host: "127.0.0.1",
    port: 0,
    devices: [{ id: "m1", username: "u", password: "p", protocol: "senml-json" }],
    onReadings: async (_device, readings) => {
      running += 1;
      t.is(running, 1);
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
      running -= 1;
      seen.push(...items(readings));
    },
  });
  const sensor = await runDevice(accepted(`senml-json --id m1 --mqtt mqtt://u:p@127.0.0.1:${broker.port} --rate 100`));
  await eventually(() => sensor.stats().finished >= 5, "five acknowledged");
  await sensor.close();
  await broker.close();
  t.is(new Set(seen).size, seen.length);
});
