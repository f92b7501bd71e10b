/** One test for each way in which devices and their drivers are known to have failed in the field; docs/operations.md lists them. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { type DeviceSettings, decodeFrame, openDevice, type Reading } from "../../devices/index.ts";
import { cutStream, protocols } from "../../devices/protocols/index.ts";
import { encodeLine } from "../../devices/protocols/mt-sics/index.ts";
import { connectSerial, usualLine } from "../../devices/transports/serial.ts";
import { startScale } from "../../firmware-sim/index.ts";
import { onLine } from "../../firmware-sim/faults/fault.ts";
import { eventually, tcpPeer } from "./transports/port.ts";

const folder = mkdtempSync(join(tmpdir(), "tallystick-failures-"));
const sics = "mt-sics";
const weight = (text: string): Uint8Array => encodeLine(`S S ${text.padStart(10)} kg`);
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
/** STX, status words, six digits of weight and of tare, CR: 12.34 kg at rest. */
const continuous = hex("02 2c 30 20 20 20 31 32 33 34 20 20 20 20 20 30 0d");

function open(settings: Pick<DeviceSettings, "protocol" | "transport"> & Partial<DeviceSettings>) {
  const readings: Reading[] = [];
  const statuses: string[] = [];
  const device = openDevice(
    { id: "d1", timing: { pollMs: 20, replyTimeoutMs: 100, settleMs: 20, silentAfterMs: 400 }, ...settings },
    { readings: (all) => readings.push(...all), status: ({ status }) => statuses.push(status), health: () => {} },
  );
  const kilograms = () =>
    readings.flatMap(({ quantity }) =>
      quantity.kind === "mass" ? [quantity.value.mantissa * 10 ** quantity.value.exponent] : [],
    );
  return { device, readings, statuses, kilograms };
}
const tcp = (port: number) => ({ kind: "tcp", host: "127.0.0.1", port }) as const;
/** Answers I4 with an identity and everything else with what it is given. */
const scaleSaying = (answer: () => Uint8Array) =>
  tcpPeer((socket) =>
    socket.on("data", (bytes: Buffer) => socket.write(bytes.includes("I4") ? encodeLine('I4 A "7"') : answer())),
  );
const framesIn = (protocol: string, chunks: readonly Uint8Array[]): readonly string[] => {
  const framing = protocols.get(protocol)?.framing;
  if (framing?.kind !== "stream") throw new RangeError(protocol);
  let rest: Uint8Array = new Uint8Array(0);
  return chunks.flatMap((chunk) => {
    const cut = cutStream(framing.takeFrame, rest, chunk);
    ({ rest } = cut);
    return cut.parts.flatMap(({ kind, bytes }) => (kind === "frame" ? [Buffer.from(bytes).toString("hex")] : []));
  });
};

test("split and merged frames: one byte at a time, and three in one chunk, are the same frames (P1)", (t) => {
  for (const [protocol, frame] of [
    [sics, weight("12.345")],
    ["toledo-continuous", continuous],
  ] as const) {
    const three = Buffer.concat([frame, frame, frame]);
    const whole = framesIn(protocol, [three]);
    t.is(whole.length, 3);
    t.deepEqual(
      framesIn(
        protocol,
        Array.from(three, (byte) => Uint8Array.of(byte)),
      ),
      whole,
    );
    for (let at = 1; at < frame.length; at++)
      t.deepEqual(framesIn(protocol, [three.subarray(0, at), three.subarray(at)]), whole, `split at ${at}`);
  }
});

test("a delimiter in the middle of a stream: a false start costs nothing of the frame behind it (P1)", (t) => {
  const falseStart = hex("02 2c 30 20 02");
  t.deepEqual(framesIn("toledo-continuous", [falseStart, continuous]), [Buffer.from(continuous).toString("hex")]);
  t.deepEqual(framesIn(sics, [hex("53 20 0d"), weight("1.000")]), [Buffer.from(weight("1.000")).toString("hex")]);
});

test("the wrong delimiter: a device whose lines never end as expected is told, and never taken for an empty scale (D4, D5)", async (t) => {
  // CR alone, as continuous output ends, where MT-SICS ends with CR LF.
  const peer = await tcpPeer((socket) => {
    const timer = setInterval(() => socket.write(continuous), 10);
    socket.on("close", () => clearInterval(timer));
  });
  const { device, readings, statuses } = open({ protocol: sics, transport: tcp(peer.port) });
  await eventually(() => device.health().lastError !== null, "a sentence");
  t.regex(device.health().lastError ?? "", /is not readable, nearly all bytes belong to no frame/);
  t.deepEqual([readings, statuses], [[], []]);
  t.is(device.health().lastFrameAt, null);
  await device.close();
  await peer.close();
});

