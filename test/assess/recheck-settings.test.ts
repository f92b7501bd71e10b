import test from "ava";
import { decodeFrame } from "../../devices/protocols/index.ts";
import { simulatedNodeSettings } from "../../firmware-sim/index.ts";
import { births, nodeCore, weighing } from "../../firmware-sim/sparkplug-node/node-core.ts";
import { startHost, stepHost } from "../../devices/protocols/sparkplug/index.ts";
import { falsehood } from "../../gateway/assess/index.ts";
import type { Site, SiteDevice } from "../../ledger/management/index.ts";
import type { Decimal, Statement } from "../../ledger/statement/index.ts";
import { modelHash, site } from "./site.ts";

const AT = 1_732_190_001_000;
const device: SiteDevice = {
  id: "sp-1",
  gateway: "gw-1",
  station: "dock-9",
  protocol: "sparkplug",
  settings: simulatedNodeSettings,
  measures: ["mass", "dimensions", "item"],
  mass: { minKg: "0.02", maxKg: "60", divisionKg: "0.005" },
  dimensions: { minMm: "10", maxMm: "1600", divisionMm: "1" },
};
const siteWith = (settings: SiteDevice["settings"]): Site => ({
  ...site,
  devices: [...site.devices, { ...device, ...(settings === undefined ? {} : { settings }) }],
});

/** The frame of a second weighing, of the same size and another mass, as the gateway's host made it. */
function frameOfWeighing(): Uint8Array {
  let host = startHost([
    { id: "sp-1", address: { group: "g", node: "n", device: "d" }, settings: simulatedNodeSettings },
  ]);
  const born = births(nodeCore("g", "n", "d"), AT);
  const first = weighing(born.core, 0, { at: AT, item: "A", grams: 4_000, mm: [400, 300, 200] }, AT, false);
  const second = weighing(first.core, 1, { at: AT + 1, item: "B", grams: 4_120, mm: [400, 300, 200] }, AT + 1, false);
  let frame: Uint8Array | null = null;
  for (const { topic, payload } of [...born.said, first.said, second.said]) {
    const step = stepHost(host, { kind: "message", topic, payload, atMs: AT });
    host = step.state;
    for (const effect of step.effects) if (effect.kind === "frame") frame = effect.frame;
  }
  if (frame === null) throw new Error("the host made no frame");
  return frame;
}

const si = (mantissa: number, exponent: number): Decimal => ({ mantissa, exponent });
const statement = (mass: Decimal): Statement => ({
  number: 1,
  measurement: {
    item: "B",
    station: "dock-9",
    at: AT,
    mass,
    division: si(5, -3),
    dimensions: { length: si(400, -3), width: si(300, -3), height: si(200, -3) },
    frames: [{ device: "sp-1", bytes: frameOfWeighing() }],
  },
  assessment: {
    predictedGrams: 4_100,
    lowGrams: 1_000,
    highGrams: 9_000,
    verdict: "accept",
    reasons: [],
    model: modelHash,
  },
});

test("R3, P10, SP7: a peer that saw no birth reads a Sparkplug frame by the settings of its site", (t) => {
  const rules = falsehood(decodeFrame);
  const agreed = siteWith(simulatedNodeSettings);
  t.is(rules(0, statement(si(4_120, -3)), agreed), null);
  t.is(rules(0, statement(si(4_125, -3)), agreed), "mass is 4.125 kg, but the frame of device sp-1 shows 4.120 kg");
  t.is(
    rules(0, statement(si(412, -2)), agreed),
    "mass is given with the resolution of 4.12 kg, but the frame of device sp-1 shows 4.120 kg",
  );
});

test("R3, P10: the same frame says something else, or nothing, by other settings", (t) => {
  const rules = falsehood(decodeFrame);
  const grams = siteWith({ ...simulatedNodeSettings, massUnit: "g" });
  t.regex(rules(0, statement(si(4_120, -3)), grams) ?? "", /frame of device sp-1 shows 0\.004120 kg/);
  const other = siteWith({ ...simulatedNodeSettings, mass: "Weighing/Gross" });
  t.regex(
    rules(0, statement(si(4_120, -3)), other) ?? "",
    /no frame of a registered device of station dock-9 shows the mass/,
  );
  const { mass: _, ...broken } = simulatedNodeSettings;
  // C7: settings that this version does not understand are no proof of a lie.
  t.is(rules(0, statement(si(4_120, -3)), siteWith(broken)), null);
});
