import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { type DeviceSettings, openDevice, type Reading } from "../../devices/index.ts";
import type { PortFound } from "../../devices/transports/ports.ts";
import { startScale } from "../../firmware-sim/index.ts";
import { eventually } from "./transports/port.ts";

const folder = mkdtempSync(join(tmpdir(), "tallystick-plug-"));

function open(more: Pick<DeviceSettings, "transport"> & Partial<DeviceSettings>) {
  const readings: Reading[] = [];
  const device = openDevice(
    { id: "scale-1", protocol: "mt-sics", timing: { pollMs: 20, silentAfterMs: 1_000 }, ...more },
    { readings: (all) => readings.push(...all), status: () => {}, health: () => {} },
  );
  const last = () => {
    const quantity = readings.at(-1)?.quantity;
    return quantity?.kind === "mass" ? quantity.value.mantissa : null;
  };
  return { device, last };
}
const scaleOn = (name: string, serial: string, loadGrams: number) =>
  startScale({ line: { kind: "pty", link: join(folder, name) }, serial, loadGrams });

test("T5: an adapter that comes back under another name is found by its USB identity", async (t) => {
  const plugged: PortFound[] = [];
  const plug = (name: string, serial: string) =>
    plugged.push({ path: join(folder, name), byId: null, vid: "0403", pid: "6001", serial, manufacturer: null });
  const before = await scaleOn("usb0", "S1", 1_000);
  plug("usb0", "A50285BI");
  const { device, last } = open({
    transport: { kind: "serial", usb: { vid: "0403", pid: "6001", serial: "A50285BI" } },
    listPorts: async () => plugged,
  });
  await eventually(() => last() === 1_000, "1 kg on the first name");
  t.is(device.health().place, `${join(folder, "usb0")} at 9600 8N1`);
  plugged.length = 0;
  await before.close();
  await eventually(() => (device.health().lastError ?? "").includes("is not plugged in"), "the missing adapter");
  // Another adapter has taken the old name.
  const other = await scaleOn("usb0", "S2", 7_000);
  plug("usb0", "B0000000");
  const after = await scaleOn("usb1", "S1", 2_000);
  plug("usb1", "A50285BI");
  await eventually(() => last() === 2_000, "2 kg on the second name");
  t.is(device.health().place, `${join(folder, "usb1")} at 9600 8N1`);
  await device.close();
  await Promise.all([other.close(), after.close()]);
});

test("T5: a scale without a USB identity is found among all ports by its own serial number", async (t) => {
  const other = await scaleOn("ttyA0", "S9", 9_000);
  const before = await scaleOn("ttyA1", "S1", 1_000);
  const { device, last } = open({ transport: { kind: "serial", path: join(folder, "ttyA*") }, serial: "S1" });
  await eventually(() => last() === 1_000, "1 kg");
  await before.close();
  const after = await scaleOn("ttyA2", "S1", 2_000);
  await eventually(() => last() === 2_000, "2 kg under another name", 10_000);
  t.is(device.health().place, `${join(folder, "ttyA2")} at 9600 8N1`);
  await device.close();
  await Promise.all([other.close(), after.close()]);
});

test("T7: a link that leads to another device now is another port, also while the old one still answers", async (t) => {
  const link = join(folder, "by-id");
  const before = await startScale({ line: { kind: "pty", link }, serial: "S1", loadGrams: 1_000 });
  const { device, last } = open({ transport: { kind: "serial", path: link } });
  await eventually(() => last() === 1_000, "1 kg");
  const after = await startScale({ line: { kind: "pty", link }, serial: "S1", loadGrams: 2_000 });
  await eventually(() => last() === 2_000, "2 kg of the device that the link names now");
  t.is(device.health().state, "online");
  await device.close();
  await Promise.all([before.close(), after.close()]);
});
