import { type Decimal, exactKilograms, exactMetres, type Quantity, type Stability } from "../../quantity/index.ts";
import { type Decoded, refused, status } from "../protocol.ts";
import type { Mapping } from "./mapping.ts";
import { type Metric, type MetricValue, readPayload } from "./payload.ts";
import { atDecimals, booleanOf, decimalOf, textOf } from "./values.ts";

const ITEM = /^[\x20-\x7e]{1,64}$/;
const NOTHING = "nothing of a weighing";

/** A metric of the mapping with all that a frame says about it. */
type Known = { readonly datatype: number | null; readonly value: MetricValue; readonly timestamp: number | null };
type Frame = { readonly timestamp: number | null; readonly of: (name: string) => Known | null };

/** SP7: what stands in the way of reading a metric, in words. */
class Fault extends Error {
  override readonly name = "Fault";
}

/** Decodes one frame: a payload with the definitions that it needs in front of it (SP7). */
export function decodeFrame(bytes: Uint8Array, mapping: Mapping): Decoded {
  try {
    const frame = readFrame(bytes, mapping);
    if (mapping.trigger !== null && !isTriggered(frame, mapping.trigger)) return status("no weighing");
    const quantities = [itemOf(frame, mapping), massOf(frame, mapping), dimensionsOf(frame, mapping)].filter(
      (quantity) => quantity !== null,
    );
    if (quantities.length === 0) return status(NOTHING);
    // SP9: without a time the next weighing of this kind could have the very same bytes.
    if (timeOf(frame, mapping) === null) return refused("neither the payload nor its metrics say when");
    return { kind: "quantities", quantities };
  } catch (error) {
    if (error instanceof Fault) return refused(error.message);
    throw error;
  }
}

/** SP9: Unix ms of an accepted frame: of its trigger, else of the oldest of its values. */
export function measuredAt(bytes: Uint8Array, mapping: Mapping): number | null {
  try {
    return timeOf(readFrame(bytes, mapping), mapping);
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}

function timeOf(frame: Frame, { trigger, names }: Mapping): number | null {
  const times = [...(trigger === null ? names : [trigger])].flatMap((name) => {
    const metric = frame.of(name);
    const time = metric?.timestamp ?? frame.timestamp;
    return metric === null || metric.value.kind === "none" || time === null ? [] : [time];
  });
  return times.length === 0 ? null : Math.min(...times);
}

/** SP7: names first, then values by name or alias; each metric of the mapping is said once. */
function readFrame(bytes: Uint8Array, { names }: Mapping): Frame {
  const payload = readPayload(bytes);
  if (typeof payload === "string") throw new Fault(payload);
  const nameOf = aliasesIn(payload.metrics);
  const known = new Map<string, Known>();
  for (const metric of payload.metrics) {
    const name = nameOf(metric);
    if (name === null || !names.has(name)) continue;
    known.set(name, joined(name, known.get(name), metric));
  }
  return { timestamp: payload.timestamp, of: (name) => known.get(name) ?? null };
}

function aliasesIn(metrics: readonly Metric[]): (metric: Metric) => string | null {
  const aliases = new Map<string, string>();
  for (const { name, alias } of metrics) {
    if (name === null || alias === null) continue;
    if ((aliases.get(alias) ?? name) !== name) throw new Fault(`alias ${alias} names two metrics`);
    aliases.set(alias, name);
  }
  return ({ name, alias }) => name ?? (alias === null ? null : (aliases.get(alias) ?? null));
}

function joined(name: string, before: Known | undefined, { datatype, value, timestamp }: Metric): Known {
  if (before === undefined) return { datatype, value, timestamp };
  if (before.value.kind !== "none" && value.kind !== "none") throw new Fault(`metric "${name}" has two values`);
  if (before.datatype !== null && datatype !== null && before.datatype !== datatype)
    throw new Fault(`metric "${name}" has two data types`);
  const [said, when] = value.kind === "none" ? [before.value, before.timestamp] : [value, timestamp];
  return { datatype: datatype ?? before.datatype, value: said, timestamp: when };
}

/** SP8: a boolean trigger must be true. */
function isTriggered(frame: Frame, trigger: string): boolean {
  const metric = valued(frame, trigger);
  return metric !== null && !(metric.value.kind === "boolean" && !metric.value.value);
}

/** A metric with a value; null = not there, or null. SP6: without its data type nobody knows what the value is. */
function valued(frame: Frame, name: string): { readonly datatype: number; readonly value: MetricValue } | null {
  const metric = frame.of(name);
  if (metric === null || metric.value.kind === "none" || metric.value.kind === "null") return null;
  if (metric.datatype === null) throw new Fault(`the data type of metric "${name}" is not said`);
  return { datatype: metric.datatype, value: metric.value };
}

function itemOf(frame: Frame, { item: name }: Mapping): Quantity | null {
  const metric = name === null ? null : valued(frame, name);
  if (metric === null) return null;
  const item = textOf(metric.value, metric.datatype);
  if (item === null || !ITEM.test(item)) throw new Fault(`item "${name}" is not 1 to 64 printable characters`);
  return { kind: "item", item };
}

function massOf(frame: Frame, { mass }: Mapping): Quantity | null {
  if (mass === null) return null;
  const value = numberOf(frame, mass.metric, mass.decimals);
  if (value === null) return null;
  if (exactKilograms(value, mass.unit) === null) throw new Fault(`"${mass.metric}" has no exact value in kg`);
  return { kind: "mass", value, unit: mass.unit, stability: stabilityOf(frame, mass.stable), mode: mass.mode };
}

function stabilityOf(frame: Frame, stable: string | true | null): Stability {
  if (stable === true) return "stable";
  const metric = stable === null ? null : valued(frame, stable);
  if (metric === null) return "unknown";
  const isStable = booleanOf(metric.value, metric.datatype);
  if (isStable === null) throw new Fault(`"${stable}" is not true or false`);
  return isStable ? "stable" : "motion";
}

/** J7 holds here, too: all three sides, each above zero. */
function dimensionsOf(frame: Frame, { dimensions }: Mapping): Quantity | null {
  if (dimensions === null) return null;
  const { unit, decimals } = dimensions;
  const length = numberOf(frame, dimensions.length, decimals);
  const width = numberOf(frame, dimensions.width, decimals);
  const height = numberOf(frame, dimensions.height, decimals);
  if (length === null && width === null && height === null) return null;
  if (length === null || width === null || height === null)
    throw new Fault("length, width and height come together or not at all");
  for (const side of [length, width, height]) {
    if (side.mantissa <= 0) throw new Fault("a side is not above zero");
    if (exactMetres(side, unit) === null) throw new Fault("a side has no exact value in m");
  }
  return { kind: "dimensions", length, width, height, unit };
}

function numberOf(frame: Frame, name: string, decimals: number | null): Decimal | null {
  const metric = valued(frame, name);
  if (metric === null) return null;
  const value = decimalOf(metric.value, metric.datatype);
  if (value === null) throw new Fault(`"${name}" is no exact number of its data type`);
  if (decimals === null) return value;
  const shown = atDecimals(value, decimals);
  if (shown === null) throw new Fault(`"${name}" has more than the ${decimals} decimals agreed on`);
  return shown;
}
