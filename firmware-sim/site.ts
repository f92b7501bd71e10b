import { join } from "node:path";
import { startDimensioner } from "./dimensioner/index.ts";
import { syntheticItems } from "./items.ts";
import type { LineSettings } from "./lines/index.ts";
import { type MqttSensor, type SensorEvent, startMqttSensor } from "./mqtt-sensor/index.ts";
import { startScale } from "./scale/index.ts";
import { type Station, type StationEvent, startStation } from "./station/index.ts";

/** All simulated devices of a site, for one process. Plain JSON. */
export type SimulatedSiteSpec = {
  readonly seed: number;
  /** One journal a station: `<gateway>-<station>.jsonl`. Null keeps nothing. */
  readonly journalDir: string | null;
  readonly stations: readonly (WiredStation | MqttStation)[];
};

export type WiredStation = {
  readonly gateway: string;
  readonly station: string;
  readonly scale: { readonly pty: string } | { readonly tcp: number };
  /** The serial number that the scale gives; `<gateway>-<station>` unless told otherwise. */
  readonly serial?: string;
  readonly divisionGrams?: number;
  readonly dimensioner: { readonly tcp: number };
  readonly ratePerSecond: number;
  readonly dwellMs?: number;
};

export type MqttStation = {
  readonly gateway: string;
  readonly station: string;
  readonly mqtt: {
    readonly url: string;
    readonly username: string;
    readonly password: string;
    readonly device: string;
  };
  readonly divisionGrams?: number;
  /** 0 = as fast as acknowledgements come. */
  readonly ratePerSecond: number;
  readonly inFlight?: number;
};

type SiteEvent = { readonly gateway: string; readonly station: string } & (StationEvent | SensorEvent);

export type SimulatedSite = {
  readonly stats: () => readonly StationStats[];
  readonly close: () => Promise<void>;
};
type StationStats = {
  readonly gateway: string;
  readonly station: string;
  readonly presented: number;
  /** Taken off the scale, or acknowledged. */
  readonly finished: number;
};

type Running = {
  readonly stats: () => { readonly presented: number; readonly finished: number };
  readonly close: () => Promise<void>;
};

/** Starts every station of the specification. Rejects with the operating system's error when a port is taken. */
export async function startSimulatedSite(
  spec: SimulatedSiteSpec,
  options: { readonly onEvent?: (event: SiteEvent) => void } = {},
): Promise<SimulatedSite> {
  const running: { readonly gateway: string; readonly station: string; readonly device: Running }[] = [];
  const close = async () => {
    await Promise.all(running.map(({ device }) => device.close()));
  };
  for (const [number, station] of spec.stations.entries()) {
    const { gateway, station: name } = station;
    const start = {
      items: syntheticItems(spec.seed, number),
      journal: spec.journalDir === null ? null : join(spec.journalDir, `${gateway}-${name}.jsonl`),
      onEvent: (event: StationEvent | SensorEvent) => options.onEvent?.({ gateway, station: name, ...event }),
    };
    try {
      const device =
        "mqtt" in station
          ? sensorOf(startMqttSensor({ ...start, ...station, ...station.mqtt }))
          : stationOf(await startWired(spec.seed + number, station, start));
      running.push({ gateway, station: name, device });
    } catch (error) {
      await close();
      throw error;
    }
  }
  return {
    stats: () => running.map(({ gateway, station, device }) => ({ gateway, station, ...device.stats() })),
    close,
  };
}

type Start = Pick<Parameters<typeof startStation>[0], "items" | "journal"> & {
  readonly onEvent: (event: StationEvent) => void;
};

const startWired = (seed: number, station: WiredStation, start: Start): Promise<Station> =>
  startStation({
    ...start,
    ratePerSecond: station.ratePerSecond,
    ...(station.dwellMs === undefined ? {} : { dwellMs: station.dwellMs }),
    scale: (from) =>
      startScale({
        ...from,
        seed,
        line: lineOf(station.scale),
        serial: station.serial ?? `${station.gateway}-${station.station}`,
        ...(station.divisionGrams === undefined ? {} : { divisionGrams: station.divisionGrams }),
      }),
    dimensioner: () => startDimensioner({ line: lineOf(station.dimensioner) }),
  });

const lineOf = (place: { readonly pty: string } | { readonly tcp: number }): LineSettings =>
  "pty" in place ? { kind: "pty", link: place.pty } : { kind: "tcp", port: place.tcp };

const stationOf = (station: Station): Running => ({
  stats: () => ({ presented: station.stats().presented, finished: station.stats().removed }),
  close: () => station.close(),
});
const sensorOf = (sensor: MqttSensor): Running => ({
  stats: () => ({ presented: sensor.stats().presented, finished: sensor.stats().acknowledged }),
  close: () => sensor.close(),
});
