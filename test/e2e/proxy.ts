/** A TCP proxy that spoils what runs through it as networks do, each way by itself. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export type Weather = {
  readonly latencyMs: number;
  /** Null = as much as comes. */
  readonly bytesPerSecond: number | null;
  /** Takes bytes and forwards nothing; they arrive when this is over. */
  readonly isStalled: boolean;
  /** One bit of every so many bytes is flipped; null = none. */
  readonly flipEveryBytes: number | null;
};

export const FAIR: Weather = { latencyMs: 0, bytesPerSecond: null, isStalled: false, flipEveryBytes: null };

export type Proxy = {
  readonly port: number;
  /** From whoever dials, and back to it. */
  readonly set: (way: "there" | "back" | "both", weather: Partial<Weather>) => void;
  /** Ends every connection. */
  readonly drop: () => void;
  /** True: new connections are ended at once. */
  readonly refuse: (isRefusing: boolean) => void;
  readonly close: () => Promise<void>;
};

const TICK_MS = 5;
/** What a way holds of one connection before it takes no more: as much as a kernel's buffers. */
const HELD_BYTES = 4 * 1024 * 1024;

type Way = { weather: Weather; readonly pumps: Set<Pump> };
/** One direction of one connection. */
type Pump = { readonly tick: (nowMs: number, weather: Weather) => void };

/** Listens on a free port of this machine and passes on to `target`. */
export async function startProxy(target: number): Promise<Proxy> {
  const ways = {
    there: { weather: FAIR, pumps: new Set<Pump>() } as Way,
    back: { weather: FAIR, pumps: new Set<Pump>() } as Way,
  };
  const sockets = new Set<Socket>();
  let isRefusing = false;
  const server: Server = createServer((near) => {
    near.on("error", () => near.destroy());
    if (isRefusing) return void near.destroy();
    const far = connect(target, "127.0.0.1");
    for (const [from, to, way] of [
      [near, far, ways.there],
      [far, near, ways.back],
    ] as const) {
      sockets.add(from);
      from.on("error", () => from.destroy());
      const pump = pumpBetween(from, to, () => way.pumps.delete(pump));
      way.pumps.add(pump);
      from.on("close", () => sockets.delete(from));
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const ticker = setInterval(() => {
    const nowMs = performance.now();
    for (const { weather, pumps } of Object.values(ways)) for (const pump of pumps) pump.tick(nowMs, weather);
  }, TICK_MS);
  const drop = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    set: (which, weather) => {
      for (const [name, way] of Object.entries(ways))
        if (which === "both" || which === name) way.weather = { ...way.weather, ...weather };
    },
    drop,
    refuse: (refusing) => {
      isRefusing = refusing;
      if (refusing) drop();
    },
    close: async () => {
      clearInterval(ticker);
      drop();
      server.close();
      await once(server, "close");
    },
  };
}

function pumpBetween(from: Socket, to: Socket, over: () => void): Pump {
  const queue: { readonly bytes: Buffer; readonly atMs: number }[] = [];
  let held = 0;
  let passed = 0;
  let isOver = false;
  let tickedMs = performance.now();
  from.on("data", (bytes: Buffer) => {
    queue.push({ bytes, atMs: performance.now() });
    held += bytes.length;
    if (held > HELD_BYTES) from.pause();
  });
  from.on("close", () => {
    isOver = true;
  });
  return {
    tick: (nowMs, { latencyMs, bytesPerSecond, isStalled, flipEveryBytes }) => {
      let budget = bytesPerSecond === null ? Number.POSITIVE_INFINITY : (bytesPerSecond * (nowMs - tickedMs)) / 1_000;
      tickedMs = nowMs;
      if (isStalled) return;
      for (let head = queue[0]; head !== undefined && head.atMs + latencyMs <= nowMs && budget >= 1; head = queue[0]) {
        const bytes = head.bytes.subarray(0, Math.min(head.bytes.length, Math.floor(budget)));
        if (bytes.length === head.bytes.length) queue.shift();
        else queue[0] = { ...head, bytes: head.bytes.subarray(bytes.length) };
        budget -= bytes.length;
        held -= bytes.length;
        if (!to.destroyed) to.write(flipped(bytes, passed, flipEveryBytes));
        passed += bytes.length;
      }
      if (held <= HELD_BYTES && from.isPaused()) from.resume();
      // The end of a connection travels like its bytes: behind them, and not at all while nothing does.
      if (!isOver || queue.length > 0) return;
      to.destroy();
      over();
    },
  };
}

function flipped(bytes: Buffer, passed: number, everyBytes: number | null): Buffer {
  if (everyBytes === null) return bytes;
  const changed = Buffer.from(bytes);
  for (let at = everyBytes - (passed % everyBytes); at < changed.length; at += everyBytes)
    changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
  return changed;
}
