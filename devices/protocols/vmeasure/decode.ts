import {
  type Decimal,
  exactKilograms,
  exactMetres,
  lengthUnit,
  massUnit,
  parseDecimal,
  type Quantity,
} from "../../quantity/index.ts";
import { type Decoded, FRAME_LIMIT_BYTES, refused, status } from "../protocol.ts";
import { readScan, type Scan } from "./scan.ts";

const ITEM = /^[\x20-\x7e]{1,64}$/;

export function decodeFrame(frame: Uint8Array): Decoded {
  if (frame.length > FRAME_LIMIT_BYTES)
    return refused(`an answer of ${frame.length} bytes, of which a statement keeps ${FRAME_LIMIT_BYTES}`);
  const scan = readScan(frame);
  if (typeof scan === "string") return refused(scan);
  if (!scan.status) return status("no-scan");
  const quantities: Quantity[] = [];
  for (const part of [itemOf(scan), dimensionsOf(scan), massOf(scan)]) {
    if (typeof part === "string") return refused(part);
    if (part !== null) quantities.push(part);
  }
  return quantities.length === 0 ? status("empty") : { kind: "quantities", quantities };
}

function itemOf({ sku }: Scan): Quantity | string | null {
  if (sku === "") return null;
  return ITEM.test(sku) ? { kind: "item", item: sku } : "the sku is not 1 to 64 printable characters";
}

/** VM4. */
function dimensionsOf(scan: Scan): Quantity | string | null {
  const [length, width, height] = [scan.length, scan.width, scan.height].map(exact);
  if (!length || !width || !height) return "a side is not a text with a decimal";
  const unit = lengthUnit(scan.dimensionUnit);
  if (unit === null) return `length unit "${scan.dimensionUnit}" is not known`;
  const sides = [length, width, height];
  if (sides.some((side) => exactMetres(side, unit) === null)) return "a side has no exact value in m";
  return sides.some(({ mantissa }) => mantissa === 0) ? null : { kind: "dimensions", length, width, height, unit };
}

/** VM5. */
function massOf({ actualWeight, weightUnit }: Scan): Quantity | string | null {
  if (actualWeight === "") return null;
  const value = exact(actualWeight);
  if (value === null) return "the weight is not a text with a decimal";
  if (value.mantissa === 0) return null;
  const unit = massUnit(weightUnit);
  if (unit === null) return `weight unit "${weightUnit}" is not known`;
  if (exactKilograms(value, unit) === null) return "the weight has no exact value in kg";
  return { kind: "mass", value, unit, stability: "unknown", mode: "unknown" };
}

/** Without a sign: nothing that a camera measures is below zero. */
const exact = (text: string): Decimal | null => (/^\d+(\.\d+)?$/.test(text) ? parseDecimal(text) : null);
