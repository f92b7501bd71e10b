import { setTimeout as sleep } from "node:timers/promises";
import { type Broker, startBroker } from "../../../devices/index.ts";
import { parseMessageFault, type Fault } from "../../../firmware-sim/faults/index.ts";
import {
  type JournalLine,
  simulatedNodeSettings,
  startMqttSensor,
  startSparkplugNode,
  syntheticItems,
} from "../../../firmware-sim/index.ts";
import type { SiteDevice } from "../../../ledger/management/index.ts";
import type { Measurement } from "../../../ledger/statement/index.ts";
import { type Cell, type CellResult, ingestOf } from "./cell.ts";
import { judge } from "./judge.ts";

export const publishedProtocols = ["senml-cbor", "senml-json", "sparkplug"] as const;
type Published = (typeof publishedProtocols)[number];

/** The columns of the matrix that can happen to a device on MQTT; times are short, because they pass. */
export const faultsOfMessages: readonly { readonly name: string; readonly faults: readonly string[] }[] = [
  { name: "none", faults: [] },
  { name: "slow", faults: ["slow=120"] },
  { name: "flood", faults: ["flood=1/9000"] },
  { name: "duplicate", faults: ["duplicate=0.3"] },
  { name: "silence", faults: ["silence=0.7/0.4"] },
  { name: "unplug", faults: ["unplug=0.8/0.3"] },
  { name: "reboot", faults: ["reboot=0.8/0.3"] },
  { name: "stuck", faults: ["stuck=0.7/0.4"] },
  { name: "gap", faults: ["gap=0.7/0.4"] },
  { name: "unit", faults: ["unit=0.7/0.4"] },
  { name: "clock", faults: ["clock=0.7/3600"] },
  { name: "stacked", faults: ["slow=30", "duplicate=0.1", "silence=1.1/0.3", "reboot=1.3/0.2", "clock=0.5/60"] },
];

const PRESENTING_MS = 2_600;
/** For what was presented and is on its way, or waits for a fault to end. */
const SETTLING_MS = 6_000;
const LOOK_MS = 50;
const RATE = 8;

/** A device that publishes, its broker, its driver and its station: all real and in real time, and only the disk is not. */
export async function runPublishedCell(
  cell: Omit<Cell, "protocol"> & { readonly protocol: Published },
): Promise<CellResult> {
  const accepted: Measurement[] = [];
  const ingest = ingestOf([registered(cell.protocol)], accepted);
  const broker = await brokerOf(cell.protocol, async (frame) => ingest.onMessage(frame));
  const presented: JournalLine[] = [];
  const items = syntheticItems(cell.seed, 3);
  const untilMs = performance.now() + PRESENTING_MS;
  const device = startDevice(cell, broker, {
    items: (number) => (performance.now() < untilMs ? items(number) : null),
    onEvent: (event) => {
      if (event.kind === "presented") presented.push(event.line);
    },
  });
  await sleep(PRESENTING_MS);
  const settledMs = performance.now() + SETTLING_MS;
  while (accepted.length < presented.length && performance.now() < settledMs) await sleep(LOOK_MS);
  const state = broker.health().find(({ device: id }) => id === "d1")?.state ?? "gone";
  await device.close();
  await broker.close();
  await ingest.stop();
  const truth = presented.map(({ item, grams = 0, mm = [0, 0, 0] }) => ({
    item,
    kilograms: { mantissa: grams, exponent: -3 },
    mm,
  }));
  return { ...judge(truth, accepted), presented: truth.length, state };
}

const registered = (protocol: Published): SiteDevice => ({
  id: "d1",
  gateway: "gw-1",
  station: "dock-1",
  protocol,
  measures: ["mass", "dimensions", "item"],
  mass: { minKg: "0.020", maxKg: "60.000", divisionKg: "0.005" },
  dimensions: { minMm: "10", maxMm: "2000", divisionMm: "1" },
});

type Take = ReturnType<typeof ingestOf>["onMessage"];

const login = { username: "dock/line-1", password: "secret-1" };
const address = { group: "dock", node: "line-1", device: "scale" };

function brokerOf(protocol: Published, take: Take): Promise<Broker> {
  const device = { id: "d1", protocol };
  return startBroker({
    host: "127.0.0.1",
    port: 0,
    ...(protocol === "sparkplug"
      ? {
          devices: [],
          sparkplug: {
            hostId: "gw-1",
            timing: { reorderMs: 200, rebirthMs: 300, graceMs: 200 },
            nodes: [{ group: "dock", node: "line-1", ...login }],
            devices: [{ ...device, settings: simulatedNodeSettings, address }],
          },
        }
      : { devices: [{ ...device, username: "d1", password: login.password }] }),
    onReadings: async (_device, readings) => {
      const [first] = readings;
      if (first === undefined) return;
      const quantities = readings.map(({ quantity }) => quantity);
      await take({ device: "d1", at: first.receivedAt, frame: first.frame, quantities });
    },
  });
}

type Presenting = {
  readonly items: ReturnType<typeof syntheticItems>;
  readonly onEvent: (event: { readonly kind: string; readonly line: JournalLine } | { readonly kind: "other" }) => void;
};

function startDevice({ protocol, faults, seed }: Cell, broker: Broker, { items, onEvent }: Presenting) {
  const made = faults.map((text): Fault => {
    const fault = parseMessageFault(text, seed);
    if (typeof fault === "string") throw new RangeError(fault);
    return fault;
  });
  const common = { url: `mqtt://127.0.0.1:${broker.port}`, items, journal: null, ratePerSecond: RATE, faults: made };
  if (protocol === "sparkplug") {
    return startSparkplugNode({
      ...common,
      ...login,
      ...address,
      primaryHost: "gw-1",
      onEvent: (event) => onEvent("line" in event ? event : { kind: "other" }),
    });
  }
  return startMqttSensor({
    ...common,
    username: "d1",
    password: login.password,
    device: "d1",
    protocol: protocol === "senml-cbor" ? "senml-cbor" : "senml-json",
    onEvent: (event) => onEvent("line" in event ? event : { kind: "other" }),
  });
}
