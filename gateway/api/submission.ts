import { compareDecimals, type Decimal, isMultipleOf, parseDecimal } from "../../devices/quantity/index.ts";
import type { Site, SiteDevice } from "../../ledger/management/index.ts";
import type { Measurement } from "../../ledger/statement/index.ts";
import { type Limits, stationDevice } from "../station/index.ts";

export type Submission =
  | { readonly kind: "accept"; readonly measurement: Measurement }
  /** H4: `field` as it stands in the request. */
  | { readonly kind: "reject"; readonly field: string; readonly reason: string };

type Body = Readonly<Record<string, unknown>>;

const FIELDS = ["item", "station", "massGrams", "massKg", "dimensionsMm"];

/** H4: the body of a POST as a measurement of a device of protocol `api` of this gateway. Never throws. */
export function parseSubmission(body: unknown, site: Site, gateway: string, now: number): Submission {
  if (body === null || typeof body !== "object" || Array.isArray(body)) return reject("body", "must be a JSON object");
  const fields = body as Body;
  for (const name of Object.keys(fields)) {
    if (!FIELDS.includes(name)) return reject(name, `is not known here; known are ${FIELDS.join(", ")}`);
  }
  const { item } = fields;
  if (typeof item !== "string" || !/^[\x20-\x7e]{1,64}$/.test(item)) {
    return reject("item", "must be 1 to 64 printable ASCII characters");
  }
  const device = deviceFor(fields["station"], site, gateway);
  if ("reason" in device) return device;
  const mass = parseMass(fields, device);
  if ("reason" in mass) return mass;
  const dimensions = parseDimensions(fields["dimensionsMm"], device);
  if ("reason" in dimensions) return dimensions;
  const measurement = { station: device.station, item, at: now, ...mass, dimensions, frames: [] };
  return { kind: "accept", measurement };
}

type Rejected = Extract<Submission, { kind: "reject" }>;

const reject = (field: string, reason: string): Rejected => ({ kind: "reject", field, reason });

function deviceFor(station: unknown, site: Site, gateway: string): SiteDevice | Rejected {
  const devices = site.devices.filter(
    ({ gateway: owner, protocol, measures }) => owner === gateway && protocol === "api" && measures.length === 3,
  );
  if (station === undefined) {
    const [only, ...others] = devices;
    if (only === undefined)
      return reject("station", `cannot be served: no device of protocol api is registered for ${gateway} in SITE.json`);
    return others.length === 0 ? only : reject("station", `must be one of ${stations(devices)}`);
  }
  const device = devices.find((candidate) => candidate.station === station);
  return (
    device ??
    reject("station", `must be one of ${stations(devices)}: these have a device of protocol api at ${gateway}`)
  );
}

const stations = (devices: readonly SiteDevice[]): string => devices.map(({ station }) => station).join(", ") || "none";

function parseMass(fields: Body, device: SiteDevice): { mass: Decimal; division: Decimal } | Rejected {
  const named = ["massGrams", "massKg"].filter((name) => fields[name] !== undefined);
  const [field, second] = named;
  if (field === undefined)
    return reject("massGrams", 'is missing; give the mass as a decimal text, for example "1234.5"');
  if (second !== undefined) return reject("massKg", "is given beside massGrams; give one of the two");
  const value = exact(fields[field], field === "massGrams" ? -3 : 0);
  if (value === null) return reject(field, 'must be a decimal text, for example "1234.5", or a whole number');
  const limits = stationDevice(device).mass;
  if (limits === null) return reject(field, `is not measured by device ${device.id}`);
  const fault = faultOf(
    value,
    limits,
    `${device.mass?.minKg} to ${device.mass?.maxKg} kg in steps of ${device.mass?.divisionKg} kg`,
  );
  return fault === null ? { mass: value, division: limits.division } : reject(field, fault);
}

function parseDimensions(value: unknown, device: SiteDevice): Measurement["dimensions"] | Rejected {
  const limits = stationDevice(device).dimensions;
  if (limits === null) return reject("dimensionsMm", `is not measured by device ${device.id}`);
  if (!Array.isArray(value) || value.length !== 3) {
    return reject("dimensionsMm", "must be [length, width, height] in millimetres");
  }
  const edges: Decimal[] = [];
  for (const [index, edge] of value.entries()) {
    const field = `dimensionsMm[${index}]`;
    const parsed = exact(edge, -3);
    if (parsed === null) return reject(field, 'must be a decimal text, for example "300.5", or a whole number');
    const registered = device.dimensions;
    const fault = faultOf(
      parsed,
      limits,
      `${registered?.minMm} to ${registered?.maxMm} mm in steps of ${registered?.divisionMm} mm`,
    );
    if (fault !== null) return reject(field, fault);
    edges.push(parsed);
  }
  const [length, width, height] = edges;
  if (length === undefined || width === undefined || height === undefined) {
    return reject("dimensionsMm", "must be [length, width, height] in millimetres");
  }
  return { length, width, height };
}

/** H4: a JSON number with a fraction has been through a float and lost what was displayed, so only whole ones are taken. */
function exact(value: unknown, shift: number): Decimal | null {
  const text = typeof value === "number" && Number.isSafeInteger(value) ? String(value) : value;
  if (typeof text !== "string") return null;
  const parsed = parseDecimal(text);
  return parsed === null ? null : { mantissa: parsed.mantissa, exponent: parsed.exponent + shift };
}

function faultOf(value: Decimal, limits: Limits, registered: string): string | null {
  const inRange =
    value.mantissa > 0 && compareDecimals(value, limits.min) >= 0 && compareDecimals(value, limits.max) <= 0;
  return inRange && isMultipleOf(value, limits.division) ? null : `must be ${registered}, as the device is registered`;
}
