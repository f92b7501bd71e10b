import { join } from "node:path";
import { SITE_FILE } from "../config/index.ts";
import type { MadeSite } from "./make-site.ts";
import { gatewayName, portsOf, type SitePlan } from "./plan.ts";
import type { Processes } from "./processes.ts";

export type RunningSite = {
  readonly processes: Processes;
  /** Address of each gateway's API, in the order of the site. */
  readonly apis: readonly { readonly name: string; readonly url: string }[];
};

/**
 * Starts the processes of a made site: the ledger, then all gateways at once, then the devices when there is a specification.
 * Rejects with ProcessEnded when one of them does not come up; the caller stops the rest (`processes.stop`).
 */
export async function startSite(options: {
  readonly made: MadeSite;
  readonly plan: SitePlan;
  readonly processes: Processes;
  /** From `writeSimulation`; null = no simulated devices. */
  readonly simulation: string | null;
}): Promise<RunningSite> {
  const { made, plan, processes, simulation } = options;
  const ports = portsOf(plan);
  const ledger = processes.start("ledger", [
    "ledger",
    "--dir",
    made.ledgerDir,
    "--site",
    join(made.dir, SITE_FILE),
    "--port",
    String(ports.ledger),
  ]);
  const gateways = made.gatewayDirs.map((dir, index) => processes.start(gatewayName(index), ["run", "--dir", dir]));
  const devices = simulation === null ? [] : [processes.start("devices", ["devices-sim", "--spec", simulation])];
  await Promise.all([ledger, ...gateways, ...devices]);
  return {
    processes,
    apis: ports.gateways.map(({ api }, index) => ({ name: gatewayName(index), url: `http://127.0.0.1:${api}` })),
  };
}
