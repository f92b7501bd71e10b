import { chmod, readFile, writeFile } from "node:fs/promises";
import { once } from "node:events";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { startMqttSensor, startSparkplugNode, syntheticItems } from "../../firmware-sim/index.ts";
import { createGateway } from "../../gateway/runtime/index.ts";
import { someBroker } from "../devices/transports/some-broker.ts";
import { audit } from "../e2e/audit.ts";
import { startTallystick, tallystick } from "../e2e/command.ts";
import { eventually, settled, statusOf } from "../e2e/observe.ts";
import { PASSWORD, prepared, type Prepared } from "./mqtt-site.ts";

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

test("E2, E3, I1, I4: a gateway that is killed again and again loses and doubles nothing of a broker elsewhere", async (t) => {
  t.timeout(120_000);
  const broker = await someBroker();
  t.teardown(broker.close);
  const site = await prepared(t, () => `mqtt: { external: { url: "mqtt://127.0.0.1:${broker.port()}" } }`);
  const journal = join(site.made.dir, "journals", "cbor-1.jsonl");
  // Before its first subscription nobody keeps anything for the gateway.
  const known = await started(t, site.dir);
  await eventually("the subscription", 10_000, async () =>
    (await statusOf(site.api))?.devices.find(({ id }) => id === "cbor-1")?.state === "online" ? true : null,
  );
  await known();
  const sensor = startMqttSensor({
    url: `mqtt://127.0.0.1:${broker.port()}`,
    username: "u",
    password: "p",
    device: "cbor-1",
    protocol: "senml-cbor",
    items: syntheticItems(1, 1),
    journal,
    ratePerSecond: 100,
    inFlight: 32,
  });
  const statusNow = () => statusOf(site.api);
  const run = async () => {
    const command = startTallystick(["run", "--dir", site.dir]);
    const { pid, counts } = await eventually("it is up", 20_000, statusNow);
    const kill = (signal: NodeJS.Signals) => process.kill(pid, signal);
    t.teardown(async () => {
      if (command.child.exitCode === null && command.child.signalCode === null) kill("SIGKILL");
    });
    return { before: counts.accepted, kill, ended: once(command.child, "exit") };
  };
  for (let round = 0; round < 3; round += 1) {
    const { before, kill, ended } = await run();
    await eventually(
      "it accepts",
      20_000,
      async () => ((await statusNow())?.counts.accepted ?? 0) > before + 50 || null,
    );
    kill("SIGKILL");
    await ended;
  }
  const last = await run();
  await sensor.close();
  const presented = (await readFile(`${journal}.done`, "utf8")).trim().split("\n").length;
  await eventually("all of them are final", 30_000, async () => {
    const status = await statusOf(site.api);
    return status !== null && status.statements >= presented && status.queues.accepting === 0 ? true : null;
  });
  last.kill("SIGTERM");
  await last.ended;
  await clean(t, site);
});

test("F19, C4: the command starts a Sparkplug node that a gateway records, and names what it wants", async (t) => {
  t.timeout(60_000);
  const site = await prepared(t, (port) => `mqtt: { port: ${port}, sparkplug: { hostId: test-gw-1 } }`);
  await started(t, site.dir);
  const url = `mqtt://dock%2Fline-1:${PASSWORD}@127.0.0.1:${site.mqttPort}`;
  const node = startTallystick(["device", "sparkplug", "--id", "scale", "--mqtt", url, "--rate", "20"]);
  t.teardown(async () => void node.child.kill("SIGKILL"));
  await eventually("it is recorded", 20_000, async () => {
    const status = await statusOf(site.api);
    return (status?.counts.accepted ?? 0) >= 10 ? true : null;
  });
  t.is(await node.signal("SIGTERM"), 0);
  t.regex(node.lines.at(-1) ?? "", /^\d+ presented, \d+ finished$/);
});
