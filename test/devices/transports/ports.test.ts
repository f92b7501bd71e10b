import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { listHidScales } from "../../../devices/transports/hid.ts";
import { listPorts, type PortFound, portsLike, portsOfSysfs, portWith } from "../../../devices/transports/ports.ts";

const port = (path: string, serial: string | null, pid = "6001"): PortFound => ({
  path,
  byId: null,
  vid: "0403",
  pid,
  serial,
  manufacturer: null,
});

test("T5: an adapter is found by its identity under whatever name it has now", (t) => {
  const identity = { vid: "0403", pid: "6001", serial: "A1" };
  t.deepEqual(portWith(identity, [port("/dev/ttyUSB0", "A1"), port("/dev/ttyUSB1", "B2")]), { path: "/dev/ttyUSB0" });
  t.deepEqual(portWith(identity, [port("/dev/ttyUSB0", "B2"), port("/dev/ttyUSB1", "A1")]), { path: "/dev/ttyUSB1" });
});

test("T5: an adapter that is not there, or there twice, is a sentence and no guess", (t) => {
  const identity = { vid: "0403", pid: "6001" };
  t.regex(
    JSON.stringify(portWith({ ...identity, serial: "A1" }, [port("/dev/ttyUSB0", "B2")])),
    /0403:6001 with serial number A1 is not plugged in \(plugged in of this type, with serial number: B2\)/,
  );
  t.regex(JSON.stringify(portWith(identity, [port("/dev/a", "1", "6014")])), /is not plugged in: plug it in/);
  t.regex(
    JSON.stringify(portWith(identity, [port("/dev/a", null), port("/dev/b", null)])),
    /plugged in more than once \(\/dev\/a, \/dev\/b\)/,
  );
});

test("T5: where udev is missing, the kernel says which adapter a port belongs to", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "tallystick-sysfs-"));
  const usb = join(root, "devices/usb1/1-1");
  mkdirSync(join(usb, "1-1:1.0/ttyUSB3"), { recursive: true });
  for (const [name, text] of Object.entries({
    idVendor: "0403",
    idProduct: "6001",
    serial: "A50285BI",
    manufacturer: "FTDI",
  }))
    writeFileSync(join(usb, name), `${text}\n`);
  mkdirSync(join(root, "devices/platform/serial8250"), { recursive: true });
  for (const [name, device] of [
    ["ttyUSB3", join(usb, "1-1:1.0/ttyUSB3")],
    ["ttyS0", join(root, "devices/platform/serial8250")],
  ] as const) {
    mkdirSync(join(root, "tty", name), { recursive: true });
    symlinkSync(device, join(root, "tty", name, "device"));
  }
  mkdirSync(join(root, "tty/tty0"));
  mkdirSync(join(root, "by-id"));
  symlinkSync("../../ttyUSB3", join(root, "by-id/usb-FTDI_A50285BI-if00-port0"));
  t.deepEqual(await portsOfSysfs(join(root, "tty"), "/dev", join(root, "by-id")), [
    {
      path: "/dev/ttyUSB3",
      byId: join(root, "by-id/usb-FTDI_A50285BI-if00-port0"),
      vid: "0403",
      pid: "6001",
      serial: "A50285BI",
      manufacturer: "FTDI",
    },
  ]);
  t.deepEqual(await portsOfSysfs(join(root, "nothing"), "/dev", root), []);
});

test("T5: a pattern names the ports that are there now, in order", async (t) => {
  const dir = mkdtempSync(join(tmpdir(), "tallystick-ports-"));
  for (const name of ["ttyUSB1", "ttyUSB0", "ttyACM0", "tty"]) writeFileSync(join(dir, name), "");
  t.deepEqual(await portsLike(join(dir, "ttyUSB*")), [join(dir, "ttyUSB0"), join(dir, "ttyUSB1")]);
  t.deepEqual(await portsLike(join(dir, "tty*0")), [join(dir, "ttyACM0"), join(dir, "ttyUSB0")]);
  t.deepEqual(await portsLike(join(dir, "none/tty*")), []);
});

test("T5: a machine without serial ports, or without the means to tell, lists none and does not fail", async (t) => {
  t.true(Array.isArray(await listPorts()));
});

test("H1: of all HID devices those are listed that weigh", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "tallystick-hidraw-"));
  for (const [name, idVendor, descriptor] of [
    ["hidraw0", "046d", "05010906"],
    ["hidraw1", "0922", "058d0920a101"],
  ] as const) {
    const usb = join(root, "devices", name);
    const device = join(usb, "1-1:1.0/0003");
    mkdirSync(device, { recursive: true });
    writeFileSync(join(usb, "idVendor"), `${idVendor}\n`);
    writeFileSync(join(usb, "idProduct"), "8003\n");
    writeFileSync(join(device, "report_descriptor"), Buffer.from(descriptor, "hex"));
    mkdirSync(join(root, "hidraw", name), { recursive: true });
    symlinkSync(device, join(root, "hidraw", name, "device"));
  }
  const scales = await listHidScales(join(root, "hidraw"), "/dev");
  t.deepEqual(
    scales.map(({ path, vid, pid }) => [path, vid, pid]),
    [["/dev/hidraw1", "0922", "8003"]],
  );
});
