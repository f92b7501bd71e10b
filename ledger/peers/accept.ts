import type { AddressInfo, Socket } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import { PeersFailure } from "./failures.ts";
import { show } from "./hello.ts";
import { HANDSHAKE_MS, runLink, type Session } from "./session.ts";

export type Acceptor = {
  readonly listening: { readonly host: string; readonly port: number };
  /** P9: new links are answered with the key in force. */
  readonly renew: () => void;
  /** Resolves when every accepted connection is gone; `Session.end` must have been called. */
  readonly close: () => Promise<void>;
};

/** P1: listens for the gateways that dial this one. */
export async function acceptPeers(session: Session): Promise<Acceptor> {
  const { listen: at } = session.options;
  const server = createServer({
    ...session.tls(),
    minVersion: "TLSv1.3",
    requestCert: true,
    // P2: no authority is asked, because the pin decides alone, in `onSecure`.
    rejectUnauthorized: false,
    handshakeTimeout: HANDSHAKE_MS,
  });
  // Until the handshake is done the raw socket stands for the connection, then the link itself. Node does not tell which
  // TLS socket belongs to which raw one, but both have the same remote end.
  const handshaking = new Map<string, () => void>();
  server.on("connection", (socket: Socket) => {
    const remote = remoteOf(socket);
    const settled = session.unfinished(socket);
    handshaking.set(remote, settled);
    socket.on("close", () => {
      settled();
      if (handshaking.get(remote) === settled) handshaking.delete(remote);
    });
  });
  server.on("secureConnection", (socket: TLSSocket) => {
    handshaking.get(remoteOf(socket))?.();
    onSecure(session, socket);
  });
  server.on("tlsClientError", (error, socket) =>
    stranger(session, socket, `TLS handshake failed: ${show(error.message)}`),
  );
  await listen(server, at);
  return {
    listening: { host: at.host, port: (server.address() as AddressInfo).port },
    renew: () => server.setSecureContext(session.tls()),
    close: () => new Promise<void>((done) => server.close(() => done())),
  };
}

function onSecure(session: Session, socket: TLSSocket): void {
  socket.on("error", () => socket.destroy());
  if (session.ended()) return void socket.destroy();
  const peer = session.whoIs(socket);
  if (peer === null) return stranger(session, socket, "no gateway of this site has its TLS key");
  if (session.dials(peer.index)) {
    return stranger(session, socket, `${peer.gateway} dialled, but this gateway dials it (P1)`);
  }
  runLink(session, peer, socket, () => undefined);
}

function remoteOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`;
}

function stranger(session: Session, socket: TLSSocket, what: string): void {
  session.strangers.count += 1;
  session.strangers.last = `${socket.remoteAddress ?? "a closed connection"}: ${what}`;
  socket.destroy();
}

async function listen(server: Server, at: { readonly host: string; readonly port: number }): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      reject(
        error.code === "EADDRINUSE"
          ? new PeersFailure("PEERS_PORT_BUSY", at)
          : new PeersFailure("PEERS_ADDRESS_UNUSABLE", { ...at, cause: error.code ?? error.message }),
      );
    });
    server.listen(at.port, at.host, () => resolve());
  });
}
