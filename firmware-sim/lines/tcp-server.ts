import { createServer, type Server, type Socket } from "node:net";
import type { Line, LineEvents } from "./line.ts";

/** What a device keeps for a host that does not read; more is lost, as on a serial line that is full. */
const UNSENT_BYTES = 65_536;

/** A device with a network port, for one host at a time: a new host replaces the old one, which may be long dead (F7). */
export async function listenTcp(port: number, host: string, events: LineEvents): Promise<Line> {
  let client: Socket | null = null;
  const drop = () => {
    client?.destroy();
    client = null;
  };
  const server = createServer({ noDelay: true }, (socket) => {
    drop();
    client = socket;
    socket.on("data", (bytes: Uint8Array) => events.received(bytes));
    // A reset by a killed host; `close` follows and is what counts.
    socket.on("error", () => {});
    socket.on("close", () => {
      if (client !== socket) return;
      client = null;
      events.linked(false);
    });
    events.linked(true);
  });
  const bound = await listen(server, port, host);
  return {
    port: bound,
    write: (bytes) => {
      if (client === null || client.destroyed || client.writableLength > UNSENT_BYTES) return false;
      client.write(bytes);
      return true;
    },
    linked: () => client !== null,
    unplug: () => {
      server.close();
      const wasLinked = client !== null;
      drop();
      if (wasLinked) events.linked(false);
    },
    plug: async () => {
      if (!server.listening) await listen(server, bound, host);
    },
    close: () =>
      new Promise((resolve) => {
        drop();
        if (server.listening) server.close(() => resolve());
        else resolve();
      }),
  };
}

/** Resolves with the port; rejects with the operating system's error, e.g. EADDRINUSE. */
const listen = (server: Server, port: number, host: string): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port);
    });
  });
