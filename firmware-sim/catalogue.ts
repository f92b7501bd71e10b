import { dialects } from "./dialects/index.ts";
import { measuringDialects, startDimensioner } from "./dimensioner/index.ts";
import type { Fault } from "./faults/index.ts";
import type { ItemSource } from "./items.ts";
import type { LineSettings } from "./lines/index.ts";
import { startMqttSensor } from "./mqtt-sensor/index.ts";
import { startSparkplugNode } from "./sparkplug-node/index.ts";
import { startScale } from "./scale/index.ts";
import { type StationOptions, startStation } from "./station/index.ts";

/** What every simulated device is started with, whatever it is. */
type Start = {
  readonly id: string;
  readonly seed: number;
  readonly items: ItemSource;
  /** JSON lines (F6); null keeps nothing. */
  readonly journal: string | null;
  readonly ratePerSecond: number;
};
export type WiredStart = Start & { readonly line: LineSettings; readonly faults: readonly Fault[] };
export type PublishedStart = Start & {
  /** `mqtt://host:port` of a broker. */
  readonly mqtt: { readonly url: string; readonly username: string; readonly password: string };
  readonly faults: readonly Fault[];
};

export type RunningDevice = {
  /** `finished`: taken off, or acknowledged. */
  readonly stats: () => { readonly presented: number; readonly finished: number };
  readonly close: () => Promise<void>;
};

/** F17: a simulated device that the command line can start by its protocol. */
export type SimulatedDevice =
  | {
      readonly kind: "wired";
      readonly protocol: string;
      readonly start: (start: WiredStart) => Promise<RunningDevice>;
    }
  | {
      readonly kind: "published";
      readonly protocol: string;
      readonly start: (start: PublishedStart) => Promise<RunningDevice>;
    };

const scale = (protocol: string): SimulatedDevice => ({
  kind: "wired",
  protocol,
  start: ({ line, faults, seed, id, ...start }) =>
    alone(start, {
      scale: (lying) => startScale({ ...lying, protocol, line, faults, seed, serial: id }),
      dimensioner: null,
    }),
});

const dimensioner = (protocol: string): SimulatedDevice => ({
  kind: "wired",
  protocol,
  start: ({ line, faults, ...start }) =>
    alone(start, { scale: null, dimensioner: () => startDimensioner({ protocol, line, faults }) }),
});

const sensor = (protocol: "senml-json" | "senml-cbor"): SimulatedDevice => ({
  kind: "published",
  protocol,
  start: async ({ mqtt, id, ...start }) => {
    const sensor = startMqttSensor({ ...start, ...mqtt, device: id, protocol });
    return {
      stats: () => ({ presented: sensor.stats().presented, finished: sensor.stats().acknowledged }),
      close: () => sensor.close(),
    };
  },
});

/** F19. Group and node are the user's name, "group/node"; the first host that says STATE is the primary one. */
const sparkplugNode: SimulatedDevice = {
  kind: "published",
  protocol: "sparkplug",
  start: async ({ mqtt, id, ...start }) => {
    const [group = "", name = "", ...more] = mqtt.username.split("/");
    const isNamed = group !== "" && name !== "" && more.length === 0;
    const place = isNamed ? { group, node: name } : { group: "tallystick", node: mqtt.username };
    const node = startSparkplugNode({ ...start, ...mqtt, ...place, device: id, primaryHost: "+" });
    return {
      stats: () => ({ presented: node.stats().presented, finished: node.stats().published }),
      close: () => node.close(),
    };
  },
};

/** Every simulated device by its protocol. A new one is a line here; a scale or dimensioner is one by its dialect (F16). */
export const simulatedDevices: ReadonlyMap<string, SimulatedDevice> = new Map(
  [
    ...[...dialects.keys()].map(scale),
    // The scale that nobody has a driver for speaks like this one.
    { ...scale("cardinal"), protocol: "pattern" },
    ...[...measuringDialects.keys()].map(dimensioner),
    sensor("senml-json"),
    sensor("senml-cbor"),
    sparkplugNode,
  ].map((device) => [device.protocol, device]),
);

/** A station with nothing but this device. */
async function alone(
  { items, journal, ratePerSecond }: Pick<Start, "items" | "journal" | "ratePerSecond">,
  devices: Pick<StationOptions, "scale" | "dimensioner">,
): Promise<RunningDevice> {
  const station = await startStation({ items, journal, ratePerSecond, ...devices });
  return {
    stats: () => ({ presented: station.stats().presented, finished: station.stats().removed }),
    close: () => station.close(),
  };
}