test("an unplugged adapter that gives no close event: only the time without a valid frame tells (D4)", async (t) => {
  const link = join(folder, "no-close");
  let isDead = false;
  const dying = onLine((line) => ({ ...line, write: (bytes) => !isDead && line.write(bytes) }));
  const scale = await startScale({ line: { kind: "pty", link }, faults: [dying] });
  const { device, readings } = open({ protocol: sics, transport: { kind: "serial", path: link } });
  await eventually(() => readings.length > 0, "readings");
  // The line stays open, nothing comes any more: what a dead adapter looks like.
  isDead = true;
  await eventually(() => device.health().state === "silent", "silence");
  t.regex(device.health().lastError ?? "", /no valid answer for 400 ms: check power, cable/);
  await device.close();
  await scale.close();
});

test("a write to a port that has vanished throws nothing and ends nothing but the connection (T6, T7)", async (t) => {
  const link = join(folder, "vanished");
  const scale = await startScale({ line: { kind: "pty", link } });
  const opened = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<string>();
  const connection = connectSerial({ kind: "serial", path: link }, usualLine, async () => [])({
    opened: () => opened.resolve(),
    received: () => {},
    closed: closed.resolve,
  });
  await opened.promise;
  await scale.close();
  rmSync(link, { force: true });
  const writing = setInterval(() => connection.write(encodeLine("SI")), 5);
  t.regex(await closed.promise, /^serial port .*vanished/);
  clearInterval(writing);
  t.notThrows(() => connection.write(encodeLine("SI")));
  await connection.close();
  t.notThrows(() => connection.write(encodeLine("SI")));
});

test("re-enumeration: an adapter that was ttyUSB0 and is ttyUSB1 is found by what it is (T5)", async (t) => {
  let path = join(folder, "ttyUSB0");
  const usb = { byId: null, vid: "0403", pid: "6001", serial: "A1", manufacturer: null };
  const before = await startScale({ line: { kind: "pty", link: path }, loadGrams: 1_000 });
  const { device, kilograms } = open({
    protocol: sics,
    transport: { kind: "serial", usb: { vid: "0403", pid: "6001", serial: "A1" } },
    listPorts: async () => [{ path, ...usb }],
  });
  await eventually(() => kilograms().at(-1) === 1, "1 kg");
  await before.close();
  path = join(folder, "ttyUSB1");
  const after = await startScale({ line: { kind: "pty", link: path }, loadGrams: 2_000 });
  await eventually(() => kilograms().at(-1) === 2, "2 kg under the other name");
  t.is(device.health().place, `${path} at 9600 8N1`);
  await device.close();
  await after.close();
});

test("a stale first report after opening, left in a buffer, is not used (M8, D7)", async (t) => {
  const polled = await tcpPeer((socket) => {
    socket.write(weight("99.000"));
    socket.on("data", (bytes: Buffer) => socket.write(bytes.includes("I4") ? encodeLine('I4 A "7"') : weight("1.000")));
  });
  const asked = open({ protocol: sics, transport: tcp(polled.port) });
  await eventually(() => asked.readings.length > 1, "readings");
  t.deepEqual([...new Set(asked.kilograms())], [1]);
  const speaking = await tcpPeer((socket) => {
    socket.write(hex("02 2c 30 20 20 20 39 39 30 30 20 20 20 20 20 30 0d"));
    const timer = setInterval(() => socket.write(continuous), 30);
    socket.on("close", () => clearInterval(timer));
  });
  const heard = open({ protocol: "toledo-continuous", transport: tcp(speaking.port) });
  await eventually(() => heard.readings.length > 1, "readings");
  t.deepEqual([...new Set(heard.kilograms())], [12.34]);
  await Promise.all([asked.device.close(), heard.device.close(), polled.close(), speaking.close()]);
});

test("the same weight twice, and what stood there before the line was opened, are read: level, not edge (D9)", async (t) => {
  const peer = await scaleSaying(() => weight("5.000"));
  const { device, kilograms } = open({ protocol: sics, transport: tcp(peer.port) });
  await eventually(() => kilograms().length >= 5, "five readings");
  t.deepEqual([...new Set(kilograms())], [5]);
  await device.close();
  await peer.close();
});

