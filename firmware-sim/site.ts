import { join } from "node:path";
import { type Dimensioner, startDimensioner, together } from "./dimensioner/index.ts";
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

/** `protocol`: "mt-sics" for a scale, "sick" for a dimensioner unless told otherwise. */
type Place = ({ readonly pty: string } | { readonly tcp: number }) & { readonly protocol?: string };

export type WiredStation = {
  readonly gateway: string;
  readonly station: string;
  readonly scale: Place;
  /** The serial number that the scale gives; `<gateway>-<station>` unless told otherwise. */
  readonly serial?: string;
  readonly divisionGrams?: number;
  readonly dimensioner: Place;
  /** Reads the codes where the dimensioner reads none. */
  readonly scanner?: Place;
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
  /** "senml-json" unless told otherwise. */
  readonly protocol?: "senml-json" | "senml-cbor";
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
        ...spoken(station.scale),
        serial: station.serial ?? `${station.gateway}-${station.station}`,
        ...(station.divisionGrams === undefined ? {} : { divisionGrams: station.divisionGrams }),
      }),
    dimensioner: () => startSizing(station),
  });

async function startSizing({ dimensioner, scanner }: WiredStation): Promise<Dimensioner> {
  const sizer = await startDimensioner(spoken(dimensioner));
  if (scanner === undefined) return sizer;
  try {
    return together(sizer, await startDimensioner(spoken(scanner)));
  } catch (error) {
    await sizer.close();
    throw error;
  }
}

const spoken = (place: Place): { readonly line: LineSettings; readonly protocol?: string } => ({
  line: "pty" in place ? { kind: "pty", link: place.pty } : { kind: "tcp", port: place.tcp },
  ...(place.protocol === undefined ? {} : { protocol: place.protocol }),
});

const stationOf = (station: Station): Running => ({
  stats: () => ({ presented: station.stats().presented, finished: station.stats().removed }),
  close: () => station.close(),
});
const sensorOf = (sensor: MqttSensor): Running => ({
  stats: () => ({ presented: sensor.stats().presented, finished: sensor.stats().acknowledged }),
  close: () => sensor.close(),
});
