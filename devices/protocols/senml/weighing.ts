import {
  type Decimal,
  exactKilograms,
  exactMetres,
  formatDecimal,
  lengthUnit,
  massUnit,
  type Quantity,
  type Stability,
} from "../../quantity/index.ts";
import { type Decoded, refused } from "../protocol.ts";
import { type Notation, parsePack, type SenmlRecord } from "./records.ts";

const ITEM = /^[\x20-\x7e]{1,64}$/;
const NOTHING = "the pack carries none of net, length, width, height, item";

/** The records of one pack that say something to us. */
type Named = {
  net: SenmlRecord | null;
  item: SenmlRecord | null;
  stable: SenmlRecord | null;
  length: SenmlRecord | null;
  width: SenmlRecord | null;
  height: SenmlRecord | null;
};

/** Decodes one SenML pack: net mass, the three sides and the item of one weighing, any of them (J4). */
export function decodePack(frame: Uint8Array, notation: Notation): Decoded {
  const named = namedIn(frame, notation);
  if (typeof named === "string") return refused(named);
  const quantities: Quantity[] = [];
  for (const part of [itemOf(named), massOf(named), dimensionsOf(named)]) {
    if (typeof part === "string") return refused(part);
    if (part !== null) quantities.push(part);
  }
  // J8: without a time, the next parcel of this kind would send the very same bytes and be taken for a repetition.
  if (!recordsOf(named).some(({ time }) => time !== null))
    return refused("the pack does not say when: bt or t must give an absolute time");
  return quantities.length > 0 ? { kind: "quantities", quantities } : refused(NOTHING);
}

/** J8: Unix ms of the oldest value of an accepted pack. */
export function measuredAt(frame: Uint8Array, notation: Notation): number | null {
  const named = namedIn(frame, notation);
  if (typeof named === "string") return null;
  const times = recordsOf(named).flatMap(({ time }) =>
    time === null ? [] : [Math.floor(Number(formatDecimal(time)) * 1000)],
  );
  return times.length === 0 ? null : Math.min(...times);
}

function recordsOf({ net, item, stable, length, width, height }: Named): readonly SenmlRecord[] {
  return [net, item, stable, length, width, height].filter((record) => record !== null);
}

/** J4, J5: the last segment of the resolved name says what it is; all of one pack come from one device. */
function namedIn(frame: Uint8Array, notation: Notation): Named | string {
  const records = parsePack(frame, notation);
  if (typeof records === "string") return records;
  const named: Named = { net: null, item: null, stable: null, length: null, width: null, height: null };
  let device: string | null = null;
  for (const record of records) {
    const { last, prefix } = record;
    if (!isOurs(last)) continue;
    if (device !== null && device !== prefix) return "the pack carries more than one device";
    if (named[last] !== null) return `${last} appears twice`;
    device = prefix;
    named[last] = record;
  }
  return device === null ? NOTHING : named;
}

function isOurs(name: string): name is keyof Named {
  switch (name) {
    case "net":
    case "item":
    case "stable":
    case "length":
    case "width":
    case "height":
      return true;
    default:
      return false;
  }
}

function itemOf({ item }: Named): Quantity | string | null {
  if (item === null) return null;
  if (typeof item.value !== "string" || !ITEM.test(item.value)) return "item is not 1 to 64 printable characters";
  return { kind: "item", item: item.value };
}

function massOf(named: Named): Quantity | string | null {
  const { net } = named;
  if (net === null) return null;
  const value = numberOf(net);
  if (value === null) return "net has no number";
  const unit = massUnit(net.unit ?? "");
  if (unit === null) return `unit "${net.unit ?? ""}" of net is not known`;
  if (exactKilograms(value, unit) === null) return "net has no exact value in kg";
  const stability = stabilityOf(named);
  if (stability === null) return "stable is not true or false";
  return { kind: "mass", value, unit, stability, mode: "net" };
}

/** J6: a pack that does not say is "unknown". */
function stabilityOf({ stable }: Named): Stability | null {
  if (stable === null) return "unknown";
  if (typeof stable.value !== "boolean") return null;
  return stable.value ? "stable" : "motion";
}

/** J7: all three sides in one unit, each above zero: a zero is an error value, never a measurement. */
function dimensionsOf(named: Named): Quantity | string | null {
  if (named.length === null && named.width === null && named.height === null) return null;
  const length = numberOf(named.length);
  const width = numberOf(named.width);
  const height = numberOf(named.height);
  if (length === null || width === null || height === null)
    return "length, width and height come together or not at all";
  const token = named.length?.unit ?? "";
  if ((named.width?.unit ?? "") !== token || (named.height?.unit ?? "") !== token)
    return "length, width and height have different units";
  const unit = lengthUnit(token);
  if (unit === null) return `unit "${token}" of the dimensions is not known`;
  for (const side of [length, width, height]) {
    if (side.mantissa <= 0) return "a side is not above zero";
    if (exactMetres(side, unit) === null) return "a side has no exact value in m";
  }
  return { kind: "dimensions", length, width, height, unit };
}

const numberOf = (record: SenmlRecord | null): Decimal | null =>
  record !== null && typeof record.value === "object" ? record.value : null;
