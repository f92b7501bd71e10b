import { encodePack } from "../../devices/protocols/senml-json/index.ts";
import { modelSha256, shippedModelPath } from "../../gateway/assess/index.ts";
import type { Site } from "../../ledger/management/index.ts";
import type { Measurement } from "../../ledger/statement/index.ts";

export const modelHash = await modelSha256(shippedModelPath);

const mass = { minKg: "0.02", maxKg: "60", divisionKg: "0.010" };
const dimensions = { minMm: "10", maxMm: "1600", divisionMm: "5" };

/** Lane 0: a wired scale and a dimensioner with a bar code reader. Lane 1: one MQTT device, and a station of the API. */
export const site: Site = {
  format: "tallystick-site/v1",
  site: "north",
  epoch: 0,
  gateways: ["gw-1", "gw-2"].map((name) => ({ name, key: "", checkpointKey: "", tlsPin: "" })),
  devices: [
    { id: "scale-1", gateway: "gw-1", station: "dock-1", protocol: "mt-sics", measures: ["mass"], mass },
    { id: "dim-1", gateway: "gw-1", station: "dock-1", protocol: "sick", measures: ["dimensions", "item"], dimensions },
    { id: "scale-2", gateway: "gw-1", station: "dock-2", protocol: "mt-sics", measures: ["mass"], mass },
    {
      id: "mqtt-1",
      gateway: "gw-2",
      station: "belt-1",
      protocol: "senml-json",
      measures: ["mass", "dimensions", "item"],
      mass,
      dimensions,
    },
    {
      id: "api-1",
      gateway: "gw-2",
      station: "desk-1",
      protocol: "api",
      measures: ["mass", "dimensions", "item"],
      mass,
      dimensions,
    },
  ],
  ledgers: [],
  model: { sha256: modelHash, toleranceMilli: 5 },
  configHash: "0".repeat(64),
};

/** A parcel in hundredths of a kilogram and millimetres. */
export type Parcel = {
  readonly item: string;
  readonly centikilograms: number;
  readonly sidesMm: readonly [number, number, number];
};

export const parcel: Parcel = { item: "00340123450000000018", centikilograms: 412, sidesMm: [400, 300, 200] };

/** What the scale and the dimensioner of dock-1 say about a parcel, as a station would fuse it. */
export function dockMeasurement({ item, centikilograms, sidesMm }: Parcel): Measurement {
  return {
    ...values({ item, centikilograms, sidesMm }),
    station: "dock-1",
    frames: [
      { device: "scale-1", bytes: scaleFrame(centikilograms) },
      { device: "dim-1", bytes: dimensionerFrame(item, sidesMm) },
    ],
  };
}

export function beltMeasurement({ item, centikilograms, sidesMm }: Parcel): Measurement {
  const [length, width, height] = sidesMm.map((mm) => ({ mantissa: mm, exponent: 0 })) as [Mm, Mm, Mm];
  const bytes = encodePack({
    baseName: "urn:dev:ops:32473-belt-1:",
    atMs: AT,
    item,
    net: { value: { mantissa: centikilograms, exponent: -2 }, unit: "kg", stable: true },
    dimensions: { length, width, height, unit: "mm" },
  });
  return { ...values({ item, centikilograms, sidesMm }), station: "belt-1", frames: [{ device: "mqtt-1", bytes }] };
}

export const deskMeasurement = (weighed: Parcel): Measurement => ({
  ...values(weighed),
  station: "desk-1",
  frames: [],
});

export const scaleFrame = (centikilograms: number, status: "S" | "D" = "S"): Uint8Array =>
  ascii(`S ${status} ${(centikilograms / 100).toFixed(2).padStart(10)} kg\r\n`);

export const dimensionerFrame = (item: string, sidesMm: readonly number[]): Uint8Array =>
  ascii(
    `\x02${["0001", item, "000000000", "kg", "1", ...sidesMm.map((mm) => String(mm).padStart(4, "0")), "mm", "0000", "0000000"].join(";")}\x03`,
  );

export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

type Mm = { readonly mantissa: number; readonly exponent: number };
const AT = 1_700_000_000_000;

function values({ item, centikilograms, sidesMm }: Parcel): Omit<Measurement, "station" | "frames"> {
  const [length, width, height] = sidesMm.map((mm) => ({ mantissa: mm, exponent: -3 })) as [Mm, Mm, Mm];
  return {
    item,
    at: AT,
    mass: { mantissa: centikilograms, exponent: -2 },
    division: { mantissa: 10, exponent: -3 },
    dimensions: { length, width, height },
  };
}
