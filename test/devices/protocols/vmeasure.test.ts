import test from "ava";
import * as fc from "fast-check";
import { openDevice, type Reading } from "../../../devices/index.ts";
import { decodeFrame, protocols, type Session, type SessionInput } from "../../../devices/protocols/index.ts";
import { startDimensioner } from "../../../firmware-sim/index.ts";
import { eventually, freePort } from "../transports/port.ts";
import { frame, latin1, mass, opened, talk, tick } from "./ascii.ts";

const page = {
  id: "461",
  scannedOn: "Wed Jan 20, 2021 04:43:54 PM",
  status: true,
  dimensionUnit: "in",
  length: "25.0",
  width: "19.5",
  height: "14.0",
  volumetricWeight: "0.51",
  weightUnit: "lb",
  sku: "SN68392239",
  actualWeight: "3.00",
  additionalInfo: "left dock",
};
const json = (change: Readonly<Record<string, unknown>> = {}): Uint8Array =>
  Buffer.from(JSON.stringify({ ...page, ...change }));
const decoded = (change: Readonly<Record<string, unknown>> = {}) => decodeFrame("vmeasure", json(change));
const kinds = (change: Readonly<Record<string, unknown>>) => {
  const answer = decoded(change);
  return answer.kind === "quantities" ? answer.quantities.map(({ kind }) => kind).join() : answer;
};

test("VM2, VM3, VM5: the maker's example, with its texts as exact decimals", (t) => {
  const { quantities } = mass([300, -2], "lb", "unknown", "unknown");
  const side = (mantissa: number) => ({ mantissa, exponent: -1 });
  t.deepEqual(decoded(), {
    kind: "quantities",
    quantities: [
      { kind: "item", item: "SN68392239" },
      { kind: "dimensions", length: side(250), width: side(195), height: side(140), unit: "in" },
      ...quantities,
    ],
  } as unknown as ReturnType<typeof decoded>);
});

test("VM4: a zero is no measurement, an empty sku no item, and nothing at all a status", (t) => {
  t.is(kinds({ actualWeight: "0.00" }), "item,dimensions");
  t.is(kinds({ width: "0.0" }), "item,mass");
  t.is(kinds({ sku: "" }), "dimensions,mass");
  t.deepEqual(kinds({ sku: "", width: "0", actualWeight: "0.00" }), { kind: "status", status: "empty" });
  t.deepEqual(kinds({ status: false }), { kind: "status", status: "no-scan" });
});

test("VM1-VM4: what is not as described is refused", (t) => {
  for (const change of [
    { length: 25 },
    { length: "25,0" },
    { length: "-25.0" },
    { length: "" },
    { length: "1e3" },
    { actualWeight: "3.00 lb" },
    { dimensionUnit: "inch" },
    { weightUnit: "lbs" },
    { sku: "A\u00e9" },
    { sku: "A".repeat(65) },
    { id: "" },
    { status: "true" },
    { additionalInfo: "x".repeat(400) },
  ])
    t.is(decoded(change).kind, "refused", JSON.stringify(change));
  for (const text of ["", "[]", "<html>", '{"status":true}', `${JSON.stringify(page)} x`])
    t.is(decodeFrame("vmeasure", latin1(text)).kind, "refused", text);
  const twice = JSON.stringify(page).replace("{", '{"length":"99.0",');
  t.deepEqual(decodeFrame("vmeasure", latin1(twice)), { kind: "refused", reason: '"length" stands there twice' });
});

test("VM2: a side is read as the digits that stand there, trailing zeros and all", (t) => {
  fc.assert(
    fc.property(fc.stringMatching(/^[1-9]\d{0,3}\.\d{1,3}$/), (length) => {
      const answer = decoded({ length });
      const box =
        answer.kind === "quantities" ? answer.quantities.find(({ kind }) => kind === "dimensions") : undefined;
      if (box?.kind !== "dimensions") return t.fail();
      const [whole = "", decimals = ""] = length.split(".");
      t.deepEqual(box.length, { mantissa: Number(whole + decimals), exponent: -decimals.length });
    }),
    { numRuns: 200 },
  );
});

test("VM6: what was there at the beginning is not taken, a new scan once", (t) => {
  const GET = JSON.stringify("GET");
  const old = json();
  const fresh = json({ id: "462" });
  const sameIdLater = json({ id: "462", scannedOn: "Wed Jan 20, 2021 04:44:10 PM" });
  t.deepEqual(talk("vmeasure", [opened, frame(old, 5), tick(500), frame(old, 505), tick(1_000), frame(fresh, 1_005)]), [
    GET,
    GET,
    "admit",
  ]);
  t.deepEqual(talk("vmeasure", [opened, frame(old, 5), frame(fresh, 10), frame(fresh, 20), frame(sameIdLater, 30)]), [
    "admit",
    "admit",
  ]);
});

test("L9: with a configured serial number nothing is taken", (t) => {
  const settings = { pollMs: 100, replyTimeoutMs: 500, settleMs: 50, serial: "S1" };
  let session: Session | undefined = protocols.get("vmeasure")?.startSession?.(settings);
  const effects: string[] = [];
  const inputs: readonly SessionInput[] = [opened, frame(json(), 5), frame(json({ id: "462" }), 10)];
  for (const input of inputs) {
    const done = session?.step(input);
    session = done?.session;
    effects.push(...(done?.effects ?? []).map(({ kind }) => kind));
  }
  t.deepEqual(effects, ["damaged"]);
});

test("VM6, D1: a simulated vMeasure is asked over HTTP, and every scan read once", async (t) => {
  const port = await freePort();
  const dimensioner = await startDimensioner({ protocol: "vmeasure", line: { kind: "tcp", port } });
  const readings: Reading[] = [];
  const device = openDevice(
    {
      id: "dimensioner-1",
      protocol: "vmeasure",
      transport: { kind: "http", url: `http://127.0.0.1:${port}/api/dimension/` },
    },
    { readings: (all) => readings.push(...all), status: () => {}, health: () => {} },
  );
  await eventually(() => device.health().state === "online", "an answer");
  t.is(device.health().place, `http://127.0.0.1:${port}/api/dimension/`);
  dimensioner.present({ item: "395200100000000012", mm: [321, 150, 87] });
  await eventually(() => readings.length === 2, "a scan");
  const before = device.health().frames;
  await eventually(() => device.health().frames > before + 1, "two more answers");
  t.is(readings.length, 2);
  t.deepEqual(
    readings.map(({ quantity }) => (quantity.kind === "item" ? quantity.item : quantity.kind)),
    ["395200100000000012", "dimensions"],
  );
  dimensioner.present({ item: "395200100000000012", mm: [321, 150, 87] });
  await eventually(() => readings.length === 4, "the same again, scanned anew");
  await dimensioner.close();
  await eventually(() => device.health().state === "connecting", "that it has gone");
  t.regex(device.health().lastError ?? "", /refuses the connection|broke/);
  await device.close();
});

test("a simulated web server wants a TCP port", async (t) => {
  await t.throwsAsync(startDimensioner({ protocol: "vmeasure", line: { kind: "pty", link: "./never" } }), {
    message: "vmeasure has a web server: give it a TCP port",
  });
});
