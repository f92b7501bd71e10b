import { readdir, readFile, readlink, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A serial port that is plugged in. USB ids are four small hex digits. */
export type PortFound = {
  /** `/dev/ttyUSB0`: may be another one after the next plugging in. */
  readonly path: string;
  /** `/dev/serial/by-id/...`: the same as long as the adapter is. Null where the system makes no such links. */
  readonly byId: string | null;
  readonly vid: string | null;
  readonly pid: string | null;
  /** Serial number of the adapter, not of the scale behind it. */
  readonly serial: string | null;
  readonly manufacturer: string | null;
};

/** An adapter by what does not change when it is plugged in elsewhere. */
export type UsbIdentity = { readonly vid: string; readonly pid: string; readonly serial?: string };

export type ListPorts = () => Promise<readonly PortFound[]>;

const BY_ID = "/dev/serial/by-id";

/** The serial ports of this machine, by name of the path. Never rejects: a machine that cannot tell has none. */
export const listPorts: ListPorts = async () => {
  const found = await portsOfLibrary().catch(() => portsOfSysfs("/sys/class/tty", "/dev", BY_ID));
  return found.toSorted((a, b) => (a.path < b.path ? -1 : 1));
};

/** serialport asks udev; where that is missing (containers), it rejects. */
async function portsOfLibrary(): Promise<readonly PortFound[]> {
  const { SerialPort } = await import("serialport");
  const ports = await SerialPort.list();
  return ports.map(({ path, pnpId, vendorId, productId, serialNumber, manufacturer }) => ({
    path,
    byId: pnpId === undefined ? null : join(BY_ID, pnpId),
    vid: vendorId?.toLowerCase() ?? null,
    pid: productId?.toLowerCase() ?? null,
    serial: serialNumber ?? null,
    manufacturer: manufacturer ?? null,
  }));
}

/** A USB function, its interface and its port lie in folders below the device that has the ids. */
const SYSFS_LEVELS = 4;

/** What the kernel says by itself: every tty with a device behind it. Folders that cannot be read hold nothing. */
export async function portsOfSysfs(ttys: string, dev: string, byIdDir: string): Promise<readonly PortFound[]> {
  const [names, links] = await Promise.all([namesIn(ttys), linksIn(byIdDir)]);
  const found = await Promise.all(
    names.map(async (name): Promise<PortFound | null> => {
      const device = await realpath(join(ttys, name, "device")).catch(() => null);
      if (device === null) return null;
      const usb = await usbDeviceAbove(device);
      // A machine has dozens of ttyS without a UART behind them.
      if (usb === null && !/^tty(AMA|ACM|USB|XRUSB)/.test(name)) return null;
      return {
        path: join(dev, name),
        byId: links.get(name) ?? null,
        vid: usb === null ? null : await wordIn(usb, "idVendor"),
        pid: usb === null ? null : await wordIn(usb, "idProduct"),
        serial: usb === null ? null : await wordIn(usb, "serial"),
        manufacturer: usb === null ? null : await wordIn(usb, "manufacturer"),
      };
    }),
  );
  return found.filter((port) => port !== null);
}

async function usbDeviceAbove(device: string): Promise<string | null> {
  let at = device;
  for (let level = 0; level < SYSFS_LEVELS; level++) {
    if ((await wordIn(at, "idVendor")) !== null) return at;
    at = dirname(at);
  }
  return null;
}

const wordIn = (folder: string, name: string): Promise<string | null> =>
  readFile(join(folder, name), "utf8").then(
    (text) => text.trim() || null,
    () => null,
  );

const namesIn = (folder: string): Promise<readonly string[]> => readdir(folder).catch(() => []);

/** From the kernel's name of a port to its stable link. */
async function linksIn(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await namesIn(folder);
  const entries = await Promise.all(
    names.map(async (name) => {
      const target = await readlink(join(folder, name)).catch(() => null);
      return target === null ? null : ([basename(target), join(folder, name)] as const);
    }),
  );
  return new Map(entries.filter((entry) => entry !== null));
}

/** T5: the path of the one port with this identity now, or a sentence why there is none. */
export function portWith(
  { vid, pid, serial }: UsbIdentity,
  ports: readonly PortFound[],
): { readonly path: string } | { readonly fault: string } {
  const name = `USB adapter ${vid}:${pid}${serial === undefined ? "" : ` with serial number ${serial}`}`;
  const same = ports.filter((port) => port.vid === vid && port.pid === pid);
  const [port, second] = same.filter((one) => serial === undefined || one.serial === serial);
  if (port === undefined) {
    const others = same.map((one) => one.serial ?? "none").join(", ");
    const hint = others === "" ? "" : ` (plugged in of this type, with serial number: ${others})`;
    return {
      fault: `${name} is not plugged in${hint}: plug it in, or correct usb ("tallystick devices list" shows what is there)`,
    };
  }
  if (second !== undefined) {
    return {
      fault: `${name} is plugged in more than once (${port.path}, ${second.path}): name its serial number in usb, or its /dev/serial/by-id link in path`,
    };
  }
  return { path: port.path };
}

/** T5: the ports that a pattern names now, sorted. `*` may stand in the last part of the path, once. */
export async function portsLike(pattern: string): Promise<readonly string[]> {
  const [before = "", behind = ""] = basename(pattern).split("*");
  const names = await namesIn(dirname(pattern));
  return names
    .filter((name) => name.length >= before.length + behind.length && name.startsWith(before) && name.endsWith(behind))
    .sort()
    .map((name) => join(dirname(pattern), name));
}
