import {
  compareDecimals,
  type Decimal,
  exactKilograms,
  exactMetres,
  formatDecimal,
  type Quantity,
} from "../../devices/quantity/index.ts";
import type { Measures } from "../../ledger/management/index.ts";
import type { Measurement } from "../../ledger/statement/index.ts";
import type { RegisteredDevice, Registration } from "./registration.ts";

/** What devices/ says about one complete raw frame; passed in by whoever composes the gateway. */
export type DecodeFrame = (
  protocol: string,
  frame: Uint8Array,
  settings?: RegisteredDevice["settings"],
) =>
  | { readonly kind: "quantities"; readonly quantities: readonly Quantity[] }
  | { readonly kind: "status"; readonly status: string }
  | { readonly kind: "refused"; readonly reason: string };

/** The devices that vouch for each quantity of a measurement: those whose frames show it, else the API devices. */
export type Sources = Readonly<Record<Measures, readonly RegisteredDevice[]>>;
export type SourcesVerdict =
  | { readonly kind: "accept"; readonly sources: Sources }
  | { readonly kind: "reject"; readonly reason: string };

/** R2-R4: every frame is of a registered device of the station and shows the signed values; every value has a source. */
export function sourcesOf(
  measurement: Measurement,
  registration: Registration,
  decodeFrame: DecodeFrame,
): SourcesVerdict {
  const found: Record<Measures, RegisteredDevice[]> = { mass: [], dimensions: [], item: [] };
  for (const frame of measurement.frames) {
    const device = registration.device(frame.device);
    if (device === undefined) return rejected(`device ${frame.device} is not registered for this gateway`);
    const misplaced = faultOfStation(device, measurement);
    if (misplaced !== null) return rejected(misplaced);
    const shown = quantitiesShown(device, decodeFrame(device.protocol, frame.bytes, device.settings));
    if (typeof shown === "string") return rejected(shown);
    for (const quantity of shown) {
      const difference = differenceTo(measurement, device, quantity);
      if (difference !== null) return rejected(difference);
      found[quantity.kind].push(device);
    }
  }
  return withApiDevices(found, measurement, registration);
}

const rejected = (reason: string): SourcesVerdict => ({ kind: "reject", reason });

function faultOfStation(device: RegisteredDevice, { station }: Measurement): string | null {
  if (device.station !== station)
    return `device ${device.id} is registered for station ${device.station}, not for ${station}`;
  if (device.protocol === "api") return `device ${device.id} speaks over the API, which has no raw frames`;
  return null;
}

/** R3: the quantities that the device is registered to measure; a text = why there is none. A tare is no weighing. */
function quantitiesShown(device: RegisteredDevice, decoded: ReturnType<DecodeFrame>): readonly Quantity[] | string {
  switch (decoded.kind) {
    case "refused":
      return `the frame of device ${device.id} is not ${device.protocol}: ${decoded.reason}`;
    case "status":
      return `the frame of device ${device.id} is a status (${decoded.status}), not a measurement`;
    case "quantities": {
      const shown = decoded.quantities.filter(
        (quantity) =>
          device.measures.includes(quantity.kind) && !(quantity.kind === "mass" && quantity.mode === "tare"),
      );
      return shown.length > 0
        ? shown
        : `the frame of device ${device.id} shows nothing that it is registered to measure`;
    }
  }
}

/** R3: a clause when the statement does not say exactly what the frame shows. */
function differenceTo(measurement: Measurement, device: RegisteredDevice, quantity: Quantity): string | null {
  switch (quantity.kind) {
    case "item":
      if (quantity.item === measurement.item) return null;
      return `item is ${JSON.stringify(measurement.item)}, but the frame of device ${device.id} shows ${JSON.stringify(quantity.item)}`;
    case "mass":
      if (quantity.stability !== "stable")
        return `the mass in the frame of device ${device.id} is not stable (${quantity.stability})`;
      return faultOfValue("mass", "kg", measurement.mass, exactKilograms(quantity.value, quantity.unit), device);
    case "dimensions": {
      const { length, width, height } = measurement.dimensions;
      return (
        faultOfValue("length", "m", length, exactMetres(quantity.length, quantity.unit), device) ??
        faultOfValue("width", "m", width, exactMetres(quantity.width, quantity.unit), device) ??
        faultOfValue("height", "m", height, exactMetres(quantity.height, quantity.unit), device)
      );
    }
  }
}

/** The same value at the same resolution: a trailing zero that the device did not display is a claim that it did not make. */
function faultOfValue(
  name: string,
  unit: string,
  signed: Decimal,
  shown: Decimal | null,
  device: RegisteredDevice,
): string | null {
  if (shown === null) return `the ${name} in the frame of device ${device.id} has no exact value in ${unit}`;
  if (signed.mantissa === shown.mantissa && signed.exponent === shown.exponent) return null;
  const what = compareDecimals(signed, shown) === 0 ? "is given with the resolution of" : "is";
  return `${name} ${what} ${formatDecimal(signed)} ${unit}, but the frame of device ${device.id} shows ${formatDecimal(shown)} ${unit}`;
}

/** R4: what no frame shows must be something that an API device of the station is registered to measure. */
function withApiDevices(
  found: Record<Measures, RegisteredDevice[]>,
  measurement: Measurement,
  registration: Registration,
): SourcesVerdict {
  const devices = registration.at(measurement.station);
  if (devices.length === 0) {
    return rejected(`station ${measurement.station} has no device registered for this gateway`);
  }
  for (const measures of ["mass", "dimensions", "item"] as const) {
    if (found[measures].length > 0) continue;
    found[measures] = devices.filter((device) => device.protocol === "api" && device.measures.includes(measures));
    if (found[measures].length === 0) {
      return rejected(`no frame of a registered device of station ${measurement.station} shows the ${measures}`);
    }
  }
  return { kind: "accept", sources: found };
}
