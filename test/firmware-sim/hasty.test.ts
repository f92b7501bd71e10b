import test from "ava";
import { openDevice, type Reading } from "../../devices/index.ts";
import { type JournalLine, startDimensioner, startScale, startStation } from "../../firmware-sim/index.ts";
import { startStation as pairing, step } from "../../gateway/station/index.ts";
import { eventually, freePort } from "../devices/transports/port.ts";

const KILOGRAMS = -3;
const settings = {
  station: "dock-1",
  windowMs: 5_000,
  earlyMs: 300,
  devices: [
    { id: "mt-sics", delivery: "stream", measures: ["mass"], mass: null, dimensions: null },
    { id: "sick", delivery: "event", measures: ["dimensions", "item"], mass: null, dimensions: null },
  ],
} as const;

test("F15, P13: an impatient operator's items get no mass of the next one, and the others are each measured once", async (t) => {
  const [scalePort, dimensionerPort] = [await freePort(), await freePort()];
  const lines: JournalLine[] = [];
  const station = await startStation({
    items: (number) =>
      number < 8
        ? {
            item: `I${number}`,
            grams: 1_000 + 2_000 * number,
            mm: [300 + number, 200, 100],
            ...(number % 2 === 0 ? { hasty: true } : {}),
          }
        : null,
    journal: null,
    ratePerSecond: 10,
    dwellMs: 300,
    scale: (start) => startScale({ ...start, line: { kind: "tcp", port: scalePort } }),
    dimensioner: () => startDimensioner({ line: { kind: "tcp", port: dimensionerPort } }),
    onEvent: ({ kind, line }) => kind === "removed" && lines.push(line),
  });
  let state = pairing(settings, null);
  const measured: string[] = [];
  const readings = (all: readonly Reading[]) => {
    const [first] = all;
    if (first === undefined) return;
    const { device, receivedAt: at, frame } = first;
    const quantities = all.map(({ quantity }) => quantity);
    const since = performance.now();
    const next = step(state, { kind: "frame", device, at, since, reloaded: false, frame, quantities, reading: null });
    ({ state } = next);
    for (const effect of next.effects) {
      if (effect.kind !== "measure") continue;
      const { item, mass, dimensions } = effect.measurement;
      t.is(mass.exponent, KILOGRAMS);
      measured.push(`${item} ${mass.mantissa} ${dimensions.length.mantissa}`);
    }
  };
  const open = (protocol: string, port: number) =>
    openDevice(
      { id: protocol, protocol, transport: { kind: "tcp", host: "127.0.0.1", port }, timing: { pollMs: 50 } },
      { readings, status: () => {}, health: () => {} },
    );
  const devices = [open("mt-sics", scalePort), open("sick", dimensionerPort)];
  await eventually(() => lines.length === 8, "all items are gone", 20_000);
  for (const device of devices) await device.close();
  await station.close();
  const truth = lines.map(({ item, grams, mm }) => `${item} ${grams} ${mm?.[0]}`);
  for (const one of measured) t.true(truth.includes(one), one);
  t.is(new Set(measured).size, measured.length);
  for (const [index, { hasty }] of lines.entries()) {
    if (hasty !== true) t.true(measured.includes(truth[index] ?? ""), truth[index]);
  }
});
