import { closeSync, constants, openSync, readSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Connect, type Connection, type ConnectionEvents, once } from "./connection.ts";
import { type ListPorts, type PortFound, portsOfSysfs, portWith, type UsbIdentity } from "./ports.ts";

/** H1. `path`: `/dev/hidraw0`, which may be another one after the next plugging in; `usb`: wherever it is. */
export type HidSettings = { readonly kind: "hid" } & ({ readonly path: string } | { readonly usb: UsbIdentity });

/** H2: the kernel keeps 64 reports; a scale sends some ten a second. */
const LOOK_MS = 20;
const MOST_READS = 64;
/** More than any report; one read gives one. */
const READ_BYTES = 512;

/** The HID devices of this machine. */
export const listHids: ListPorts = () => portsOfSysfs("/sys/class/hidraw", "/dev", "/dev/hidraw/by-id");

/** Usage page 8D, weighing devices, as the first item of a report descriptor may write it (HID 1.11, 6.2.2.7). */
const WEIGHING = ["058d", "068d00"];

/** Those of them that are scales: a keyboard is a HID device, too. */
export async function listHidScales(folder = "/sys/class/hidraw", dev = "/dev"): Promise<readonly PortFound[]> {
  const found = await portsOfSysfs(folder, dev, join(dev, "hidraw/by-id"));
  const isScale = await Promise.all(
    found.map(({ path }) =>
      readFile(join(folder, basename(path), "device/report_descriptor"), "hex").then(
        (hex) => WEIGHING.some((page) => hex.startsWith(page)),
        () => false,
      ),
    ),
  );
  return found.filter((_, index) => isScale[index]).toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/** Reads the reports of a HID device (H1, H2); a FIFO stands for one. Nothing is ever written. */
export const connectHid =
  (settings: HidSettings, list: ListPorts = listHids): Connect =>
  (events) =>
    openHid(settings, list, events);

/** H1: the path of this device now, or a sentence why there is none. */
export const findHid = async (settings: HidSettings, list: ListPorts = listHids) =>
  "usb" in settings ? portWith(settings.usb, await list()) : { path: settings.path };

function openHid(settings: HidSettings, list: ListPorts, outer: ConnectionEvents): Connection {
  const events = once(outer);
  let file: number | null = null;
  let looking: NodeJS.Timeout | null = null;
  let isClosed = false;
  const release = (): void => {
    if (looking !== null) clearInterval(looking);
    looking = null;
    if (file !== null) closeSync(file);
    file = null;
  };
  const start = async (): Promise<void> => {
    const found = await findHid(settings, list);
    if ("fault" in found) return events.closed(found.fault);
    const opened = await openFile(found.path);
    if (typeof opened === "string") return events.closed(opened);
    file = opened;
    if (isClosed) return release();
    events.opened(found.path);
    const { path } = found;
    looking = setInterval(() => {
      const fault = file === null ? null : readAll(file, path, events.received);
      if (fault === null) return;
      release();
      events.closed(fault);
    }, LOOK_MS);
  };
  const settled = start().catch((error: unknown) => events.closed(`HID devices cannot be listed: ${String(error)}`));
  return {
    write: () => {},
    close: async () => {
      events.mute();
      isClosed = true;
      await settled;
      release();
    },
  };
}

/** A file number, or a sentence why there is none. Without waiting: a read that waits would hold a thread for ever. */
async function openFile(path: string): Promise<number | string> {
  try {
    const kind = await stat(path);
    if (!kind.isCharacterDevice() && !kind.isFIFO()) return `${path} is no HID device: correct the path`;
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    return hidReason(path, error as NodeJS.ErrnoException);
  }
}

/** H2: every report that is there; a sentence when the device is gone. */
function readAll(file: number, path: string, received: (report: Uint8Array) => void): string | null {
  for (let read = 0; read < MOST_READS; read++) {
    const buffer = new Uint8Array(READ_BYTES);
    try {
      const size = readSync(file, buffer);
      // Nobody has the other end of the FIFO: a scale without power.
      if (size === 0) return null;
      received(buffer.subarray(0, size));
    } catch (error) {
      const failed = error as NodeJS.ErrnoException;
      return failed.code === "EAGAIN" ? null : hidReason(path, failed);
    }
  }
  return null;
}

const sentences: Readonly<Record<string, string>> = {
  ENOENT: "does not exist: plug the device in or correct the path",
  EACCES: "may not be read by this user: add a udev rule for hidraw, or the user to the group that owns it",
  EPERM: "may not be read by this user: add a udev rule for hidraw, or the user to the group that owns it",
  EIO: "is gone: the device was unplugged",
  ENODEV: "is gone: the device was unplugged",
};

const hidReason = (path: string, { code, message }: NodeJS.ErrnoException): string =>
  `HID device ${path} ${sentences[code ?? ""] ?? `failed: ${message}`}`;
