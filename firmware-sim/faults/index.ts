import { type Random, seeded } from "../random.ts";
import { baud } from "./baud.ts";
import { duplicate } from "./duplicate.ts";
import type { Fault } from "./fault.ts";
import { flip } from "./flip.ts";
import { flood } from "./flood.ts";
import { clockBack, gap, stuck, unitKey } from "./inside.ts";
import { merge } from "./merge.ts";
import { noise } from "./noise.ts";
import { parity } from "./parity.ts";
import { reboot } from "./reboot.ts";
import { silence } from "./silence.ts";
import { slow } from "./slow.ts";
import { split } from "./split.ts";
import { unplug } from "./unplug.ts";

export { type DeviceControls, type Fault, noControls, withFaults } from "./fault.ts";
export { publisherLine } from "./publisher.ts";

/** What its value looks like, and the fault that it makes; null = not such a value. */
type Kind = { readonly value: string; readonly make: (value: string, random: () => Random) => Fault | null };

const SECONDS = "EVERY/FOR (seconds)";

/** Every fault by its name (F9). */
const kinds: Readonly<Record<string, Kind>> = {
  split: { value: "BYTES", make: (value) => given(whole(value), split) },
  merge: { value: "MS", make: (value) => given(whole(value), merge) },
  slow: { value: "MS", make: (value) => given(whole(value), slow) },
  flip: { value: "PROBABILITY", make: (value, random) => given(probability(value), (p) => flip(p, random())) },
  noise: { value: "PROBABILITY", make: (value, random) => given(probability(value), (p) => noise(p, random())) },
  parity: { value: "PROBABILITY", make: (value, random) => given(probability(value), (p) => parity(p, random())) },
  duplicate: {
    value: "PROBABILITY",
    make: (value, random) => given(probability(value), (p) => duplicate(p, random())),
  },
  baud: { value: "DEVICE/HOST", make: (value) => given(pair(value), ([device, host]) => baud(device, host)) },
  flood: {
    value: "EVERY/BYTES (seconds)",
    make: (value, random) => given(pair(value), ([every, bytes]) => flood(every * 1000, Math.round(bytes), random())),
  },
  silence: {
    value: SECONDS,
    make: (value) => given(times(value), ({ everyMs, forMs }) => silence(everyMs, forMs, () => performance.now())),
  },
  unplug: {
    value: SECONDS,
    make: (value) => given(times(value), ({ everyMs, forMs }) => unplug(everyMs, forMs, false)),
  },
  rename: {
    value: SECONDS,
    make: (value) => given(times(value), ({ everyMs, forMs }) => unplug(everyMs, forMs, true)),
  },
  reboot: {
    value: SECONDS,
    make: (value) => given(times(value), ({ everyMs, forMs }) => reboot(everyMs, forMs, false)),
  },
  rezero: {
    value: SECONDS,
    make: (value) => given(times(value), ({ everyMs, forMs }) => reboot(everyMs, forMs, true)),
  },
  stuck: { value: SECONDS, make: (value) => given(times(value), stuck) },
  gap: { value: SECONDS, make: (value) => given(times(value), gap) },
  unit: { value: SECONDS, make: (value) => given(times(value), unitKey) },
  clock: {
    value: "EVERY/BACK (seconds)",
    make: (value) => given(times(value), ({ everyMs, forMs }) => clockBack(everyMs, forMs)),
  },
};

export const faultNames: readonly string[] = Object.keys(kinds);

/** For usage texts. */
export const faultUsage = Object.entries(kinds)
  .map(([name, { value }]) => `${name}=${value}`)
  .join(", ");

/** Reads NAME=VALUE (F9). A string instead of a fault is the usage error. */
export function parseFault(text: string, seed: number): Fault | string {
  const [name = "", value = ""] = text.split("=", 2);
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined) return `fault "${text}" is not known: use ${faultUsage}`;
  return kind.make(value, () => seeded(`${seed}/${name}`)) ?? `fault "${text}" wants ${name}=${kind.value}`;
}

/** F9: what can happen to a device that publishes: one write is one message, and TCP lets no bit of it arrive the wrong way round. */
export const messageFaultNames = [
  "slow",
  "duplicate",
  "flood",
  "silence",
  "unplug",
  "reboot",
  "stuck",
  "gap",
  "unit",
  "clock",
];

/** A fault of a device that publishes; a string is the usage error. */
export function parseMessageFault(text: string, seed: number): Fault | string {
  const [name = ""] = text.split("=", 1);
  if (faultNames.includes(name) && !messageFaultNames.includes(name))
    return `fault "${text}" happens to bytes on a line (--pty or --tcp); with --mqtt use ${messageFaultNames.join(", ")}`;
  return parseFault(text, seed);
}

/** Faults as a program names them: "noise=0.01". Throws a RangeError with the usage. */
export function faultsOf(faults: readonly (Fault | string)[], seed: number): readonly Fault[] {
  return faults.map((fault) => {
    const parsed = typeof fault === "string" ? parseFault(fault, seed) : fault;
    if (typeof parsed === "string") throw new RangeError(parsed);
    return parsed;
  });
}

const given = <Value>(value: Value | null, make: (value: Value) => Fault): Fault | null =>
  value === null ? null : make(value);

function whole(text: string): number | null {
  const value = Number(text);
  return Number.isInteger(value) && value > 0 ? value : null;
}

function probability(text: string): number | null {
  const value = Number(text);
  return text !== "" && value >= 0 && value <= 1 ? value : null;
}

function pair(text: string): readonly [number, number] | null {
  const [first = Number.NaN, second = Number.NaN, ...more] = text.split("/").map(Number);
  return first > 0 && second > 0 && more.length === 0 ? [first, second] : null;
}

function times(text: string): { readonly everyMs: number; readonly forMs: number } | null {
  const both = pair(text);
  return both === null ? null : { everyMs: both[0] * 1000, forMs: both[1] * 1000 };
}
