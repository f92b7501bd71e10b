import { stat } from "node:fs/promises";
import type { SerialPort } from "serialport";
import type { LineSettings } from "../protocols/index.ts";
import { type Connect, type Connection, type ConnectionEvents, once, takesMore } from "./connection.ts";
import { type ListPorts, portsLike, portWith, type UsbIdentity } from "./ports.ts";

/** T5. `path`: `/dev/serial/by-id/...` survives re-enumeration, `/dev/ttyUSB0` does not, `/dev/ttyUSB*` tries them all. */
export type SerialSettings = { readonly kind: "serial" } & ({ readonly path: string } | { readonly usb: UsbIdentity }) &
  Partial<LineSettings>;

/** 9600 8N1. */
export const usualLine: LineSettings = { baudRate: 9600, dataBits: 8, parity: "none", stopBits: 1 };

/** "9600 7E1". */
export const lineText = ({ baudRate, dataBits, parity, stopBits }: LineSettings): string =>
  `${baudRate} ${dataBits}${parity.charAt(0).toUpperCase()}${stopBits}`;

/** A port whose close never calls back (seen on unplugged adapters) must not block reopening for ever. */
const CLOSE_TIMEOUT_MS = 1_000;
/** T7: how often an open port is looked for. */
const LOOK_MS = 1_000;

/** Opens a serial port (T2, T5). `usual`: what the settings do not say. */
export function connectSerial(settings: SerialSettings, usual: LineSettings, listPorts: ListPorts): Connect {
  const line: LineSettings = {
    baudRate: settings.baudRate ?? usual.baudRate,
    dataBits: settings.dataBits ?? usual.dataBits,
    parity: settings.parity ?? usual.parity,
    stopBits: settings.stopBits ?? usual.stopBits,
  };
  let attempts = 0;
  return (events) => {
    attempts += 1;
    return openPort(() => findSerialPort(settings, attempts - 1, listPorts), line, events);
  };
}

type Path = { readonly path: string } | { readonly fault: string };

/** T5: resolved anew at every attempt, counted from 0. */
export async function findSerialPort(settings: SerialSettings, attempt: number, listPorts: ListPorts): Promise<Path> {
  if ("usb" in settings) return portWith(settings.usb, await listPorts());
  if (!settings.path.includes("*")) return { path: settings.path };
  const paths = await portsLike(settings.path);
  const path = paths[attempt % Math.max(1, paths.length)];
  return path === undefined
    ? { fault: `no serial port is like ${settings.path}: plug the device in or correct the path` }
    : { path };
}

function openPort(find: () => Promise<Path>, line: LineSettings, outer: ConnectionEvents): Connection {
  const events = once(outer);
  let port: SerialPort | null = null;
  let looking: NodeJS.Timeout | null = null;
  const open = async (): Promise<void> => {
    const found = await find();
    if ("fault" in found) {
      events.closed(found.fault);
      return;
    }
    const { path } = found;
    try {
      port = await makePort(path, line, events);
      const file = await fileOf(path);
      if (!(await opened(port, path, events))) return;
      looking = watchPort(path, file, events);
      events.opened(`${path} at ${lineText(line)}`);
    } catch (error) {
      // The library cannot be loaded, or throws: a port of this machine is as good as missing.
      events.closed(serialReason(path, asError(error)));
    }
  };
  const settled = open().catch((error: unknown) =>
    events.closed(`the serial ports cannot be listed: ${asError(error).message}`),
  );
  return {
    write: (bytes) => {
      if (port?.isOpen !== true || !takesMore(port.writableLength)) return;
      try {
        port.write(bytes);
      } catch (error) {
        // Seen on ports that vanished between two events (node-serialport #265).
        events.closed(serialReason(port.path, asError(error)));
      }
    },
    close: async () => {
      events.mute();
      await settled;
      if (looking !== null) clearInterval(looking);
      if (port !== null) await closePort(port);
    },
  };
}

async function makePort(path: string, line: LineSettings, events: ConnectionEvents): Promise<SerialPort> {
  // Loaded by gateways that have such a device.
  const { SerialPort } = await import("serialport");
  const port = new SerialPort({ path, ...line, autoOpen: false });
  port.on("data", (chunk: Uint8Array) => events.received(chunk));
  // Without this listener an error of a vanished port ends the process (node-serialport #265, #284).
  port.on("error", (error) => events.closed(serialReason(path, error)));
  // A vanished port closes with an error, with null or with nothing at all.
  port.on("close", (error?: Error | null) =>
    events.closed(error === null || error === undefined ? `serial port ${path} was closed` : serialReason(path, error)),
  );
  return port;
}

const opened = (port: SerialPort, path: string, events: ConnectionEvents): Promise<boolean> =>
  new Promise((resolve) => {
    port.open((error) => {
      if (error !== null) events.closed(serialReason(path, error));
      resolve(error === null);
    });
  });

/** T7: an unplugged adapter may give no close event at all, but its file goes, or becomes that of another one. */
function watchPort(path: string, before: string | null, events: ConnectionEvents): NodeJS.Timeout {
  return setInterval(() => {
    void fileOf(path).then((now) => {
      if (now === before) return;
      const what = now === null ? "is gone" : "is another port now";
      events.closed(`serial port ${path} ${what}: the device was unplugged`);
    });
  }, LOOK_MS);
}

/** What tells one plugging in from the next; null = there is no such file. */
const fileOf = (path: string): Promise<string | null> =>
  stat(path).then(
    ({ dev, ino, rdev }) => `${dev}/${ino}/${rdev}`,
    () => null,
  );

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)));

const closePort = (port: SerialPort): Promise<void> =>
  new Promise((resolve) => {
    if (!port.isOpen) {
      resolve();
      return;
    }
    const timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    try {
      port.close(done);
    } catch {
      // It went between the question and the close: there is nothing left to free.
      done();
    }
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
