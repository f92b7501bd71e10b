import { type Decimal, parseDecimal } from "../../devices/quantity/index.ts";
import type { Site, SiteDevice } from "../../ledger/management/index.ts";
import type { Limits, StationDevice, StationSettings } from "./types.ts";

/** The stations of one gateway as the site registers them, in order of their names; devices of protocol `api` take no part. */
export function stationsOf(site: Site, gateway: string, windowMs: number): readonly StationSettings[] {
  const byStation = new Map<string, StationDevice[]>();
  for (const device of site.devices) {
    if (device.gateway !== gateway || device.protocol === "api") continue;
    const devices = byStation.get(device.station) ?? [];
    devices.push(stationDevice(device));
    byStation.set(device.station, devices);
  }
  return [...byStation]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([station, devices]) => ({ station, windowMs, devices }));
}

/** P4, P7: a polled scale repeats what it sees; everything else speaks once a weighing. */
export function stationDevice(device: SiteDevice): StationDevice {
  return {
    id: device.id,
    delivery: device.protocol === "mt-sics" ? "stream" : "event",
    measures: device.measures,
    mass: device.mass === undefined ? null : limits(device.mass.minKg, device.mass.maxKg, device.mass.divisionKg, 0),
    dimensions:
      device.dimensions === undefined
        ? null
        : limits(device.dimensions.minMm, device.dimensions.maxMm, device.dimensions.divisionMm, -3),
  };
}

function limits(min: string, max: string, division: string, shift: number): Limits {
  return { min: exact(min, shift), max: exact(max, shift), division: exact(division, shift) };
}

/** `shift` -3 turns millimetres into metres. The site's parser has admitted the text, so anything else is a bug. */
function exact(text: string, shift: number): Decimal {
  const value = parseDecimal(text);
  if (value === null) throw new Error(`"${text}" stands in a parsed site configuration and is no decimal`);
  return { mantissa: value.mantissa, exponent: value.exponent + shift };
}
