import test from "ava";
import { openDevice, type DeviceHealth, type Reading } from "../../devices/index.ts";
import { encodeLine } from "../../devices/protocols/mt-sics/index.ts";
import { encodeTelegram } from "../../devices/protocols/sick/index.ts";
import { eventually, tcpPeer } from "./transports/port.ts";

const telegram = encodeTelegram({
  objectNumber: "0001",
  barcode: "BOX1",
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

/** Opens a device on a local port and collects everything it says. */
function collect(port: number, protocol: string, more: Partial<Parameters<typeof openDevice>[0]> = {}) {
  const readings: Reading[] = [];
  const statuses: string[] = [];
  const states: DeviceHealth[] = [];
  const device = openDevice(
    { id: "d1", protocol, transport: { kind: "tcp", host: "127.0.0.1", port }, ...more },
    {
      readings: (all) => readings.push(...all),
      status: ({ status }) => statuses.push(status),
      health: (health) => states.push(health),
    },
  );
  return { device, readings, statuses, states };
}

test("D1: one telegram gives all its readings, with the same raw bytes", async (t) => {
  const peer = await tcpPeer((socket) => socket.write(telegram));
  const { device, readings } = collect(peer.port, "sick");
  await eventually(() => readings.length === 2, "two readings");
  t.deepEqual(
    readings.map(({ quantity }) => quantity.kind),
    ["item", "dimensions"],
  );
  for (const { frame } of readings) t.deepEqual(Buffer.from(frame), Buffer.from(telegram));
  for (const { flags } of readings) t.deepEqual(flags, []);
  t.is(device.health().state, "online");
  t.is(device.health().frames, 1);
  await device.close();
  t.is(device.health().state, "closed");
  await peer.close();
});

test("D2: a device that comes back is found again, and says so in between", async (t) => {
  const first = await tcpPeer((socket) => socket.write(telegram));
  const { device, readings, states } = collect(first.port, "sick");
  await eventually(() => readings.length === 2, "the first telegram");
  await first.close();
  await eventually(() => (device.health().lastError ?? "").includes("refuses the connection"), "a refused connection");
  t.is(device.health().state, "connecting");
  const second = await tcpPeer((socket) => socket.write(telegram), first.port);
  await eventually(() => readings.length === 4, "the second telegram");
  t.is(device.health().lastError, null);
  t.true(states.length >= 3);
  await device.close();
  await second.close();
});

test("D3: refused frames and noise are counted and kept, the last ten of them", async (t) => {
  const bad = Buffer.concat([Buffer.from("zz"), telegram.map((byte) => (byte === 0x6d ? 0x71 : byte))]);
  const peer = await tcpPeer((socket) => {
    for (let count = 0; count < 8; count++) socket.write(bad);
    socket.write(telegram);
  });
  const { device, readings } = collect(peer.port, "sick");
  await eventually(() => readings.length === 2, "the good telegram behind the bad ones");
  const health = device.health();
  t.is(health.refused, 8);
  t.is(health.noiseBytes, 16);
  t.is(health.lastBad.length, 10);
  t.is(health.lastBad.at(-1)?.reason, 'length unit "qq" is not known');
  t.is(health.lastBad.at(-1)?.hex, bad.subarray(2).toString("hex"));
  t.is(health.lastBad.at(-2)?.hex, "7a7a");
  await device.close();
  await peer.close();
});

test("D4: a polled device that never answers is silent, and its line is opened anew", async (t) => {
  let connections = 0;
  const peer = await tcpPeer(() => {
    connections += 1;
  });
  const { device } = collect(peer.port, "mt-sics", { timing: { silentAfterMs: 150 } });
  await eventually(() => connections >= 2, "a second connection");
  t.is(device.health().state, "silent");
  t.regex(device.health().lastError ?? "", /no valid answer for 150 ms: check power/);
  await device.close();
  await peer.close();
});

test("D5: bytes that are never a frame point at the line settings", async (t) => {
  const peer = await tcpPeer((socket) => {
    socket.on("data", () => socket.write(Uint8Array.of(0xfe, 0x80, 0x81, 0xff)));
  });
  const { device } = collect(peer.port, "mt-sics", { timing: { silentAfterMs: 150 } });
  await eventually(() => device.health().state === "garbled", "an unreadable line");
  t.regex(
    device.health().lastError ?? "",
    /device d1 on 127\.0\.0\.1:\d+ is not readable, nearly all bytes belong to no frame: .*check baud rate and parity of the serial server/,
  );
  await device.close();
  await peer.close();
});

test("M8: another scale than the configured one gives no readings", async (t) => {
  const peer = await tcpPeer((socket) => {
    socket.write(encodeLine("S S     1.000 kg"));
    socket.on("data", () => socket.write(Buffer.concat([encodeLine('I4 A "8"'), encodeLine("S S     1.000 kg")])));
  });
  const { device, readings } = collect(peer.port, "mt-sics", { serial: "7" });
  await eventually(() => device.health().state === "wrong-device", "the wrong device");
  t.regex(device.health().lastError ?? "", /should have serial number 7 and says 8/);
  t.is(readings.length, 0);
  await device.close();
  await peer.close();
});

test("M4: a busy or overloaded scale is online and measures nothing", async (t) => {
  const peer = await tcpPeer((socket) => {
    socket.on("data", (bytes: Buffer) => socket.write(encodeLine(bytes.includes("I4") ? 'I4 A "7"' : "S +")));
  });
  const { device, readings, statuses } = collect(peer.port, "mt-sics", { serial: "7" });
  await eventually(() => statuses.length >= 2, "two statuses");
  t.is(statuses[0], "overload");
  t.is(device.health().state, "online");
  t.is(device.health().serial, "7");
  t.is(readings.length, 0);
  await device.close();
  await peer.close();
});

test("D2: wrong configuration is said at once", (t) => {
  t.throws(() => collect(1, "abacus"), { message: 'device d1: protocol "abacus" is not known' });
  t.throws(() => collect(1, "senml-json"), { message: "device d1: senml-json comes over MQTT, not over tcp" });
});

test("D2: a closed device opens nothing more", async (t) => {
  let connections = 0;
  const peer = await tcpPeer((socket) => {
    connections += 1;
    socket.destroy();
  });
  const { device } = collect(peer.port, "sick");
  await eventually(() => connections === 2, "a reconnect");
  await device.close();
  await new Promise((resolve) => {
    setTimeout(resolve, 400);
  });
  t.is(connections, 2);
  await peer.close();
});
