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
import { parsePack, type SenmlRecord } from "./records.ts";

const ITEM = /^[\x20-\x7e]{1,64}$/;
const SIDES = ["length", "width", "height"] as const;
const NAMES: readonly string[] = ["net", "item", "stable", ...SIDES];

type Named = ReadonlyMap<string, SenmlRecord>;

/** Decodes one SenML-JSON pack: net mass, the three sides and the item of one weighing, any of them (J4). */
export function decodeFrame(frame: Uint8Array): Decoded {
  const records = parsePack(frame);
  if (typeof records === "string") return refused(records);
  const named = byQuantityName(records);
  if (typeof named === "string") return refused(named);
  if (named.size === 0) return refused("the pack carries none of net, length, width, height, item");
  const parts = [itemOf(named), massOf(named), dimensionsOf(named)];
  const fault = parts.find((part) => typeof part === "string");
  if (fault !== undefined) return refused(fault);
  // J8: without a time, the next parcel of this kind would send the very same bytes and be taken for a repetition.
  if (timesOf(named).length === 0) return refused("the pack does not say when: bt or t must give an absolute time");
  const quantities = parts.filter((part): part is Quantity => typeof part === "object" && part !== null);
  return quantities.length > 0
    ? { kind: "quantities", quantities }
    : refused("the pack carries none of net, length, width, height, item");
}

/** J8: Unix ms of the oldest value of an accepted pack. */
export function measuredAt(frame: Uint8Array): number | null {
  const records = parsePack(frame);
  const named = typeof records === "string" ? records : byQuantityName(records);
  if (typeof named === "string") return null;
  const times = timesOf(named).map((time) => Math.floor(Number(formatDecimal(time)) * 1000));
  return times.length === 0 ? null : Math.min(...times);
}

const timesOf = (named: Named): readonly Decimal[] =>
  [...named.values()].flatMap(({ time }) => (time === null ? [] : [time]));

/** J4, J5: the last segment of the resolved name says what it is; all of one pack come from one device. */
function byQuantityName(records: readonly SenmlRecord[]): Named | string {
  const named = new Map<string, SenmlRecord>();
  let device: string | null = null;
  for (const record of records) {
    const split = Math.max(record.name.lastIndexOf(":"), record.name.lastIndexOf("/")) + 1;
    const last = record.name.slice(split);
    if (!NAMES.includes(last)) continue;
    const prefix = record.name.slice(0, split);
    if (device !== null && device !== prefix) return "the pack carries more than one device";
    if (named.has(last)) return `${last} appears twice`;
    device = prefix;
    named.set(last, record);
  }
  return named;
}

function itemOf(named: Named): Quantity | string | null {
  const record = named.get("item");
  if (record === undefined) return null;
  if (record.value.kind !== "text" || !ITEM.test(record.value.text)) return "item is not 1 to 64 printable characters";
  return { kind: "item", item: record.value.text };
}

function massOf(named: Named): Quantity | string | null {
  const record = named.get("net");
  if (record === undefined) return null;
  const value = numberOf(record);
  if (value === null) return "net has no number";
  const unit = massUnit(record.unit ?? "");
  if (unit === null) return `unit "${record.unit ?? ""}" of net is not known`;
  if (exactKilograms(value, unit) === null) return "net has no exact value in kg";
  const stability = stabilityOf(named);
  if (stability === null) return "stable is not true or false";
  return { kind: "mass", value, unit, stability, mode: "net" };
}

/** J6: a pack that does not say is "unknown". */
function stabilityOf(named: Named): Stability | null {
  const record = named.get("stable");
  if (record === undefined) return "unknown";
  if (record.value.kind !== "boolean") return null;
  return record.value.boolean ? "stable" : "motion";
}

/** J7: all three sides in one unit, each above zero: a zero is an error value, never a measurement. */
function dimensionsOf(named: Named): Quantity | string | null {
  const records = SIDES.map((side) => named.get(side));
  if (records.every((record) => record === undefined)) return null;
  const [length, width, height] = records.map((record) => (record === undefined ? null : numberOf(record)));
  if (!length || !width || !height) return "length, width and height come together or not at all";
  const [token, ...others] = records.map((record) => record?.unit ?? "");
  if (others.some((other) => other !== token)) return "length, width and height have different units";
  const unit = lengthUnit(token ?? "");
  if (unit === null) return `unit "${token}" of the dimensions is not known`;
  for (const side of [length, width, height]) {
    if (side.mantissa <= 0) return "a side is not above zero";
    if (exactMetres(side, unit) === null) return "a side has no exact value in m";
  }
  return { kind: "dimensions", length, width, height, unit };
}

const numberOf = (record: SenmlRecord): Decimal | null => (record.value.kind === "number" ? record.value.number : null);
