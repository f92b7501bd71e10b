import type { SerialPort } from "serialport";
import { type Connect, type Connection, type ConnectionEvents, once } from "./connection.ts";

export type SerialSettings = {
  readonly kind: "serial";
  /** `/dev/serial/by-id/...` survives re-enumeration, `/dev/ttyUSB0` does not. */
  readonly path: string;
  readonly baudRate?: number;
  readonly dataBits?: 7 | 8;
  readonly parity?: "none" | "even" | "odd";
  readonly stopBits?: 1 | 2;
};

/** A port whose close never calls back (seen on unplugged adapters) must not block reopening for ever. */
const CLOSE_TIMEOUT_MS = 1_000;

/** Opens a serial port by path, 9600 8N1 unless told otherwise (T2). */
export const connectSerial =
  (settings: SerialSettings): Connect =>
  (events) =>
    openPort(settings, events);

function openPort(settings: SerialSettings, outer: ConnectionEvents): Connection {
  const events = once(outer);
  let port: SerialPort | null = null;
  const opening = makePort(settings, events).then(async (made) => {
    port = made;
    await opened(made, settings.path, events);
  });
  // The library cannot be loaded: a port of this machine is as good as missing.
  const settled = opening.catch((error: unknown) => events.closed(serialReason(settings.path, asError(error))));
  return {
    write: (bytes) => {
      if (port?.isOpen === true) port.write(bytes);
    },
    close: async () => {
      events.mute();
      await settled;
      if (port !== null) await closePort(port);
    },
  };
}

async function makePort(settings: SerialSettings, events: ConnectionEvents): Promise<SerialPort> {
  const { path, baudRate = 9600, dataBits = 8, parity = "none", stopBits = 1 } = settings;
  // Loaded by gateways that have such a device.
  const { SerialPort } = await import("serialport");
  const port = new SerialPort({ path, baudRate, dataBits, parity, stopBits, autoOpen: false });
  port.on("data", (chunk: Uint8Array) => events.received(chunk));
  // Without this listener an error of a vanished port ends the process (node-serialport #265, #284).
  port.on("error", (error) => events.closed(serialReason(path, error)));
  // A vanished port closes with an error, with null or with nothing at all.
  port.on("close", (error?: Error | null) =>
    events.closed(error === null || error === undefined ? `serial port ${path} was closed` : serialReason(path, error)),
  );
  return port;
}

const opened = (port: SerialPort, path: string, events: ConnectionEvents): Promise<void> =>
  new Promise((resolve) => {
    port.open((error) => {
      if (error === null) events.opened();
      else events.closed(serialReason(path, error));
      resolve();
    });
  });

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

const closePort = (port: SerialPort): Promise<void> =>
  new Promise((resolve) => {
    if (!port.isOpen) {
      resolve();
      return;
    }
    const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    port.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });

const reasons: readonly { readonly pattern: RegExp; readonly sentence: (path: string) => string }[] = [
  {
    pattern: /No such file|no such device|File not found/i,
    sentence: (path) => `serial port ${path} does not exist: plug the device in or correct the path`,
  },
  {
    pattern: /Cannot lock port|Resource busy|Access denied/i,
    sentence: (path) => `serial port ${path} is in use by another program: close that program`,
  },
  {
    pattern: /Permission denied/i,
    sentence: (path) =>
      `serial port ${path} may not be opened by this user: add the user to the group that owns it (often dialout)`,
  },
  {
    pattern: /Is a directory|Inappropriate ioctl|not a tty/i,
    sentence: (path) => `${path} is not a serial port: correct the path`,
  },
];

/** bindings-cpp gives texts of strerror, not codes. */
function serialReason(path: string, error: Error): string {
  const known = reasons.find(({ pattern }) => pattern.test(error.message));
  return known === undefined ? `serial port ${path} failed: ${error.message}` : known.sentence(path);
}
