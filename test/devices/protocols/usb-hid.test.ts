import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import * as fc from "fast-check";
import { openDevice, type Reading } from "../../../devices/index.ts";
import { cutStream, decodeFrame, protocols } from "../../../devices/protocols/index.ts";
import { connectHid } from "../../../devices/transports/hid.ts";
import { startScale } from "../../../firmware-sim/index.ts";
import { eventually } from "../transports/port.ts";
import { hex, mass } from "./ascii.ts";

const folder = mkdtempSync(join(tmpdir(), "tallystick-hid-"));
const decoded = (text: string) => decodeFrame("usb-hid", hex(text));

test("UH2, UH3: reports of known scales, byte for byte", (t) => {
  t.deepEqual(decoded("03 04 0b ff 34 19"), mass([6452, -1], "oz", "stable", "unknown"));
  t.deepEqual(decoded("03 04 02 00 14 00"), mass([20, 0], "g", "stable", "unknown"));
  t.deepEqual(decoded("03 04 0b ff 7b 00"), mass([123, -1], "oz", "stable", "unknown"));
  t.deepEqual(decoded("03 03 0c fe ed 03"), mass([1005, -2], "lb", "motion", "unknown"));
});

test("UH2: the exponent is signed, and every one from -3 to 2 counts", (t) => {
  for (const [byte, exponent] of [
    ["fd", -3],
    ["fe", -2],
    ["ff", -1],
    ["00", 0],
    ["01", 1],
    ["02", 2],
  ] as const)
    t.deepEqual(decoded(`03 04 03 ${byte} ff ff`), mass([65_535, exponent], "kg", "stable", "unknown"));
  for (const byte of ["fc", "03", "80", "7f"]) t.is(decoded(`03 04 03 ${byte} 01 00`).kind, "refused");
});

test("UH3: every unit of the usage tables is read or refused by its name, and shown", (t) => {
  const said = (unit: number) => decodeFrame("usb-hid", Uint8Array.of(3, 4, unit, 0, 1, 0));
  const units = Array.from({ length: 12 }, (_, index) => said(index + 1)).map((answer) =>
    answer.kind === "quantities" && answer.quantities[0]?.kind === "mass" ? answer.quantities[0].unit : answer,
  );
  const foreign = (name: string) => ({ kind: "refused", reason: `the unit ${name} is not read`, shows: name });
  t.deepEqual(units, [
    "mg",
    "g",
    "kg",
    foreign("carat"),
    foreign("tael"),
    foreign("grain"),
    foreign("pennyweight"),
    "t",
    foreign("avoirdupois ton"),
    foreign("troy ounce"),
    "oz",
    "lb",
  ]);
});

test("UH4, UH5: an error status has no weight, whatever stands behind it", (t) => {
  t.deepEqual(decoded("03 02 02 00 00 00"), mass([0, 0], "g", "stable", "unknown", ["center-of-zero"]));
  t.is(decoded("03 02 02 00 01 00").kind, "refused");
  for (const [code, status] of [
    [1, "fault"],
    [5, "under-zero"],
    [6, "overload"],
    [7, "needs-calibration"],
    [8, "needs-zero"],
  ] as const) {
    t.deepEqual(decodeFrame("usb-hid", Uint8Array.of(3, code, 2, 0, 0, 0)), { kind: "status", status });
    t.deepEqual(decodeFrame("usb-hid", Uint8Array.of(3, code, 2, 0, 20, 0)), { kind: "status", status });
  }
});

test("UH1: reports of another id are no frames, and the next data report is read", (t) => {
  const { framing } = protocols.get("usb-hid") ?? { framing: { kind: "message" } };
  if (framing.kind !== "stream") return t.fail();
  const bytes = hex("09 04 02 00 14 00 02 01 03 04 02 00 14 00 09 00 00 00 00 00 00 00 03 02 02 00 00 00");
  const { parts } = cutStream(framing.takeFrame, new Uint8Array(0), bytes);
  t.deepEqual(
    parts.map(({ kind, bytes: { length } }) => [kind, length]),
    [
      ["noise", 8],
      ["frame", 6],
      ["noise", 8],
      ["frame", 6],
    ],
  );
});

