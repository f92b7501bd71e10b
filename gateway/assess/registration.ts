import { type Decimal, exactKilograms, exactMetres, parseDecimal } from "../../devices/quantity/index.ts";
import type { Measures, Site, SiteDevice } from "../../ledger/management/index.ts";
import type { GatewayIndex } from "../../ledger/store/port.ts";

/** A device of the site configuration, its limits as exact decimals in kg and m. */
export type RegisteredDevice = {
  readonly id: string;
  readonly station: string;
  readonly protocol: string;
  readonly settings: SiteDevice["settings"];
  readonly measures: readonly Measures[];
  readonly mass: Limits | null;
  readonly dimensions: Limits | null;
};

/** Inclusive range and resolution. */
export type Limits = { readonly min: Decimal; readonly max: Decimal; readonly division: Decimal };

/** The devices of one gateway's stations. */
export type Registration = {
  readonly device: (id: string) => RegisteredDevice | undefined;
  readonly at: (station: string) => readonly RegisteredDevice[];
};

/** One registration for each gateway, in the order of the site. Throws on limits that `parseSite` would refuse. */
export function registrationsOf(site: Site): ReadonlyMap<GatewayIndex, Registration> {
  const byGateway = new Map(
    site.gateways.map(({ name }, index) => [name, { index, devices: [] as RegisteredDevice[] }]),
  );
  for (const { id, gateway, station, protocol, settings, measures, mass, dimensions } of site.devices) {
    byGateway.get(gateway)?.devices.push({
      id,
      station,
      protocol,
      settings,
      measures,
      mass:
        mass === undefined ? null : limits([mass.minKg, mass.maxKg, mass.divisionKg], (kg) => exactKilograms(kg, "kg")),
      dimensions:
        dimensions === undefined
          ? null
          : limits([dimensions.minMm, dimensions.maxMm, dimensions.divisionMm], (mm) => exactMetres(mm, "mm")),
    });
  }
  return new Map([...byGateway.values()].map(({ index, devices }) => [index, registrationOf(devices)]));
}

function registrationOf(devices: readonly RegisteredDevice[]): Registration {
  const byId = new Map(devices.map((device) => [device.id, device]));
  const byStation = Map.groupBy(devices, (device) => device.station);
  return { device: (id) => byId.get(id), at: (station) => byStation.get(station) ?? [] };
}

function limits(
  texts: readonly [min: string, max: string, division: string],
  toSi: (displayed: Decimal) => Decimal | null,
): Limits {
  const [min, max, division] = texts.map((text) => {
    const displayed = parseDecimal(text);
    const exact = displayed === null ? null : toSi(displayed);
    if (exact === null)
      throw new RangeError(`the site registers the limit ${JSON.stringify(text)}, which is no exact decimal`);
    return exact;
  }) as [Decimal, Decimal, Decimal];
  return { min, max, division };
}
