import { type Decimal, parseDecimal } from "../../devices/quantity/index.ts";
import { protocols } from "../../devices/protocols/index.ts";
import type { Site, SiteDevice } from "../../ledger/management/index.ts";
import type { Limits, StationDevice, StationSettings } from "./types.ts";

/** P13: three polls. Longer would let a person exchange what stands there. */
const EARLY_MS = 300;

const QUANTITIES = ["mass", "dimensions", "item"] as const;

/** P17: a registration with which this station would double or never measure. One sentence. */
export class StationFailure extends Error {
  readonly code = "STATION_UNUSABLE";
  readonly remedy = "restart";
  readonly details: { readonly station: string; readonly fault: string };

  constructor(details: StationFailure["details"]) {
    super(`station ${details.station} ${details.fault}`);
    this.name = "StationFailure";
    this.details = details;
  }
}

/**
 * The stations of one gateway as the site registers them, in order of their names; devices of protocol `api` take no part.
 * `windowMs`, `earlyMs`: P2, P13. Throws StationFailure (P17).
 */
export function stationsOf(
  site: Site,
  gateway: string,
  windowMs: number,
  earlyMs: number = EARLY_MS,
): readonly StationSettings[] {
  const byStation = new Map<string, StationDevice[]>();
  for (const device of site.devices) {
    if (device.gateway !== gateway || device.protocol === "api") continue;
    const devices = byStation.get(device.station) ?? [];
    devices.push(stationDevice(device));
    byStation.set(device.station, devices);
  }
  return [...byStation]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([station, devices]) => {
      const fault = faultOf(devices);
      if (fault !== null) throw new StationFailure({ station, fault });
      return { station, windowMs, earlyMs, devices };
    });
}

/** P17: a clause, or null. */
function faultOf(devices: readonly StationDevice[]): string | null {
  const scales = devices.filter(({ delivery, measures }) => delivery === "stream" && measures.includes("mass"));
  if (scales.length > 1) {
    return `has more than one scale that is polled (${scales.map(({ id }) => id).join(", ")}); give each a station of its own`;
  }
  const missing = QUANTITIES.filter((kind) => !devices.some(({ measures }) => measures.includes(kind)));
  if (missing.length === 0) return null;
  return `has no device for ${missing.join(", ")} and would never measure anything; register one in SITE.json`;
}

/** P4, P7: a polled scale repeats what it sees; everything else speaks once a weighing. */
export function stationDevice(device: SiteDevice): StationDevice {
  return {
    id: device.id,
    delivery: protocols.get(device.protocol)?.cadence === "polled" ? "stream" : "event",
    ...(protocols.get(device.protocol)?.silentOutOfRange === true ? { silentOutOfRange: true } : {}),
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