test("UH1-UH4: every report has the value that its bytes say, or none", (t) => {
  const report = fc.tuple(
    fc.constantFrom(2, 3, 4),
    fc.constantFrom(1, 2, 3, 8, 11, 12),
    fc.integer({ min: -3, max: 2 }),
    fc.nat(65_535),
  );
  fc.assert(
    fc.property(report, ([status, unit, exponent, weight]) => {
      const answer = decodeFrame(
        "usb-hid",
        Uint8Array.of(3, status, unit, exponent & 0xff, weight & 0xff, weight >> 8),
      );
      if (status === 2 && weight !== 0) return t.is(answer.kind, "refused");
      if (answer.kind !== "quantities" || answer.quantities[0]?.kind !== "mass") return t.fail();
      const { value, stability } = answer.quantities[0];
      t.deepEqual([value, stability], [{ mantissa: weight, exponent }, status === 3 ? "motion" : "stable"]);
    }),
    { numRuns: 300 },
  );
});

const open = (path: string, readings: Reading[] = []) =>
  openDevice(
    { id: "scale-1", protocol: "usb-hid", transport: { kind: "hid", path }, timing: { silentAfterMs: 500 } },
    { readings: (all) => readings.push(...all), status: () => {}, health: () => {} },
  );

test("H1, H2: a simulated scale behind a FIFO is read from end to end, unplugged and plugged in again", async (t) => {
  const path = join(folder, "hidraw0");
  const readings: Reading[] = [];
  const device = open(path, readings);
  const grams = () =>
    readings.flatMap(({ quantity }) =>
      quantity.kind === "mass" && quantity.stability === "stable" ? [quantity.value.mantissa] : [],
    );
  await eventually(() => (device.health().lastError ?? "").includes("does not exist"), "a sentence");
  t.is(device.health().lastError, `HID device ${path} does not exist: plug the device in or correct the path`);
  const scale = await startScale({ protocol: "usb-hid", line: { kind: "fifo", path } });
  await eventually(() => grams().includes(0), "an empty scale");
  scale.load(12_344);
  await eventually(() => grams().includes(12_345), "12.345 kg");
  t.deepEqual([device.health().state, device.health().refused, device.health().noiseBytes], ["online", 0, 0]);
  await scale.close();
  await eventually(() => device.health().state !== "online", "that it is gone");
  const again = await startScale({ protocol: "usb-hid", line: { kind: "fifo", path }, loadGrams: 500 });
  await eventually(() => grams().includes(500), "the other load");
  await device.close();
  await again.close();
});

test("H1: a file that is no device is a sentence", async (t) => {
  const path = join(folder, "file");
  writeFileSync(path, "03");
  const device = open(path);
  await eventually(() => device.health().lastError !== null, "a sentence");
  t.is(device.health().lastError, `${path} is no HID device: correct the path`);
  await device.close();
});

test("H1: by its ids it is found anew at every attempt, and one that is not there is a sentence", async (t) => {
  const path = join(folder, "hidraw7");
  const port = { path, byId: null, vid: "0922", pid: "8003", serial: null, manufacturer: null };
  const scale = await startScale({ protocol: "usb-hid", line: { kind: "fifo", path } });
  const said: string[] = [];
  const attempt = (ports: readonly (typeof port)[]) =>
    connectHid(
      { kind: "hid", usb: { vid: "0922", pid: "8003" } },
      async () => ports,
    )({
      opened: (place) => said.push(place),
      received: () => {},
      closed: (reason) => said.push(reason),
    });
  const missing = attempt([]);
  await eventually(() => said.length === 1, "a sentence");
  t.regex(said[0] ?? "", /^USB adapter 0922:8003 is not plugged in/);
  await missing.close();
  const found = attempt([port]);
  await eventually(() => said.length === 2, "the device");
  t.is(said[1], path);
  await found.close();
  await scale.close();
});

test("D2: a protocol of byte lines does not come from a HID device", (t) => {
  t.throws(
    () =>
      openDevice(
        { id: "scale-1", protocol: "mt-sics", transport: { kind: "hid", path: "/dev/hidraw0" } },
        { readings: () => {}, status: () => {}, health: () => {} },
      ),
    { message: /mt-sics comes over a byte line/ },
  );
});
