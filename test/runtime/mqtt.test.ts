import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import {
  simulatedNodeSettings,
  startMqttSensor,
  startSparkplugNode,
  syntheticItems,
} from "../../firmware-sim/index.ts";
import { createGateway } from "../../gateway/runtime/index.ts";
import { freeBasePort, type MadeSite, makeSite, portsOf } from "../../gateway/site/index.ts";
import { type SiteDevice, siteOf } from "../../ledger/management/index.ts";
import { someBroker } from "../devices/transports/some-broker.ts";
import { audit } from "../e2e/audit.ts";
import { tallystick } from "../e2e/command.ts";
import { eventually, settled, statusOf } from "../e2e/observe.ts";

const measures = ["mass", "dimensions", "item"] as const;
const mass = { minKg: "0.020", maxKg: "60.000", divisionKg: "0.005" };
const dimensions = { minMm: "10", maxMm: "2000", divisionMm: "1" };
const common = { gateway: "gw-1", measures, mass, dimensions };
const devices: readonly SiteDevice[] = [
  { ...common, id: "cbor-1", station: "dock-1", protocol: "senml-cbor" },
  { ...common, id: "sp-1", station: "dock-2", protocol: "sparkplug", settings: simulatedNodeSettings },
];
const PASSWORD = "a-password-of-its-own";

type Prepared = {
  readonly made: MadeSite;
  readonly dir: string;
  readonly api: { name: string; url: string };
  readonly mqttPort: number;
};

/** A site of one gateway with a SenML-CBOR sensor and a Sparkplug device. `mqtt`: that part of its gateway.yaml. */
async function prepared(t: ExecutionContext, mqtt: (port: number) => string): Promise<Prepared> {
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

async function started(t: ExecutionContext, dir: string, alarms: string[] = []): Promise<() => Promise<void>> {
  const gateway = await createGateway({
    dir,
    log: { info: () => {}, alarm: (line) => void alarms.push(line) },
    failed: (error) => t.fail(error.message),
  });
  let stopped = false;
  const stop = async (): Promise<void> => {
    if (stopped) return;
    stopped = true;
    await gateway.stop();
  };
  t.teardown(stop);
  return stop;
}

/** Both simulated devices, at 40 weighings a second each. */
function running({ made }: Prepared, port: number) {
  const url = `mqtt://127.0.0.1:${port}`;
  const journals = join(made.dir, "journals");
  const sensor = startMqttSensor({
    url,
    username: "cbor-1",
    password: PASSWORD,
    device: "cbor-1",
    protocol: "senml-cbor",
    items: syntheticItems(1, 1),
    journal: join(journals, "cbor-1.jsonl"),
    ratePerSecond: 40,
    inFlight: 16,
  });
  const node = startSparkplugNode({
    url,
    username: "dock/line-1",
    password: PASSWORD,
    group: "dock",
    node: "line-1",
    device: "scale",
    primaryHost: "test-gw-1",
    items: syntheticItems(1, 2),
    journal: join(journals, "sp-1.jsonl"),
    ratePerSecond: 40,
  });
  const more = async (count: number): Promise<void> => {
    const goals = [sensor.stats().acknowledged + count, node.stats().published + count];
    await eventually(`${count} more of each`, 20_000, async () =>
      sensor.stats().acknowledged >= (goals[0] ?? 0) && node.stats().published >= (goals[1] ?? 0) ? true : null,
    );
  };
  const close = async (): Promise<void> => {
    await eventually("nothing is on its way", 10_000, async () => (node.stats().kept === 0 ? true : null));
    await Promise.all([sensor.close(), node.close()]);
  };
  return { more, close };
}

async function clean(t: ExecutionContext, { made }: Prepared): Promise<void> {
  const { accepted, lost, doubled, foreign } = await audit(made);
  t.deepEqual({ lost, doubled, foreign }, { lost: [], doubled: [], foreign: [] });
  t.true(accepted >= 150, `${accepted} accepted`);
}

test("B3, B8, I1: SenML-CBOR and Sparkplug on our own broker: every weighing is one statement with its values, over a restart", async (t) => {
  t.timeout(90_000);
  const site = await prepared(t, (port) => `mqtt: { port: ${port}, sparkplug: { hostId: test-gw-1 } }`);
  const first = await started(t, site.dir);
  const devices = running(site, site.mqttPort);
  await devices.more(30);
  const status = await statusOf(site.api);
  t.deepEqual(
    status?.devices.map(({ id, state, refused }) => [id, state, refused]),
    [
      ["cbor-1", "online", 0],
      ["sp-1", "online", 0],
    ],
  );
  await first();
  const second = await started(t, site.dir);
  await devices.more(60);
  await devices.close();
  await settled([site.api], 20_000);
  await second();
  await clean(t, site);
});

test("E1-E3, E7, I1: the same on a broker elsewhere, over a restart of the gateway and one of the broker", async (t) => {
  t.timeout(90_000);
  const broker = await someBroker({
    users: { gateway: "its-password", "cbor-1": PASSWORD, "dock/line-1": PASSWORD },
  });
  t.teardown(broker.close);
  const external = `url: "mqtt://127.0.0.1:${broker.port()}", user: gateway, passwordFile: keys/broker-password`;
  const site = await prepared(t, () => `mqtt: { external: { ${external} }, sparkplug: { hostId: test-gw-1 } }`);
  const secret = join(site.dir, "keys", "broker-password");

  await t.throwsAsync(started(t, site.dir), {
    message: /"mqtt\.external\.passwordFile" names .* which is missing; put the secret there/,
  });
  await writeFile(secret, "its-password\n", { mode: 0o644 });
  await chmod(secret, 0o644);
  await t.throwsAsync(started(t, site.dir), { code: "SECRET_EXPOSED" });
  await chmod(secret, 0o600);

  const first = await started(t, site.dir);
  const devices = running(site, broker.port());
  await devices.more(30);
  await first();
  const second = await started(t, site.dir);
  await devices.more(30);
  const doctor = await tallystick(["doctor", "--dir", site.dir, "--json"]);
  const found = JSON.parse(doctor.stdout) as { check: string; ok: boolean; found: string }[];
  t.like(
    found.find(({ check }) => check === "broker"),
    { ok: true },
  );
  await broker.stop();
  await broker.start();
  await devices.more(30);
  await devices.close();
  await settled([site.api], 20_000);
  await second();
  const { accepted, lost, doubled, foreign } = await audit(site.made);
  // What a Sparkplug node had on the wire when the broker died is lost: QoS 0 (SP15).
  t.deepEqual({ doubled, foreign }, { doubled: [], foreign: [] });
  const sensors = new Set(
    (await readFile(join(site.made.dir, "journals", "cbor-1.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { item: string }).item),
  );
  t.deepEqual(
    lost.filter((item) => sensors.has(item)),
    [],
  );
  t.true(lost.length <= 20, `${lost.length} of ${accepted} lost at QoS 0`);

  await writeFile(secret, "another-password\n", { mode: 0o600 });
  const alarms: string[] = [];
  const third = await started(t, site.dir, alarms);
  await eventually("the refusal is told", 10_000, async () =>
    alarms.some((line) => line.includes("refuses the login")) ? true : null,
  );
  await third();
});
