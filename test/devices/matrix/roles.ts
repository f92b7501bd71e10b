import type { Decimal } from "../../../devices/quantity/index.ts";
import { exactKilograms, formatDecimal } from "../../../devices/quantity/index.ts";
import { dialects, type Speaker } from "../../../firmware-sim/dialects/index.ts";
import { measuringDialects } from "../../../firmware-sim/dimensioner/index.ts";
import { settingsOf } from "../../../firmware-sim/scale/index.ts";
import type { SiteDevice } from "../../../ledger/management/index.ts";
import type { MatrixFault } from "./faults.ts";

/** Who measures what at the station of a cell. `driven` is the driver in question; the others have no fault. */
export type Roles = {
  readonly mass: string;
  readonly size: string;
  /** Null: the dimensioner reads the item, too. */
  readonly name: string | null;
  readonly driven: "mass" | "size" | "name";
};

const SCALE = "mt-sics";
const DIMENSIONER = "sick";

/** Every protocol that a simulated device on a line speaks. */
export const wiredProtocols: readonly string[] = [
  ...dialects.keys(),
  ...[...measuringDialects.values()].flatMap(({ protocol, wire }) => (wire === "http" ? [] : [protocol])),
];

/** Those that are asked by HTTP. */
export const httpProtocols: readonly string[] = [...measuringDialects.values()].flatMap(({ protocol, wire }) =>
  wire === "http" ? [protocol] : [],
);

/** Whether a fault can happen to this driver's device at all. */
export const isPossible = (protocol: string, { bits }: MatrixFault): boolean =>
  bits !== true || (measuringDialects.get(protocol)?.wire ?? "serial") === "serial";

export function rolesOf(protocol: string): Roles {
  if (dialects.has(protocol)) return { mass: protocol, size: DIMENSIONER, name: null, driven: "mass" };
  const measures = measuringDialects.get(protocol)?.measures ?? [];
  if (!measures.includes("dimensions")) return { mass: SCALE, size: DIMENSIONER, name: protocol, driven: "name" };
  // A dimensioner that reads no codes stands beside one that is registered for nothing else.
  return { mass: SCALE, size: protocol, name: measures.includes("item") ? null : DIMENSIONER, driven: "size" };
}

/** The capacity and division of the simulated scale of this protocol as it is switched on, in kilograms. */
export function scaleOf(protocol: string): { readonly capacityGrams: number; readonly divisionKg: Decimal } {
  const speaker: Speaker | undefined = dialects.get(protocol);
  if (speaker === undefined) throw new RangeError(`no scale speaks "${protocol}"`);
  const { capacityGrams, displays } = settingsOf(speaker, {});
  const [display] = displays;
  const divisionKg = display === undefined ? null : exactKilograms(display.division, display.unit);
  if (divisionKg === null) throw new RangeError(`the division of ${protocol} has no exact value in kg`);
  return { capacityGrams, divisionKg };
}

/** The station's devices as a site registers them: scales from four divisions to their capacity. */
export function registrationOf({ mass, size, name }: Roles): readonly SiteDevice[] {
  const { capacityGrams, divisionKg } = scaleOf(mass);
  const limits = {
    minKg: formatDecimal({ ...divisionKg, mantissa: divisionKg.mantissa * 4 }),
    maxKg: (capacityGrams / 1000).toString(),
    divisionKg: formatDecimal(divisionKg),
  };
  const dimensions = { minMm: "10", maxMm: "2000", divisionMm: "1" };
  const common = { gateway: "gw-1", station: "dock-1" };
  return [
    { ...common, id: "mass", protocol: mass, measures: ["mass"], mass: limits },
    {
      ...common,
      id: "size",
      protocol: size,
      measures: name === null ? ["dimensions", "item"] : ["dimensions"],
      dimensions,
    },
    ...(name === null ? [] : [{ ...common, id: "name", protocol: name, measures: ["item"] } as const]),
  ];
}
