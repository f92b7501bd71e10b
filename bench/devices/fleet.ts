import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { openDevice } from "../../devices/index.ts";
import { startIngest } from "../../gateway/ingest/index.ts";
import { stationsOf } from "../../gateway/station/index.ts";
import type { Site, SiteDevice } from "../../ledger/management/index.ts";

/** Plain JSON, from the simulator's process. */
export type FleetPlace = { readonly protocol: string; readonly port: number };

export type FleetFigures = {
  readonly devices: number;
  readonly framesPerSecond: number;
  /** Processor time of the host's process for each second, in hundredths of a core. */
  readonly cpuPercent: number;
};

const SIMULATOR = fileURLToPath(new URL("fleet-simulator.ts", import.meta.url));
const WARM_UP_MS = 5_000;

/**
 * Scales of all protocols on TCP in a process of their own, and in this one what a gateway does with them: drivers, readings, a station
 * for each scale. Nothing is accepted, because nothing names an item.
 */
export async function fleetFigures(devices: number, framesPerSecond: number, seconds: number): Promise<FleetFigures> {
  const everyMs = 1_000 / framesPerSecond;
  const simulator = fork(SIMULATOR, [devices, everyMs].map(String), { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  try {
    const [places] = (await once(simulator, "message")) as [readonly FleetPlace[]];
    const ingest = ingestOf(places);
    let frames = 0;
    const open = places.map(({ protocol, port }, index) =>
      openDevice(
        {
          id: nameOf(index),
          protocol,
          transport: { kind: "tcp", host: "127.0.0.1", port },
          timing: { pollMs: everyMs },
        },
        {
          readings: (readings) => {
            const [first] = readings;
            if (first === undefined) return;
            frames += 1;
            const quantities = readings.map(({ quantity }) => quantity);
            ingest.onStream({ device: first.device, at: first.receivedAt, frame: first.frame, quantities });
          },
          status: ({ device, at, status }) => ingest.onStatus(device, at, status),
          health: () => {},
        },
      ),
    );
    await sleep(WARM_UP_MS);
    frames = 0;
    const beforeCpu = process.cpuUsage();
    const beganMs = performance.now();
    await sleep(seconds * 1_000);
    const { user, system } = process.cpuUsage(beforeCpu);
    const ms = performance.now() - beganMs;
    const figures = {
      devices,
      framesPerSecond: Math.round((frames * 1_000) / ms),
      cpuPercent: Math.round((user + system) / ms) / 10,
    };
    await Promise.all(open.map((device) => device.close()));
    await ingest.stop();
    return figures;
  } finally {
    simulator.disconnect();
    if (simulator.exitCode === null) await once(simulator, "exit");
  }
}

const nameOf = (index: number): string => `scale-${index + 1}`;

function ingestOf(places: readonly FleetPlace[]) {
  const devices = places.flatMap(({ protocol }, index): SiteDevice[] => {
    const station = `dock-${index + 1}`;
    const limits = { minKg: "0.020", maxKg: "60.000", divisionKg: "0.005" };
    const sides = { minMm: "10", maxMm: "2000", divisionMm: "1" };
    return [
      { id: nameOf(index), gateway: "gw-1", station, protocol, measures: ["mass"], mass: limits },
      {
        id: `sizer-${index + 1}`,
        gateway: "gw-1",
        station,
        protocol: "sick",
        measures: ["dimensions", "item"],
        dimensions: sides,
      },
    ];
  });
  return startIngest({
    stations: stationsOf({ devices } as unknown as Site, "gw-1", 5_000),
    accept: async () => {
      throw new Error("nothing names an item here");
    },
    commit: async () => {},
    accepted: async () => null,
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
