import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { loadMqttUsers } from "../gateway/identity/index.ts";
import { portsOf, type TemporarySite } from "../gateway/site/index.ts";

/** Plain JSON. */
export type Load = {
  readonly seed: number;
  /** Of all sensors together; 0 = as fast as acknowledgements come. */
  readonly ratePerSecond: number;
  /** Most unacknowledged weighings of one sensor. */
  readonly inFlight: number;
  readonly sensors: readonly LoadSensor[];
};
/** Of all sensors together, when the load has ended and what was on its way has been acknowledged. */
export type LoadCounts = { readonly sent: number; readonly acknowledged: number };
export type LoadSensor = { readonly port: number; readonly device: string; readonly password: string };

const GENERATOR = fileURLToPath(new URL("load-generator.ts", import.meta.url));

/** Enough unacknowledged messages of each sensor to fill bundles, few enough to be a queue and not a backlog. */
const IN_FLIGHT_AT_MOST = 256;
const IN_FLIGHT_AT_RATE = 64;

/** Starts the load on a site of MQTT stations, at a rate or (null) at most; the result ends it and says what was sent. */
export async function startLoad(
  { made, plan }: TemporarySite,
  rate: number | null,
): Promise<() => Promise<LoadCounts>> {
  const ports = portsOf(plan).gateways;
  const sensors = await Promise.all(
    made.gatewayDirs.map(async (dir, index): Promise<LoadSensor> => {
      const device = `sensor-${index + 1}`;
      const users = await loadMqttUsers(join(dir, "keys", "mqtt-users.json"));
      return { port: ports[index]?.mqtt ?? 0, device, password: users[device] ?? "" };
    }),
  );
  const inFlight = rate === null ? IN_FLIGHT_AT_MOST : IN_FLIGHT_AT_RATE;
  const load: Load = { seed: 7, sensors, ratePerSecond: rate ?? 0, inFlight };
  const child = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", GENERATOR, JSON.stringify(load)], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let counts: LoadCounts = { sent: 0, acknowledged: 0 };
  child.on("message", (told) => {
    counts = told as LoadCounts;
  });
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return counts;
    child.kill("SIGTERM");
    await once(child, "exit");
    return counts;
  };
}
