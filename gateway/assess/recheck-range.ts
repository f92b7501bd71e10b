import { compareDecimals, type Decimal, formatDecimal, isMultipleOf } from "../../devices/quantity/index.ts";
import type { Measurement } from "../../ledger/statement/index.ts";
import type { Sources } from "./recheck-frames.ts";
import type { Limits, RegisteredDevice } from "./registration.ts";

/** R5, R6: range and resolution by the registration of the devices that vouch for the values. A clause, or null. */
export function faultOfRange(measurement: Measurement, sources: Sources): string | null {
  return (
    faultForSources(sources.mass, (device) => faultOfMass(measurement, device)) ??
    faultForSources(sources.dimensions, (device) => faultOfDimensions(measurement, device))
  );
}

/**
 * A device that sent a frame must allow the value. Of API devices one is enough: the statement does not name which of
 * them it came from. `sourcesOf` never mixes the two and never gives none.
 */
function faultForSources(
  devices: readonly RegisteredDevice[],
  faultOf: (device: RegisteredDevice) => string | null,
): string | null {
  const faults = devices.map(faultOf);
  const oneIsEnough = devices.every((device) => device.protocol === "api");
  if (oneIsEnough && faults.includes(null)) return null;
  return faults.find((fault) => fault !== null) ?? null;
}

function faultOfMass({ mass, division }: Measurement, device: RegisteredDevice): string | null {
  if (device.mass === null) return `device ${device.id} has no registered mass range`;
  if (compareDecimals(division, device.mass.division) !== 0) {
    return `division is ${formatDecimal(division)} kg, but device ${device.id} is registered with ${formatDecimal(device.mass.division)} kg`;
  }
  return faultOfLimits("mass", "kg", mass, device.mass, device);
}

function faultOfDimensions({ dimensions }: Measurement, device: RegisteredDevice): string | null {
  if (device.dimensions === null) return `device ${device.id} has no registered range of dimensions`;
  return (
    faultOfLimits("length", "m", dimensions.length, device.dimensions, device) ??
    faultOfLimits("width", "m", dimensions.width, device.dimensions, device) ??
    faultOfLimits("height", "m", dimensions.height, device.dimensions, device)
  );
}

/** R5: nothing of size zero is ever measured, even where the registered minimum is zero. */
function faultOfLimits(
  name: string,
  unit: string,
  value: Decimal,
  limits: Limits,
  device: RegisteredDevice,
): string | null {
  const shown = (): string => `${name} ${formatDecimal(value)} ${unit}`;
  if (value.mantissa <= 0) return `${shown()} is not above zero`;
  if (compareDecimals(value, limits.min) < 0 || compareDecimals(value, limits.max) > 0) {
    return `${shown()} is outside ${formatDecimal(limits.min)} to ${formatDecimal(limits.max)} ${unit} of device ${device.id}`;
  }
  if (!isMultipleOf(value, limits.division)) {
    return `${shown()} is not a whole multiple of the division ${formatDecimal(limits.division)} ${unit} of device ${device.id}`;
  }
  return null;
}
