import { createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { Aedes } from "aedes";

/** A broker that is not ours: it keeps sessions over a restart, as one with a disk does. */
export type SomeBroker = {
  readonly port: () => number;
  /** Ends the connection of a client without a word. */
  readonly cut: (clientId: string) => void;
  /** Loses the session of a client, as a broker does whose disk was lost. */
  readonly forget: (clientId: string) => void;
  /** Ids of clients that acknowledged a message, in order. */
  readonly acknowledged: string[];
  readonly stop: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
};

export async function someBroker(
  options: {
    readonly tls?: TlsOptions;
    readonly users?: Readonly<Record<string, string>>;
    readonly unreadable?: readonly string[];
  } = {},
): Promise<SomeBroker> {
  const { tls, users, unreadable = [] } = options;
  const aedes = await Aedes.createBroker({
    authenticate: (_client, username, password, done) =>
      done(null, users === undefined || users[username ?? ""] === password?.toString()),
    authorizeSubscribe: (_client, subscription, done) =>
      done(null, unreadable.includes(subscription.topic) ? null : subscription),
  });
  // Not in its types, and stable since years.
  const inside = aedes as unknown as {
    readonly clients: Readonly<Record<string, { readonly conn: Socket }>>;
    readonly persistence: { readonly cleanSubscriptions: (client: { readonly id: string }) => Promise<unknown> };
  };
  const acknowledged: string[] = [];
  aedes.on("ack", (_packet, client) => acknowledged.push(client.id));
  const sockets = new Set<Socket>();
  let server: Server | null = null;
  let port = 0;

  const start = async (): Promise<void> => {
    const onSocket = (socket: Socket): void => {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      aedes.handle(socket);
    };
    const next = tls === undefined ? createServer(onSocket) : createTlsServer(tls, onSocket);
    next.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => {
      next.listen(port, "127.0.0.1", () => resolve());
    });
    const address = next.address();
    port = typeof address === "object" && address !== null ? address.port : port;
    server = next;
  };
  const stop = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => {
      if (server === null) resolve();
      else server.close(() => resolve());
    });
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  await start();
  return {
    port: () => port,
    cut: (clientId) => inside.clients[clientId]?.conn.destroy(),
    forget: (clientId) => void inside.persistence.cleanSubscriptions({ id: clientId }),
    acknowledged,
    stop,
    start,
    close: async () => {
      await stop();
      await new Promise<void>((resolve) => {
        aedes.close(() => resolve());
      });
    },
  };
}
