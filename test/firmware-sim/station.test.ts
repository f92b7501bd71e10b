import test from "ava";
import { openDevice, type Reading } from "../../devices/index.ts";
import { startDimensioner, startScale, startStation, syntheticItems } from "../../firmware-sim/index.ts";
import { eventually, freePort } from "../devices/transports/port.ts";

test("F11: a host that connects while an item stands there gets its telegram again", async (t) => {
  const port = await freePort();
  const dimensioner = await startDimensioner({ line: { kind: "tcp", port } });
  dimensioner.present({ item: "BOX1", mm: [300, 200, 100] });
  for (let round = 0; round < 2; round++) {
    const items: string[] = [];
    const device = openDevice(
      { id: "d1", protocol: "sick", transport: { kind: "tcp", host: "127.0.0.1", port } },
      {
        readings: (readings) => {
          for (const { quantity } of readings) if (quantity.kind === "item") items.push(quantity.item);
        },
        status: () => {},
        health: () => {},
      },
    );
    await eventually(() => items.length === 1, `the telegram in round ${round}`);
    t.deepEqual(items, ["BOX1"]);
    await device.close();
    await eventually(() => dimensioner.deliveredAtMs() === null, "the host has left");
  }
  t.is(dimensioner.stats().telegrams, 2);
  await dimensioner.close();
});

test("F10, F12: a station with network devices shows a host what it journals", async (t) => {
  const [scalePort, dimensionerPort] = [await freePort(), await freePort()];
  const items = syntheticItems(3, 1);
  const station = await startStation({
    items: (number) => (number < 2 ? items(number) : null),
    journal: null,
    ratePerSecond: 10,
    dwellMs: 200,
    scale: (start) => startScale({ ...start, line: { kind: "tcp", port: scalePort }, divisionGrams: 10 }),
    dimensioner: () => startDimensioner({ line: { kind: "tcp", port: dimensionerPort } }),
  });
  const readings: Reading[] = [];
  const events = { readings: (all: readonly Reading[]) => readings.push(...all), status: () => {}, health: () => {} };
  const open = (protocol: string, port: number) =>
    openDevice(
      { id: protocol, protocol, transport: { kind: "tcp", host: "127.0.0.1", port }, timing: { pollMs: 20 } },
      events,
    );
  const devices = [open("mt-sics", scalePort), open("sick", dimensionerPort)];
  await eventually(() => station.stats().removed === 2, "both items are done");
  for (const device of devices) await device.close();
  await station.close();
  for (const number of [0, 1]) {
    const truth = items(number);
    const grams = Math.round((truth?.grams ?? 0) / 10) * 10;
    t.true(
      readings.some(
        ({ quantity }) =>
          quantity.kind === "mass" && quantity.stability === "stable" && quantity.value.mantissa === grams,
      ),
    );
    t.true(readings.some(({ quantity }) => quantity.kind === "item" && quantity.item === truth?.item));
    t.true(
      readings.some(({ quantity }) => quantity.kind === "dimensions" && quantity.length.mantissa === truth?.mm[0]),
    );
  }
  t.is(station.stats().presented, 2);
});
