import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { openDevice, type Reading } from "../../devices/index.ts";
import { startScale } from "../../firmware-sim/index.ts";
import { eventually } from "./transports/port.ts";

const folder = mkdtempSync(join(tmpdir(), "tallystick-serial-"));
const link = (name: string) => join(folder, name);

function collect(path: string, serial = "S1") {
  const readings: Reading[] = [];
  const device = openDevice(
    {
      id: "scale-1",
      protocol: "mt-sics",
      transport: { kind: "serial", path },
      serial,
      timing: { pollMs: 20, silentAfterMs: 300 },
    },
    { readings: (all) => readings.push(...all), status: () => {}, health: () => {} },
  );
  return { device, readings };
}
const stableMantissas = (readings: readonly Reading[]) =>
  readings.flatMap(({ quantity }) =>
    quantity.kind === "mass" && quantity.stability === "stable" ? [quantity.value.mantissa] : [],
  );

test("T2: a scale on a PTY is read through serialport, by the link's path", async (t) => {
  const scale = await startScale({ line: { kind: "pty", link: link("a") }, serial: "S1" });
  const { device, readings } = collect(link("a"));
  await eventually(() => stableMantissas(readings).at(-1) === 0, "the empty scale");
  scale.load(12_344);
  await eventually(() => stableMantissas(readings).at(-1) === 12_345, "12.345 kg");
  t.true(readings.some(({ quantity }) => quantity.kind === "mass" && quantity.stability === "motion"));
  t.is(device.health().state, "online");
  t.is(device.health().refused, 0);
  await device.close();
  await scale.close();
});

test("T2: a port that one gateway has left can be opened by the next", async (t) => {
  const scale = await startScale({ line: { kind: "pty", link: link("b") }, serial: "S1", loadGrams: 5_000 });
  for (let round = 0; round < 3; round++) {
    const { device, readings } = collect(link("b"));
    await eventually(() => stableMantissas(readings).at(-1) === 5_000, `5 kg in round ${round}`);
    await device.close();
  }
  t.true(scale.stats().answers >= 6);
  await scale.close();
});

test("T2: a port in use says so, and is taken when it is free", async (t) => {
  const scale = await startScale({ line: { kind: "pty", link: link("c") }, serial: "S1" });
  const first = collect(link("c"));
  await eventually(() => first.readings.length > 0, "the first host reads");
  const second = collect(link("c"));
  await eventually(() => second.device.health().lastError !== null, "the second host is refused");
  t.regex(second.device.health().lastError ?? "", /is in use by another program/);
  await first.device.close();
  await eventually(() => second.readings.length > 0, "the second host reads");
  await second.device.close();
  await scale.close();
});

test("D4: an unplugged adapter is noticed without a close event, and found again when it is back", async (t) => {
  const before = await startScale({ line: { kind: "pty", link: link("d") }, serial: "S1" });
  const { device, readings } = collect(link("d"));
  await eventually(() => readings.length > 0, "the first readings");
  await before.close();
  await eventually(() => (device.health().lastError ?? "").includes("does not exist"), "the missing port");
  const count = readings.length;
  const after = await startScale({ line: { kind: "pty", link: link("d") }, serial: "S1" });
  await eventually(() => readings.length > count, "readings after it is back");
  t.is(device.health().lastError, null);
  await device.close();
  await after.close();
});

test("T2: what is no serial port says so", async (t) => {
  writeFileSync(link("file"), "");
  const { device } = collect(link("file"));
  await eventually(() => device.health().lastError !== null, "an error");
  t.is(device.health().lastError, `${link("file")} is not a serial port: correct the path`);
  await device.close();
});
