import { startSimulatedSite } from "../../firmware-sim/index.ts";
import { readSimulation } from "../site/index.ts";
import { needed, readArguments } from "./arguments.ts";
import { endWithin, stopRequested, tellReady } from "./lifetime.ts";

/** `tallystick devices-sim`: all simulated devices of a site. Internal. */
export async function devicesSim(argv: readonly string[]): Promise<number> {
  const { options } = readArguments("devices-sim", argv, { spec: "text" });
  const spec = await readSimulation(needed("devices-sim", "spec", options.spec));
  const stop = stopRequested();
  const running = await startSimulatedSite(spec);
  tellReady();
  await stop;
  endWithin(2_000, 0);
  await running.close();
  if (process.connected) process.disconnect();
  return 0;
}
