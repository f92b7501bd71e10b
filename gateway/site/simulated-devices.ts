import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { MqttStation, SimulatedSiteSpec, WiredStation } from "../../firmware-sim/index.ts";
import { loadMqttUsers } from "../identity/index.ts";
import { replaceFile } from "./gateway-yaml.ts";
import type { MadeSite } from "./make-site.ts";
import { gatewayName, portsOf, scaleLine, scannerLine, type SitePlan, STATION, stationKind } from "./plan.ts";

export type SimulationOptions = {
  /** Measurements per second of the whole site; a scale on a line gives at most one a second of them. */
  readonly ratePerSecond: number;
  readonly seed: number;
  /** Most unacknowledged messages of an MQTT sensor. */
  readonly inFlight?: number;
  /** Absent: what is presented is journalled. */
  readonly journal?: boolean;
};

const MOST_OF_A_SCALE = 1;

/** Writes the specification of the site's simulated devices (it holds passwords: 0600) and gives its path. */
export async function writeSimulation(made: MadeSite, plan: SitePlan, options: SimulationOptions): Promise<string> {
  const ports = portsOf(plan);
  const rates = ratesOf(plan, options.ratePerSecond);
  const stations: (WiredStation | MqttStation)[] = [];
  for (const [index, dir] of made.gatewayDirs.entries()) {
    const own = ports.gateways[index];
    if (own === undefined) throw new RangeError(`the plan has no gateway ${index}`);
    const gateway = gatewayName(index);
    const ratePerSecond = rates[index] ?? 0;
    const kind = stationKind(plan, index);
    if (kind === "mqtt") {
      const device = `sensor-${index + 1}`;
      const users = await loadMqttUsers(join(dir, "keys", "mqtt-users.json"));
      const mqtt = { url: `mqtt://127.0.0.1:${own.mqtt}`, username: device, password: users[device] ?? "", device };
      stations.push({
        gateway,
        station: STATION,
        mqtt,
        protocol: protocolOf(made, device) === "senml-cbor" ? "senml-cbor" : "senml-json",
        ratePerSecond,
        ...(options.inFlight === undefined ? {} : { inFlight: options.inFlight }),
      });
    } else {
      stations.push({
        gateway,
        station: STATION,
        ratePerSecond,
        scale: spoken(
          made,
          `scale-${index + 1}`,
          kind === "serial" ? { pty: join(made.dir, scaleLine(index)) } : { tcp: own.scale },
        ),
        dimensioner: spoken(made, `dimensioner-${index + 1}`, { tcp: own.dimensioner }),
        ...scannerOf(made, index),
      });
    }
  }
  const spec: SimulatedSiteSpec = {
    seed: options.seed,
    journalDir: options.journal === false ? null : join(made.dir, "journals"),
    stations,
  };
  const path = join(made.dir, "devices.json");
  await replaceFile(path, `${JSON.stringify(spec, null, 2)}\n`, 0o600);
  return path;
}

/** Null = the site registers no such device. */
const protocolOf = ({ site }: MadeSite, device: string): string | null =>
  site.devices.find(({ id }) => id === device)?.protocol ?? null;

/** A site of an earlier version has other makes. */
function spoken(made: MadeSite, device: string, place: { readonly pty: string } | { readonly tcp: number }) {
  const protocol = protocolOf(made, device);
  return { ...place, ...(protocol === null ? {} : { protocol }) };
}

function scannerOf(made: MadeSite, index: number): Pick<WiredStation, "scanner"> {
  const device = `scanner-${index + 1}`;
  const place = { pty: join(made.dir, scannerLine(index)) };
  return protocolOf(made, device) === null ? {} : { scanner: spoken(made, device, place) };
}

/** The specification that `writeSimulation` wrote. */
export async function readSimulation(path: string): Promise<SimulatedSiteSpec> {
  return JSON.parse(await readFile(path, "utf8")) as SimulatedSiteSpec;
}

/** Everybody gets the same share; what a scale cannot do, the sensors do. */
function ratesOf(plan: SitePlan, total: number): readonly number[] {
  const wired = Array.from({ length: plan.gateways }, (_, index) => stationKind(plan, index) !== "mqtt");
  const scales = wired.filter(Boolean).length;
  const sensors = plan.gateways - scales;
  const ofScale = Math.min(MOST_OF_A_SCALE, total / plan.gateways);
  const ofSensor = sensors === 0 ? 0 : (total - scales * ofScale) / sensors;
  return wired.map((isWired) => (isWired ? ofScale : ofSensor));
}