test("an exponent is signed and never ignored: from -3 to 2 (UH2)", (t) => {
  for (const [exponent, mantissa] of [
    ["fd", -3],
    ["fe", -2],
    ["ff", -1],
    ["00", 0],
    ["01", 1],
    ["02", 2],
  ] as const) {
    const decoded = decodeFrame("usb-hid", hex(`03 04 02 ${exponent} 7b 00`));
    const [quantity] = decoded.kind === "quantities" ? decoded.quantities : [];
    if (quantity?.kind !== "mass") return t.fail(`${exponent}: ${decoded.kind}`);
    t.is(quantity.value.mantissa * 10 ** quantity.value.exponent, 123 * 10 ** mantissa);
  }
  t.is(decodeFrame("usb-hid", hex("03 04 02 03 7b 00")).kind, "refused");
});

test("a report id that no standard scale has is ignored: it is no frame and no value (UH1)", (t) => {
  const standard = hex("03 04 0b ff 7b 00");
  t.deepEqual(framesIn("usb-hid", [hex("09 04 0b ff 7b 00"), standard]), [Buffer.from(standard).toString("hex")]);
  t.is(decodeFrame("usb-hid", hex("09 04 0b ff 7b 00")).kind, "refused");
});

test("a net flag is no error: net, gross and tare are told apart (M6, TC4)", (t) => {
  const mode = (protocol: string, frame: Uint8Array): string => {
    const decoded = decodeFrame(protocol, frame);
    const [quantity] = decoded.kind === "quantities" ? decoded.quantities : [];
    return quantity?.kind === "mass" ? quantity.mode : decoded.kind;
  };
  t.is(mode("toledo-continuous", continuous), "gross");
  t.is(mode("toledo-continuous", hex("02 2c 33 20 20 20 20 20 35 30 20 20 20 31 30 30 0d")), "net");
  t.is(mode("toledo-8217-kg", hex("02 30 30 2e 35 30 30 4e 0d")), "net");
  t.is(mode("toledo-8217-kg", hex("02 30 31 2e 32 33 34 0d")), "gross");
  t.is(mode(sics, encodeLine("T S      1.000 kg")), "tare");
  // Tared and empty: center of zero and net in one status byte.
  t.deepEqual(decodeFrame("toledo-8217-kg", hex("02 3f 70 0d")), { kind: "status", status: "center-of-zero" });
});

test("ZI and TI answered with the prefix of Z and T are understood (M5)", (t) => {
  for (const line of ["ZI S", "ZI D", "Z S", "Z D", "Z A"]) {
    t.is(decodeFrame(sics, encodeLine(line)).kind, "status", line);
  }
  for (const line of ["TI S      1.000 kg", "T S      1.000 kg"]) {
    t.like(decodeFrame(sics, encodeLine(line)), { kind: "quantities", quantities: [{ mode: "tare" }] });
  }
});

test("a command that hangs the stream: the silence ends, and the scale is read again without a hand (D4)", async (t) => {
  let connections = 0;
  const peer = await tcpPeer((socket) => {
    connections += 1;
    let answers = connections === 1 ? 5 : Number.POSITIVE_INFINITY;
    socket.on("data", (bytes: Buffer) => {
      answers -= 1;
      if (answers >= 0) socket.write(bytes.includes("I4") ? encodeLine('I4 A "7"') : weight("5.000"));
    });
  });
  const { device, readings } = open({ protocol: sics, transport: tcp(peer.port) });
  await eventually(() => readings.length > 10, "readings after the hang");
  t.is(connections, 2);
  t.is(device.health().state, "online");
  await device.close();
  await peer.close();
});

test("a negative value keeps its sign: a wiring fault is not clamped to zero (D9)", async (t) => {
  const peer = await scaleSaying(() => weight("-0.500"));
  const { device, kilograms } = open({ protocol: sics, transport: tcp(peer.port) });
  await eventually(() => kilograms().length > 0, "a reading");
  t.is(kilograms()[0], -0.5);
  const negative = decodeFrame("toledo-continuous", hex("02 2c 33 20 20 20 20 20 35 30 20 20 20 31 30 30 0d"));
  t.like(negative, { kind: "quantities", quantities: [{ value: { mantissa: -50, exponent: -2 } }] });
  await device.close();
  await peer.close();
});

