/**
 * The load of the finality benchmark, as a process of its own: one MQTT 3.1.1 QoS 1 sensor for each gateway, each weighing sent once,
 * a bounded number unacknowledged. It writes packets itself and makes sizes beforehand, so that it takes as little as can be of
 * the processors that it shares with the gateways. Its argument is a `Load` as JSON; it runs until the process that started it ends or says so.
 */
import { connect, type Socket } from "node:net";
import { encodePack } from "../devices/protocols/senml-json/index.ts";
import { displayedGrams, type Item, sscc, syntheticItems } from "../firmware-sim/items.ts";
import type { Load, LoadCounts, LoadSensor } from "./load.ts";

const DIVISION_GRAMS = 5;
const TICK_MS = 2;
/** Sizes and masses repeat after so many; identities never. */
const SIZES = 2_048;
const KEEP_ALIVE_S = 60;
const LAST_ACKNOWLEDGEMENTS_MS = 5_000;

const load = JSON.parse(process.argv[2] ?? "") as Load;
let stopping = false;
const sensors = load.sensors.map((sensor, index) => startSensor(sensor, index, load));
const ticking = setInterval(() => {
  for (const { pump } of sensors) pump();
}, TICK_MS);
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => {
  clearInterval(ticking);
  stopping = true;
  const endAtMs = performance.now() + LAST_ACKNOWLEDGEMENTS_MS;
  const ending = setInterval(() => {
    const counts = countsOf(sensors);
    if (counts.sent > counts.acknowledged && performance.now() < endAtMs) return;
    clearInterval(ending);
    if (process.send === undefined) process.exit(0);
    process.send(counts, () => process.exit(0));
  }, TICK_MS);
});

type Sensor = { readonly pump: () => void; readonly counts: () => LoadCounts };

const countsOf = (all: readonly Sensor[]): LoadCounts => ({
  sent: all.reduce((sum, { counts }) => sum + counts().sent, 0),
  acknowledged: all.reduce((sum, { counts }) => sum + counts().acknowledged, 0),
});

/** `pump` is to be called when time has passed. */
function startSensor({ port, device, password }: LoadSensor, index: number, given: Load): Sensor {
  const { seed, ratePerSecond, inFlight } = given;
  const items = Array.from({ length: SIZES }, (_, number) => syntheticItems(seed, index)(number) as Item);
  const socket = connect({ host: "127.0.0.1", port, noDelay: true });
  const rate = ratePerSecond / load.sensors.length;
  /** The sensors of a site do not weigh in step. */
  const phase = index / load.sensors.length;
  let connected = false;
  let sent = 0;
  let acknowledged = 0;
  let startedAtMs = 0;
  let rest: Buffer = Buffer.alloc(0);

  const pump = (): void => {
    if (!connected) return;
    const due =
      rate === 0 ? Number.POSITIVE_INFINITY : Math.floor(((performance.now() - startedAtMs) * rate) / 1_000 + phase);
    const packets: Buffer[] = [];
    for (; sent < due && sent - acknowledged < inFlight; sent += 1)
      packets.push(publication(device, sent, packOf(sent)));
    if (packets.length > 0) socket.write(Buffer.concat(packets));
  };

  const packOf = (number: number): Uint8Array => {
    const item = items[number % SIZES] as Item;
    const [length, width, height] = item.mm.map((side) => ({ mantissa: side, exponent: -3 }));
    if (length === undefined || width === undefined || height === undefined)
      throw new RangeError("an item has three sides");
    return encodePack({
      baseName: `urn:dev:ops:32473-tallystick-${device}:`,
      atMs: Date.now(),
      item: sscc(seed, index, number),
      net: {
        value: { mantissa: displayedGrams(item.grams, DIVISION_GRAMS), exponent: -3 },
        unit: "kg",
        stable: true,
      },
      dimensions: { length, width, height, unit: "m" },
    });
  };

  const take = (chunk: Buffer): void => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    // CONNACK and PUBACK, all that a QoS 1 publisher gets, are four bytes each.
    for (; rest.length >= 4; rest = rest.subarray(4)) {
      if (rest[0] === 0x20 && rest[3] === 0) {
        connected = true;
        startedAtMs = performance.now();
      } else if (rest[0] === 0x40) acknowledged += 1;
      else return fail(device, socket, `answered ${rest.subarray(0, 4).toString("hex")}`);
    }
    if (!stopping) pump();
  };

  socket.on("connect", () => socket.write(connection(device, password)));
  socket.on("data", take);
  socket.on("error", (error) => fail(device, socket, error.message));
  socket.on("close", () => fail(device, socket, "closed the connection"));
  return { pump, counts: () => ({ sent, acknowledged }) };
}

function fail(device: string, socket: Socket, what: string): void {
  socket.destroy();
  process.stderr.write(`load: the broker of ${device} ${what}\n`);
  process.exitCode = 1;
}

/** MQTT 3.1.1 section 3.1: clean session, user name and password. */
function connection(device: string, password: string): Buffer {
  const header = Buffer.from([0, 4, 0x4d, 0x51, 0x54, 0x54, 4, 0xc2, 0, KEEP_ALIVE_S]);
  return packet(0x10, Buffer.concat([header, text(device), text(device), text(password)]));
}

/** Section 3.3, QoS 1. Packet ids repeat after 65,535; far fewer are in flight. */
function publication(device: string, number: number, payload: Uint8Array): Buffer {
  const id = Buffer.alloc(2);
  id.writeUInt16BE((number % 65_535) + 1);
  return packet(0x32, Buffer.concat([text(`tallystick/${device}/readings`), id, payload]));
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
}

/** Section 2.2.3: seven bits of the length in a byte, the lowest first. */
function packet(kind: number, body: Buffer): Buffer {
  const head = [kind];
  for (let left = body.length; ; left >>= 7) {
    head.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    if (left <= 0x7f) return Buffer.concat([Buffer.from(head), body]);
  }
}
