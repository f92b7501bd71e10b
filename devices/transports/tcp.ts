import { connect as connectSocket, type Socket } from "node:net";
import { type Connect, type Connection, type ConnectionEvents, once, takesMore } from "./connection.ts";

export type TcpSettings = { readonly kind: "tcp"; readonly host: string; readonly port: number };

const CONNECT_TIMEOUT_MS = 5_000;
/** An event device is silent for hours: only keep-alive tells a pulled cable from an empty conveyor (T4). */
const KEEP_ALIVE_MS = 10_000;

/** Connects to a device, or to a serial server in front of one (T4). */
export const connectTcp =
  (settings: TcpSettings): Connect =>
  (events) =>
    openSocket(settings, events);

/** T4: a port that ends a connection so soon, without a byte, wants something else than a host that listens. */
const AT_ONCE_MS = 1_000;

function openSocket({ host, port }: TcpSettings, outer: ConnectionEvents): Connection {
  const events = once(outer);
  const where = `${host}:${port}`;
  const socket = connectSocket({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
  const timer = setTimeout(() => {
    events.closed(`${where} does not answer: check the address, the cable and the device's power`);
    socket.destroy();
  }, CONNECT_TIMEOUT_MS);
  let openedAt = 0;
  socket.once("connect", () => {
    clearTimeout(timer);
    openedAt = performance.now();
    events.opened(where);
  });
  socket.on("data", (chunk: Uint8Array) => events.received(chunk));
  socket.on("error", (error: NodeJS.ErrnoException) => events.closed(tcpReason(where, error)));
  socket.on("close", () => {
    clearTimeout(timer);
    const atOnce = socket.bytesRead === 0 && performance.now() - openedAt < AT_ONCE_MS;
    events.closed(
      atOnce
        ? `${where} closed the connection at once: this port may want a login, or another host has the device; use the port of its data output and end the other host`
        : `${where} closed the connection: another host may have taken it, or the device was switched off`,
    );
  });
  return {
    write: (bytes) => {
      if (!socket.destroyed && socket.writable && takesMore(socket.writableLength)) socket.write(bytes);
    },
    close: () => {
      clearTimeout(timer);
      events.mute();
      return destroyed(socket);
    },
  };
}

export const destroyed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => {
    if (socket.closed) {
      resolve();
      return;
    }
    socket.once("close", () => resolve());
    socket.destroy();
  });

const sentences: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refuses the connection: switch the device on or correct the port",
  ENOTFOUND: "has no address: correct the host name",
  EAI_AGAIN: "could not be looked up: check the name server",
  EHOSTUNREACH: "cannot be reached: check cable and address",
  ENETUNREACH: "cannot be reached: check this machine's network",
  ETIMEDOUT: "stopped answering: check cable and power",
  ECONNRESET: "broke the connection: the device may have restarted",
  EPIPE: "broke the connection: the device may have restarted",
};

export const tcpReason = (where: string, error: NodeJS.ErrnoException): string =>
  `${where} ${sentences[error.code ?? ""] ?? `failed: ${error.message}`}`;
