import { setTimeout as sleep } from "node:timers/promises";
import { type Device, type DeviceSettings, openDevice } from "../../../devices/index.ts";
import type { Decimal } from "../../../devices/quantity/index.ts";
import { startDimensioner } from "../../../firmware-sim/dimensioner/index.ts";
import { type Item, syntheticItems } from "../../../firmware-sim/items.ts";
import { startScale } from "../../../firmware-sim/scale/index.ts";
import { type Ingest, startIngest } from "../../../gateway/ingest/index.ts";
import { stationsOf } from "../../../gateway/station/index.ts";
import type { Site, SiteDevice } from "../../../ledger/management/index.ts";
import type { Measurement } from "../../../ledger/statement/index.ts";
import { judge, type Presented, type Verdict } from "./judge.ts";
import { httpProtocols, registrationOf, type Roles, rolesOf, scaleOf } from "./roles.ts";
import { virtualLine, webLine } from "./virtual-line.ts";
import { startVirtualTime, type VirtualTime } from "./virtual-time.ts";

/** One driver with its simulated device, made worse by faults that stack. */
export type Cell = { readonly protocol: string; readonly faults: readonly string[]; readonly seed: number };

export type CellResult = Verdict & {
  readonly presented: number;
  /** What the driver said of its device in the end. */
  readonly state: string;
};

const ITEMS = 10;
/** In real time. */
const REAL_ITEMS = 4;
/** Whoever works there looks at no display: on, off, the next. */
const ON_MS = 1_800;
const OFF_MS = 1_200;
/** F11: a dimensioner is triggered by what stands on the scale. */
const TRIGGER_MS = 400;
const WARM_UP_MS = 1_000;
/** Somebody acknowledges a quarantined device so often. */
const LOOK_MS = 6_000;
const WINDOW_MS = 5_000;

/**
 * Ten items over one station in virtual time. Simulated devices, drivers, station and ingest are the real ones; the clock and the
 * bytes' way from device to host are the test's own. Only the driver in question has the faults. A device that is asked by HTTP
 * has a web server, which knows no virtual time: four items in real time.
 */
export async function runCell(cell: Cell): Promise<CellResult> {
  const isReal = httpProtocols.includes(cell.protocol);
  const time = isReal ? realTime : startVirtualTime();
  try {
    const bench = await setUp(cell, time);
    const presented = await present(bench, syntheticItems(cell.seed, 1), time, isReal ? REAL_ITEMS : ITEMS);
    const { state } = bench.driven.health();
    await bench.close();
    return { ...judge(presented, bench.accepted), presented: presented.length, state };
  } finally {
    time.end();
  }
}

type Time = Pick<VirtualTime, "pass" | "end">;

const realTime: Time = { pass: (ms) => sleep(ms), end: () => {} };

type Bench = {
  readonly roles: Roles;
  readonly put: (grams: number) => void;
  /** Null takes it away. */
  readonly show: (item: Item | null) => void;
  readonly driven: Device;
  readonly accepted: readonly Measurement[];
  readonly close: () => Promise<void>;
};

async function setUp({ protocol, faults, seed }: Cell, time: Time): Promise<Bench> {
  const roles = rolesOf(protocol);
  const isWeb = httpProtocols.includes(roles.size);
  const lines = { mass: virtualLine(), size: isWeb ? webLine : virtualLine(), name: virtualLine() };
  const settings = (role: keyof typeof lines) => ({
    line: lines[role].device,
    seed,
    faults: role === roles.driven ? faults : [],
  });
  const scale = await startScale({ ...settings("mass"), protocol: roles.mass });
  const sizer = await startDimensioner({ ...settings("size"), protocol: roles.size });
  const reader = roles.name === null ? null : await startDimensioner({ ...settings("name"), protocol: roles.name });
  const accepted: Measurement[] = [];
  const ingest = ingestOf(registrationOf(roles), accepted);
  const devices = {
    mass: open("mass", roles.mass, lines.mass.transport(scale.port), ingest),
    size: open("size", roles.size, lines.size.transport(sizer.port), ingest),
    name: roles.name === null ? null : open("name", roles.name, lines.name.transport(null), ingest),
  };
  const driven = devices[roles.driven];
  if (driven === null) throw new RangeError(`${protocol} has no place at this station`);
  const looking = setInterval(() => driven.acknowledge(), LOOK_MS);
  return {
    roles,
    driven,
    accepted,
    put: (grams) => scale.load(grams),
    show: (item) => {
      sizer.present(item === null ? null : { item: reader === null ? item.item : null, mm: item.mm });
      reader?.present(item);
    },
    close: async () => {
      clearInterval(looking);
      const running = [devices.mass, devices.size, devices.name, scale, sizer, reader];
      const closing = Promise.all(running.map(async (device) => device?.close()));
      await time.pass(2_000);
      await closing;
      await ingest.stop();
    },
  };
}

async function present(bench: Bench, items: (number: number) => Item | null, time: Time, count: number) {
  const { capacityGrams, divisionKg } = scaleOf(bench.roles.mass);
  const presented: Presented[] = [];
  await time.pass(WARM_UP_MS);
  for (let number = 0; number < count; number++) {
    const item = items(number);
    if (item === null) throw new RangeError("synthetic items have no end");
    const grams = item.grams % (capacityGrams * 0.9);
    presented.push({ item: item.item, kilograms: displayed(grams, divisionKg), mm: item.mm });
    bench.put(grams);
    await time.pass(TRIGGER_MS);
    bench.show(item);
    await time.pass(ON_MS - TRIGGER_MS);
    bench.put(0);
    bench.show(null);
    await time.pass(OFF_MS);
  }
  return presented;
}

/** What the display rounds to. */
function displayed(grams: number, divisionKg: Decimal): Decimal {
  const divisionGrams = divisionKg.mantissa * 10 ** (divisionKg.exponent + 3);
  return { ...divisionKg, mantissa: Math.round(grams / divisionGrams) * divisionKg.mantissa };
}

function open(id: string, protocol: string, transport: DeviceSettings["transport"], ingest: Ingest): Device {
  return openDevice(
    { id, protocol, transport },
    {
      readings: (readings) => {
        const [first] = readings;
        if (first === undefined) return;
        const quantities = readings.map(({ quantity }) => quantity);
        ingest.onStream({ device: id, at: first.receivedAt, frame: first.frame, quantities });
      },
      status: ({ device, at, status }) => ingest.onStatus(device, at, status),
      health: () => {},
    },
  );
}

/** Stations over a disk that is never late and forgets nothing. */
export function ingestOf(devices: readonly SiteDevice[], accepted: Measurement[]): Ingest {
  const site = { devices } as unknown as Site;
  const taken = new Map<string, number>();
  return startIngest({
    stations: stationsOf(site, "gw-1", WINDOW_MS),
    accept: async (measurement, writes) => {
      accepted.push(measurement);
      const number = accepted.length;
      for (const write of writes(number)) if (write.kind === "accepted") taken.set(write.key, number);
      return { number };
    },
    commit: async () => {},
    accepted: async (key) => taken.get(key) ?? null,
    decode: () => null,
    memos: new Map(),
    readings: [],
    closed: () => null,
    clock: () => performance.now(),
    events: {
      reading: () => {},
      accepted: () => {},
      incomplete: () => {},
      failed: (error) => {
        throw error;
      },
    },
  });
}
