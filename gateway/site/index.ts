/** A whole site in one directory of one machine: for demonstrations, tests and benchmarks. */
export { replaceFile } from "./gateway-yaml.ts";
export { type MadeSite, makeSite, TOLERANCE_MILLI } from "./make-site.ts";
export {
  flowDevice,
  gatewayName,
  LAST_BASE_PORT,
  MOST_GATEWAYS,
  portsOf,
  type SitePlan,
  type SitePorts,
  usedPorts,
} from "./plan.ts";
export { busyCause, checkPortsFree } from "./ports.ts";
export { makeProcesses, ProcessEnded, type Processes, type ProcessEvent } from "./processes.ts";
export { removeSite } from "./remove-site.ts";
export { readSimulation, type SimulationOptions, writeSimulation } from "./simulated-devices.ts";
export { holdSite } from "./site-lock.ts";
export { type RunningSite, startSite } from "./start-site.ts";
export { freeBasePort, startTemporarySite, type TemporarySite, type TemporarySiteOptions } from "./temporary-site.ts";
