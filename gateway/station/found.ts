import type { MassUnit, Quantity } from "../../devices/quantity/index.ts";
import { type AdmittedDimensions, type AdmittedMass, admitDimensions, admitMass } from "./admit.ts";
import type { Input, MassValue, Part, Pending, Reason, StationDevice } from "./types.ts";

/** P10: as many bytes of one frame as a statement keeps. */
export const MAX_FRAME_BYTES = 512;

/** P1: what a statement can name. */
const PRINTABLE_ITEM = /^[\x20-\x7e]{1,64}$/;

type FrameInput = Extract<Input, { kind: "frame" }>;

/** What of one frame may be used. */
export type Found = Pick<Pending, "identity" | "mass" | "dimensions"> & {
  /** The mass that a stream scale shows: it goes to the load, not among the parts. */
  readonly shown: { readonly mass: Extract<Quantity, { kind: "mass" }>; readonly admitted: AdmittedMass } | null;
  readonly trouble: Reason | null;
};

/** P1, P10, P12. `lastUnit`: of the last usable mass of this station's scale. */
export function findParts(device: StationDevice, input: FrameInput, lastUnit: MassUnit | null): Found {
  const nothing = { identity: null, mass: null, dimensions: null };
  if (input.frame.length > MAX_FRAME_BYTES) return { ...nothing, shown: null, trouble: "frame-too-long" };
  let item: string | null = null;
  let admitted: AdmittedMass | null = null;
  let mass: Extract<Quantity, { kind: "mass" }> | null = null;
  let dimensions: AdmittedDimensions | null = null;
  for (const quantity of input.quantities) {
    if (!device.measures.includes(quantity.kind)) continue;
    if (quantity.kind === "item") item = quantity.item;
    else if (quantity.kind === "dimensions") dimensions = admitDimensions(quantity, device.dimensions);
    else if (quantity.mode !== "tare") {
      admitted = admitMass(quantity, device.mass);
      mass = quantity;
    }
  }
  const isStream = device.delivery === "stream";
  const shown = isStream && admitted !== null && mass !== null ? { mass, admitted } : null;
  const fault = troubleOf(item, admitted, dimensions, device);
  if (fault !== null) {
    // Whoever pressed the unit key must be told that, not that a division is wrong.
    const switched = shown !== null && lastUnit !== null && shown.mass.unit !== lastUnit;
    const trouble = switched && (fault === "off-division" || fault === "above-maximum") ? "unit-changed" : fault;
    return { ...nothing, shown, trouble };
  }
  const weight = !isStream && admitted?.kind === "usable" ? admitted.value : null;
  const size = dimensions?.kind === "usable" ? dimensions.value : null;
  const values = (weight === null ? 0 : 1) + (size === null ? 0 : 1);
  return {
    identity: item === null ? null : partOf(device, input, item, values),
    mass: weight === null ? null : partOf(device, input, weight, values),
    dimensions: size === null ? null : partOf(device, input, size, values),
    shown,
    trouble: null,
  };
}

/** P12: a mass on a stream is the only value of its frame. */
export const partOfLoad = (device: StationDevice, input: FrameInput, mass: MassValue): Part<MassValue> =>
  partOf(device, input, mass, 1);

function troubleOf(
  item: string | null,
  mass: AdmittedMass | null,
  dimensions: AdmittedDimensions | null,
  device: StationDevice,
): Reason | null {
  if (item !== null && !PRINTABLE_ITEM.test(item)) return "item-unprintable";
  if (mass?.kind === "refused") return mass.reason;
  // An empty stream scale is the normal end of a load; an event that weighs nothing is a fault.
  if (mass?.kind === "empty" && device.delivery === "event") return "below-minimum";
  return dimensions?.kind === "refused" ? dimensions.reason : null;
}

function partOf<Value>(device: StationDevice, input: FrameInput, value: Value, values: number): Part<Value> {
  const { at, since, reloaded, frame, reading } = input;
  return { value, device, at, since, reloaded, frame, values, reading };
}
