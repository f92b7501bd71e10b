import { createServer, type Server, type Socket } from "node:net";
import { type Connect, type Connection, type ConnectionEvents, once, takesMore } from "./connection.ts";
import { destroyed, tcpReason } from "./tcp.ts";

/** T8: the device dials in. `from`: the only address that may; absent: any that reaches the port. */
export type TcpServerSettings = {
  readonly kind: "tcp-server";
  readonly host: string;
  readonly port: number;
  readonly from?: string;
};

const KEEP_ALIVE_MS = 10_000;
/** T8: sockets that have dialled in and are not looked at yet. */
const MOST_WAITING = 4;
/** T8: what a connection that a newer one replaces may still have to say. */
const LAST_WORDS_MS = 250;

/** Listens for one device that dials in, from the first attempt until `release` (T8). */
export function connectTcpServer(settings: TcpServerSettings): Connect {
  const desk = new Desk(settings);
  const connect = (events: ConnectionEvents): Connection => desk.connect(events);
  return Object.assign(connect, { release: () => desk.release() });
}

/** Owns the listening port and the sockets on it: one is talked to, the others wait, unread. */
class Desk {
  readonly #settings: TcpServerSettings;
  #server: Server | null = null;
  #listening: Promise<string | null> | null = null;
  readonly #waiting: Socket[] = [];
  #taken: Socket | null = null;
  /** The attempt that has no socket yet. */
  #wanting: ((socket: Socket) => void) | null = null;

  constructor(settings: TcpServerSettings) {
    this.#settings = settings;
  }

  connect(outer: ConnectionEvents): Connection {
    const events = once(outer);
    let socket: Socket | null = null;
    let ended = false;
    const take = (came: Socket): void => {
      socket = came;
      this.#talk(came, events);
    };
    const starting = this.#listen().then((fault) => {
      if (ended) return;
      if (fault !== null) events.closed(fault);
      else this.#want(take);
    });
    return {
      write: (bytes) => {
        if (socket !== null && socket.writable && takesMore(socket.writableLength)) socket.write(bytes);
      },
      close: async () => {
        ended = true;
        events.mute();
        await starting;
        if (this.#wanting === take) this.#wanting = null;
        if (socket !== null) await destroyed(socket);
      },
    };
  }

  async release(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    this.#listening = null;
    for (const socket of this.#waiting.splice(0)) socket.destroy();
    if (server === null) return;
    await new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
  }

  /** A sentence why it cannot, or null. Tried again by the next attempt when it failed. */
  async #listen(): Promise<string | null> {
    this.#listening ??= this.#startListening();
    const fault = await this.#listening;
    if (fault !== null) this.#listening = null;
    return fault;
  }

  #startListening(): Promise<string | null> {
    const { host, port } = this.#settings;
    // Unread until it is taken: what waits, waits in the kernel, whose buffers have bounds.
    const server = createServer({
      noDelay: true,
      pauseOnConnect: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_MS,
    });
    server.on("connection", (socket) => this.#onDialled(socket));
    return new Promise((resolve) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        const mend = error.code === "EADDRINUSE" ? "another program listens there; choose another port" : error.message;
        resolve(`no device can dial in on ${host}:${port}: ${mend}`);
      });
      server.listen(port, host, () => {
        // A server that accepts no more (too many open files) says so again and again; the next attempt of the device counts.
        server.on("error", () => {});
        this.#server = server;
        resolve(null);
      });
    });
  }

  #onDialled(socket: Socket): void {
    const { from } = this.#settings;
    // Also for those that wait: an error that nobody hears ends the process.
    socket.on("error", () => {});
    const isStranger = from !== undefined && plain(socket.remoteAddress ?? "") !== from;
    if (isStranger || this.#waiting.length >= MOST_WAITING) {
      socket.destroy();
      return;
    }
    this.#waiting.push(socket);
    this.#next();
    const old = this.#taken;
    // The device has restarted, or its last connection is half dead: the newest one counts.
    if (this.#waiting.includes(socket) && old !== null) setTimeout(() => old.destroy(), LAST_WORDS_MS);
  }

  #want(take: (socket: Socket) => void): void {
    this.#wanting = take;
    this.#next();
  }

  #next(): void {
    if (this.#wanting === null) return;
    const socket = this.#waiting.shift();
    if (socket === undefined) return;
    const take = this.#wanting;
    this.#wanting = null;
    take(socket);
  }

  #talk(socket: Socket, events: ConnectionEvents): void {
    const where = `${plain(socket.remoteAddress ?? "somebody")} on port ${this.#settings.port}`;
    this.#taken = socket;
    socket.on("data", (chunk: Uint8Array) => events.received(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => events.closed(tcpReason(where, error)));
    socket.on("close", () => {
      if (this.#taken === socket) this.#taken = null;
      events.closed(`${where} hung up`);
    });
    events.opened(where);
    socket.resume();
  }
}

/** An IPv4 address that came to an IPv6 port. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d)/, "");
