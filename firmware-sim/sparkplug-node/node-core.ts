import type { JournalLine } from "../journal.ts";
import { encodePayload, type NodeMetric, type TypeName } from "./payload.ts";

/** F20: the metrics of the simulated device. Name, alias, data type. */
const METRICS = {
  mass: ["Weighing/Mass", 1, "Double"],
  stable: ["Weighing/Stable", 2, "Boolean"],
  length: ["Weighing/Length", 3, "UInt16"],
  width: ["Weighing/Width", 4, "UInt16"],
  height: ["Weighing/Height", 5, "UInt16"],
  item: ["Weighing/Item", 6, "String"],
  number: ["Weighing/Number", 7, "UInt64"],
} as const satisfies Readonly<Record<string, readonly [string, number, TypeName]>>;
type Name = keyof typeof METRICS;
const NAMES = Object.keys(METRICS) as readonly Name[];

/** What SITE.json says of the simulated device (SP3). */
export const simulatedNodeSettings = {
  mass: METRICS.mass[0],
  massUnit: "kg",
  massDecimals: 3,
  stable: METRICS.stable[0],
  length: METRICS.length[0],
  width: METRICS.width[0],
  height: METRICS.height[0],
  lengthUnit: "mm",
  item: METRICS.item[0],
  trigger: METRICS.number[0],
} as const;

type Values = Readonly<Record<Name, number | string | boolean | null>>;

/** An edge node in its session, as Sparkplug 3.0 chapter 5 has it. */
export type NodeCore = {
  readonly group: string;
  readonly node: string;
  readonly device: string;
  /** Of this connection, 0 to 255. */
  readonly bdSeq: number;
  readonly seq: number;
  /** What the device last published, which a birth repeats and data leave out. */
  readonly values: Values;
};
export type Said = { readonly topic: string; readonly payload: Uint8Array };

const nothing: Values = {
  mass: null,
  stable: false,
  length: null,
  width: null,
  height: null,
  item: null,
  number: 0,
};

export const nodeCore = (group: string, node: string, device: string): NodeCore => ({
  group,
  node,
  device,
  // The first connection has number 0.
  bdSeq: 255,
  seq: 0,
  values: nothing,
});

/** F19: every connection has a death of its own number, told to the broker beforehand. */
export const connecting = (core: NodeCore): NodeCore => ({ ...core, bdSeq: (core.bdSeq + 1) % 256 });

export const death = (core: NodeCore, atMs: number): Said => ({
  topic: topicOf(core, "NDEATH", false),
  payload: encodePayload({ timestamp: atMs, metrics: [bdSeq(core)] }),
});

/** NBIRTH and DBIRTH: all metrics with their names, aliases, types and current values. */
export function births(core: NodeCore, atMs: number): { readonly core: NodeCore; readonly said: readonly Said[] } {
  const control: NodeMetric = { name: "Node Control/Rebirth", type: "Boolean", value: false, timestamp: atMs };
  const node = encodePayload({ timestamp: atMs, seq: 0, metrics: [bdSeq(core), control] });
  const metrics = NAMES.map((name): NodeMetric => {
    const [full, alias, type] = METRICS[name];
    return { name: full, alias, type, timestamp: atMs, value: core.values[name] };
  });
  const device = encodePayload({ timestamp: atMs, seq: 1, metrics });
  return {
    core: { ...core, seq: 2 },
    said: [
      { topic: topicOf(core, "NBIRTH", false), payload: node },
      { topic: topicOf(core, "DBIRTH", true), payload: device },
    ],
  };
}

/**
 * One weighing as DDATA: by alias, without types, and without what has not changed (report by exception). `isLate`: it was kept
 * while the host was away, and is told whole and as historical.
 */
export function weighing(
  core: NodeCore,
  number: number,
  line: JournalLine,
  atMs: number,
  isLate: boolean,
): { readonly core: NodeCore; readonly said: Said } {
  const values = valuesOf(number, line);
  const changed = NAMES.filter((name) => isLate || values[name] !== core.values[name]);
  const metrics = changed.map((name): NodeMetric => {
    const [, alias, type] = METRICS[name];
    return { alias, type, withType: false, timestamp: line.at, historical: isLate, value: values[name] };
  });
  const said = {
    topic: topicOf(core, "DDATA", true),
    payload: encodePayload({ timestamp: atMs, seq: core.seq, metrics }),
  };
  // A late value is not the current one.
  return { core: { ...core, seq: (core.seq + 1) % 256, values: isLate ? core.values : values }, said };
}

function valuesOf(number: number, { item, grams = 0, mm = [0, 0, 0] }: JournalLine): Values {
  const [length, width, height] = mm;
  return { mass: grams / 1000, stable: true, length, width, height, item, number: number + 1 };
}

const bdSeq = (core: NodeCore): NodeMetric => ({ name: "bdSeq", type: "Int64", value: core.bdSeq });

function topicOf({ group, node, device }: NodeCore, type: string, ofDevice: boolean): string {
  return `spBv1.0/${group}/${type}/${node}${ofDevice ? `/${device}` : ""}`;
}
