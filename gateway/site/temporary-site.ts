import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MadeSite, makeSite } from "./make-site.ts";
import { type SitePlan, usedPorts } from "./plan.ts";
import { busyCause } from "./ports.ts";
import { makeProcesses, type Processes, type ProcessEvent } from "./processes.ts";
import { type SimulationOptions, writeSimulation } from "./simulated-devices.ts";
import { type RunningSite, startSite } from "./start-site.ts";

export type TemporarySite = {
  readonly made: MadeSite;
  readonly plan: SitePlan;
  readonly processes: Processes;
  readonly apis: RunningSite["apis"];
  /** Stops every process; the directory stays until `remove`. */
  readonly stop: () => Promise<void>;
  readonly remove: () => Promise<void>;
};

export type TemporarySiteOptions = {
  readonly gateways: number;
  readonly stations: SitePlan["stations"];
  /** Null = no simulated devices. */
  readonly simulation: SimulationOptions | null;
  readonly restart: boolean;
  readonly onEvent?: (event: ProcessEvent) => void;
  /** Runs when the site is made and nothing of it has started. */
  readonly prepare?: (made: MadeSite, plan: SitePlan) => Promise<void>;
};

/** A site of real processes on free ports and a directory of its own, for tests and benchmarks. */
export async function startTemporarySite(options: TemporarySiteOptions): Promise<TemporarySite> {
  const { gateways, stations } = options;
  const plan: SitePlan = { site: "test", gateways, stations, basePort: await freeBasePort(gateways, stations) };
  const dir = await mkdtemp(join(tmpdir(), "tallystick-"));
  const made = await makeSite(dir, plan);
  const processes = makeProcesses({
    logDir: join(dir, "logs"),
    restart: options.restart,
    onEvent: options.onEvent ?? (() => undefined),
  });
  const remove = (): Promise<void> => rm(dir, { recursive: true, force: true });
  try {
    await options.prepare?.(made, plan);
    const simulation = options.simulation === null ? null : await writeSimulation(made, plan, options.simulation);
    const { apis } = await startSite({ made, plan, processes, simulation });
    return { made, plan, processes, apis, stop: processes.stop, remove };
  } catch (error) {
    await processes.stop();
    await remove();
    throw error;
  }
}

const FIRST = 20_000;
const SPAN = 11_000;
const ATTEMPTS = 50;

/** A base below the range from which the system gives outgoing connections their ports, where nobody listens on what a site needs. */
export async function freeBasePort(gateways: number, stations: SitePlan["stations"]): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const basePort = FIRST + Math.floor(Math.random() * SPAN);
    const causes = await Promise.all(
      usedPorts({ site: "test", gateways, stations, basePort }, true).map(({ port }) => busyCause(port)),
    );
    if (causes.every((cause) => cause === null)) return basePort;
  }
  throw new Error(`no ${gateways} gateways' worth of free ports was found in ${ATTEMPTS} attempts`);
}
