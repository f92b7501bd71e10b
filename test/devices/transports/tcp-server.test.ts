import { once } from "node:events";
import { connect, type Socket } from "node:net";
import test from "ava";
import { type DeviceHealth, type DeviceSettings, openDevice, type Reading } from "../../../devices/index.ts";
import { encodeLine } from "../../../devices/protocols/mt-sics/index.ts";
import { encodeTelegram } from "../../../devices/protocols/sick/index.ts";
import { eventually, freePort } from "./port.ts";

const telegram = (barcode: string) =>
  encodeTelegram({
    objectNumber: "0001",
    barcode,
    weight: "000000000",
    weightUnit: "g",
    scaleError: "1",
    length: "0100",
    width: "0050",
    height: "0020",
    lengthUnit: "mm",
    status: "0000",
    volume: "0100000",
  });

function listen(port: number, protocol: string, more: Partial<DeviceSettings> = {}) {
  const readings: Reading[] = [];
  const told: DeviceHealth[] = [];
  const device = openDevice(
    { id: "d1", protocol, transport: { kind: "tcp-server", host: "127.0.0.1", port }, ...more },
    { readings: (all) => readings.push(...all), status: () => {}, health: (health) => told.push(health) },
  );
  const items = () => readings.flatMap(({ quantity }) => (quantity.kind === "item" ? [quantity.item] : []));
  return { device, readings, told, items };
}

/** Dials until somebody listens. */
async function dial(port: number): Promise<Socket> {
  for (;;) {
    const socket = connect({ host: "127.0.0.1", port });
    const came = await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "error").then(() => false),
    ]).catch(() => false);
    if (came) return socket.on("error", () => {});
  }
}

test("T8, D8: a dimensioner that dials in for every telegram loses none and raises no alarm", async (t) => {
  const port = await freePort();
  const { device, items, told } = listen(port, "sick");
  for (let number = 1; number <= 5; number++) (await dial(port)).end(telegram(`BOX${number}`));
  await eventually(() => items().length === 5, "five telegrams");
  t.deepEqual(items(), ["BOX1", "BOX2", "BOX3", "BOX4", "BOX5"]);
  t.deepEqual(
    told.map(({ state }) => state),
    ["online"],
  );
  t.regex(device.health().place ?? "", /^127\.0\.0\.1 on port \d+$/);
  await device.close();
});

test("T8: a scale that restarts and dials in anew replaces its dead connection", async (t) => {
  const port = await freePort();
  const { device, readings } = listen(port, "mt-sics");
  const answer = (socket: Socket, serial: string, grams: number) =>
    socket.on("data", (bytes: Uint8Array) =>
      socket.write(encodeLine(bytes.includes(0x34) ? `I4 A "${serial}"` : `S S ${String(grams).padStart(10)} g`)),
    );
  answer(await dial(port), "7", 100);
  await eventually(() => readings.length > 0, "the first readings");
  answer(await dial(port), "7", 200);
  const mantissas = () => readings.map(({ quantity }) => (quantity.kind === "mass" ? quantity.value.mantissa : 0));
  await eventually(() => mantissas().includes(200), "readings of the new connection");
  t.is(device.health().state, "online");
  await device.close();
});

test("T8: only the named address may dial in", async (t) => {
  const port = await freePort();
  const { device, items } = listen(port, "sick", {
    transport: { kind: "tcp-server", host: "127.0.0.1", port, from: "192.0.2.7" },
  });
  const socket = await dial(port);
  await once(socket, "close");
  t.deepEqual(items(), []);
  await device.close();
});

test("D8: a scale that does not dial in says where it should", async (t) => {
  const port = await freePort();
  const { device } = listen(port, "mt-sics", { timing: { silentAfterMs: 100 } });
  await eventually(() => device.health().lastError !== null, "an error");
  t.is(
    device.health().lastError,
    `device d1 has not dialled in on 127.0.0.1:${port}: check its power and the address that it dials`,
  );
  await device.close();
});

test("T8: a port that another program has says so, and is taken when it is free; a closed device frees its own", async (t) => {
  const port = await freePort();
  const first = listen(port, "sick");
  (await dial(port)).end(telegram("A"));
  await eventually(() => first.items().length === 1, "the first listens");
  const second = listen(port, "sick");
  await eventually(
    () => (second.device.health().lastError ?? "").includes("another program listens there"),
    "a busy port",
  );
  await first.device.close();
  (await dial(port)).end(telegram("B"));
  await eventually(() => second.items().length === 1, "the second listens");
  t.pass();
  await second.device.close();
});
