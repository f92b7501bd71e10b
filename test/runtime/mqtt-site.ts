import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { simulatedNodeSettings } from "../../firmware-sim/index.ts";
import { freeBasePort, type MadeSite, makeSite, portsOf } from "../../gateway/site/index.ts";
import { type SiteDevice, siteOf } from "../../ledger/management/index.ts";

const measures = ["mass", "dimensions", "item"] as const;
const mass = { minKg: "0.020", maxKg: "60.000", divisionKg: "0.005" };
const dimensions = { minMm: "10", maxMm: "2000", divisionMm: "1" };
const common = { gateway: "gw-1", measures, mass, dimensions };
const devices: readonly SiteDevice[] = [
  { ...common, id: "cbor-1", station: "dock-1", protocol: "senml-cbor" },
  { ...common, id: "sp-1", station: "dock-2", protocol: "sparkplug", settings: simulatedNodeSettings },
];
export const PASSWORD = "a-password-of-its-own";

export type Prepared = {
  readonly made: MadeSite;
  readonly dir: string;
  readonly api: { name: string; url: string };
  readonly mqttPort: number;
};

/** A site of one gateway with a SenML-CBOR sensor and a Sparkplug device. `mqtt`: that part of its gateway.yaml. */
export async function prepared(
  t: { readonly teardown: (fn: () => Promise<void>) => void },
  mqtt: (port: number) => string,
): Promise<Prepared> {
  const plan = { site: "test", gateways: 1, stations: "mqtt", basePort: await freeBasePort(1, "mqtt") } as const;
  const made = await makeSite(await mkdtemp(join(tmpdir(), "tallystick-mqtt-")), plan);
  t.teardown(() => rm(made.dir, { recursive: true, force: true }));
  const [dir = ""] = made.gatewayDirs;
  const [ports] = portsOf(plan).gateways;
  const mqttPort = ports?.mqtt ?? 0;
  const { configHash: _, format: __, ...document } = made.site;
  const site = siteOf({ ...document, devices });
  for (const at of [made.dir, dir]) await writeFile(join(at, "SITE.json"), JSON.stringify(site));
  const yaml = (await readFile(join(dir, "gateway.yaml"), "utf8")).replace(/^mqtt: .*$/m, mqtt(mqttPort));
  const transports = [
    "  - { id: cbor-1, transport: { kind: mqtt } }",
    "  - { id: sp-1, transport: { kind: sparkplug, group: dock, node: line-1, device: scale } }",
  ];
  await writeFile(join(dir, "gateway.yaml"), yaml.replace(/^devices:[^]*$/m, `devices:\n${transports.join("\n")}\n`));
  const users = join(dir, "keys", "mqtt-users.json");
  await rm(users, { force: true });
  await writeFile(users, JSON.stringify({ "cbor-1": PASSWORD, "dock/line-1": PASSWORD }), { mode: 0o600 });
  return { made: { ...made, site }, dir, api: { name: "gw-1", url: `http://127.0.0.1:${ports?.api}` }, mqttPort };
}
