import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { FRAME_LIMIT_BYTES } from "../protocol.ts";
import type { Mapping } from "./mapping.ts";
import type { Metric, Payload } from "./payload.ts";

/** What the session knows of the metrics of one device since its birth (SP7, SP8). */
export type Born = {
  /** By name; only those of the mapping. */
  readonly definitions: ReadonlyMap<string, Definition>;
  /** Names of all aliases of the birth. */
  readonly aliases: ReadonlyMap<string, string>;
  /** SP8: by name, the newest metric with a value. */
  readonly last: ReadonlyMap<string, Metric>;
};
type Definition = { readonly alias: string | null; readonly datatype: number | null };

/** Field 2 of a payload. */
const METRICS = 2;

/** SP7: what a birth defines. */
export function bornBy({ metrics }: Payload, mapping: Mapping): Born {
  const definitions = new Map<string, Definition>();
  const aliases = new Map<string, string>();
  const last = new Map<string, Metric>();
  for (const metric of metrics) {
    const { name, alias, datatype, value } = metric;
    if (name === null) continue;
    if (alias !== null) aliases.set(alias, name);
    if (!mapping.names.has(name)) continue;
    definitions.set(name, { alias, datatype });
    if (value.kind !== "none") last.set(name, kept(metric));
  }
  return { definitions, aliases, last };
}

export type Made = {
  readonly born: Born;
  /** Null: nothing of the mapping is in the payload, or not what the trigger waits for. */
  readonly frame: Uint8Array | null;
  /** A metric that the birth does not define: the edge node has changed. */
  readonly unknown: string | null;
};

/**
 * SP7, SP8: the frame that stands alone: the definitions that the payload relies on, with a trigger also the values that did
 * not change, and the payload as it came. Both are metrics of one Sparkplug payload, so the whole is one.
 */
export function frameOf(born: Born, mapping: Mapping, payload: Payload, bytes: Uint8Array): Made {
  const present = new Map<string, Metric>();
  let unknown: string | null = null;
  for (const metric of payload.metrics) {
    const name = metric.name ?? (metric.alias === null ? undefined : born.aliases.get(metric.alias));
    if (name === undefined) unknown ??= `alias ${metric.alias}`;
    else if (mapping.names.has(name)) present.set(name, metric);
  }
  for (const name of present.keys()) if (!born.definitions.has(name)) unknown ??= `metric "${name}"`;
  const isHistorical = payload.metrics.some((metric) => metric.isHistorical);
  // SP8: what is told late says nothing about now.
  const next = isHistorical ? born : { ...born, last: withValues(born.last, present) };
  if (present.size === 0 || (mapping.trigger !== null && !present.has(mapping.trigger)))
    return { born: next, frame: null, unknown };
  const carries = mapping.trigger !== null && !isHistorical;
  const context = new BinaryWriter();
  for (const name of mapping.names) {
    const metric = present.get(name);
    const old = metric === undefined && carries ? born.last.get(name) : undefined;
    const said = metric ?? old;
    if (said === undefined) continue;
    if (said.name === null || said.datatype === null) define(context, name, born.definitions.get(name));
    if (old !== undefined) context.tag(METRICS, WireType.LengthDelimited).bytes(old.raw);
  }
  return { born: next, frame: Buffer.concat([context.finish(), bytes]), unknown };
}

/** SP10. */
export const isTooLong = (frame: Uint8Array): boolean => frame.length > FRAME_LIMIT_BYTES;

function withValues(
  last: ReadonlyMap<string, Metric>,
  present: ReadonlyMap<string, Metric>,
): ReadonlyMap<string, Metric> {
  const next = new Map(last);
  for (const [name, metric] of present) if (metric.value.kind !== "none") next.set(name, kept(metric));
  return next;
}

/** A copy: a birth of many kilobytes must not live on for one metric of it. */
const kept = (metric: Metric): Metric => ({ ...metric, raw: metric.raw.slice() });

/** A metric with its name, its alias and its data type, and no value. */
function define(writer: BinaryWriter, name: string, definition: Definition | undefined): void {
  writer.tag(METRICS, WireType.LengthDelimited).fork();
  writer.tag(1, WireType.LengthDelimited).string(name);
  const { alias = null, datatype = null } = definition ?? {};
  if (alias !== null) writer.tag(2, WireType.Varint).uint64(alias);
  if (datatype !== null) writer.tag(4, WireType.Varint).uint32(datatype);
  writer.join();
}