test("an operator's unit key: the scale is in quarantine until a person has acknowledged it (D6)", async (t) => {
  let answer = weight("5.000");
  const peer = await scaleSaying(() => answer);
  const { device, readings, statuses } = open({ protocol: sics, transport: tcp(peer.port) });
  await eventually(() => readings.length > 3, "readings in kg");
  answer = encodeLine("S S      11.02 lb");
  await eventually(() => device.health().state === "quarantined", "the quarantine");
  const taken = readings.length;
  answer = weight("5.000");
  await eventually(() => statuses.filter((status) => status === "quarantined").length > 5, "frames that are not used");
  t.is(readings.length, taken);
  t.true(device.acknowledge());
  await eventually(() => readings.length > taken, "readings after the acknowledgement");
  t.is(device.health().state, "online");
  t.false(device.acknowledge());
  await device.close();
  await peer.close();
});

test("baud rate or parity mismatch: the garbage is counted, and the sentence names the line settings (D5)", async (t) => {
  const link = join(folder, "baud");
  const scale = await startScale({
    line: { kind: "pty", link },
    protocol: "toledo-continuous",
    faults: ["baud=9600/2400"],
  });
  const { device, readings } = open({
    protocol: "toledo-continuous",
    transport: { kind: "serial", path: link },
  });
  await eventually(() => device.health().state === "garbled", "a garbled line", 10_000);
  const { lastError, lastBad } = device.health();
  t.regex(lastError ?? "", /^device d1 on .*baud at 9600 \d[NEO]1 .*check baud rate, data bits, parity and stop bits/);
  t.true(lastBad.length > 0 && lastBad.every((bad) => /^([0-9a-f]{2})+$/.test(bad.hex)));
  t.deepEqual(readings, []);
  await device.close();
  await scale.close();
});

test("STX and other control bytes are bytes, never text: a frame is kept to the bit (D1)", async (t) => {
  const peer = await tcpPeer((socket) => {
    const timer = setInterval(() => socket.write(continuous), 20);
    socket.on("close", () => clearInterval(timer));
  });
  const { device, readings } = open({ protocol: "toledo-continuous", transport: tcp(peer.port) });
  await eventually(() => readings.length > 0, "a reading");
  t.deepEqual(Buffer.from(readings[0]?.frame ?? []), Buffer.from(continuous));
  await device.close();
  await peer.close();
});

test("a port that wants a login closes at once, and that is told apart from a device that leaves (T4)", async (t) => {
  const login = await tcpPeer((socket) => socket.end());
  const wants = open({ protocol: sics, transport: tcp(login.port) });
  await eventually(() => wants.device.health().lastError !== null, "a sentence");
  t.regex(wants.device.health().lastError ?? "", /closed the connection at once: this port may want a login/);
  const leaving = await tcpPeer((socket) => socket.end(weight("1.000")));
  const leaves = open({ protocol: sics, transport: tcp(leaving.port) });
  await eventually(() => leaves.device.health().lastError !== null, "a sentence");
  t.regex(leaves.device.health().lastError ?? "", /closed the connection: another host may have taken it/);
  await Promise.all([wants.device.close(), leaves.device.close(), login.close(), leaving.close()]);
});

test("checksum error, noise byte, parity bit: a flipped bit is refused where there is a checksum, and a lone odd frame decides nothing (D6)", async (t) => {
  const checked = hex("02 2c 30 20 20 20 31 32 33 34 20 20 20 20 20 30 0d 1b");
  t.is(decodeFrame("toledo-continuous-checksum", checked).kind, "quantities");
  for (let bit = 0; bit < checked.length * 8; bit++) {
    // Bit 7 is parity, which this protocol masks.
    if (bit % 8 === 7) continue;
    const damaged = checked.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    t.is(decodeFrame("toledo-continuous-checksum", damaged).kind, "refused", `bit ${bit}`);
  }
  // No checksum: one frame with another number of decimals among good ones is not passed on.
  let count = 0;
  const peer = await scaleSaying(() => {
    count += 1;
    return count === 6 ? weight("50.00") : weight("5.000");
  });
  const { device, kilograms } = open({ protocol: sics, transport: tcp(peer.port) });
  await eventually(() => kilograms().length > 8, "readings");
  t.deepEqual([...new Set(kilograms())], [5]);
  t.is(device.health().refused, 1);
  await device.close();
  await peer.close();
});
