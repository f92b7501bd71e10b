import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { parse, stringify } from "yaml";
import { loadLineage } from "../../gateway/config/index.ts";
import { freeBasePort } from "../../gateway/site/index.ts";
import { sitesOf, type Site } from "../../ledger/management/index.ts";
import { startTallystick, tallystick } from "../e2e/command.ts";
import { eventually, statusOf } from "../e2e/observe.ts";

test("L9: a site of one gateway changes its devices and then its key while it runs, and goes on after a restart", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const port = await freeBasePort(1, "mqtt");
  const api = { name: "gw-1", url: `http://127.0.0.1:${port}` };
  t.is((await tallystick(["init", "--dir", dir, "--gateway", "gw-1", "--port", String(port)])).code, 0);
  const unreached = await tallystick(["config", "status", "--dir", dir]);
  t.deepEqual([unreached.code, unreached.stderr.includes("no gateway answers")], [2, true]);
  const gateway = startTallystick(["run", "--dir", dir]);
  t.teardown(() => void gateway.child.kill("SIGKILL"));
  await gateway.said("is ready");
  const token = (await readFile(join(dir, "keys", "token"), "utf8")).trim();
  const post = async (item: string, station: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const body = JSON.stringify({ item, station, massGrams: "10", dimensionsMm: [30, 20, 10] });
    return (await fetch(`${api.url}/v1/measurements`, { method: "POST", headers, body })).status;
  };
  t.is(await post("A", "flow-1"), 201);
  t.is(await post("B", "flow-2"), 422, "a station that nobody registered");

  const file = join(dir, "next.json");
  const shown = async (): Promise<Site> =>
    JSON.parse((await tallystick(["config", "show", "--dir", dir])).stdout) as Site;
  const propose = async (edited: object): Promise<string> => {
    await writeFile(file, JSON.stringify(edited));
    const { code, stdout, stderr } = await tallystick(["config", "propose", file, "--dir", dir]);
    t.is(code, 0, stderr);
    return stdout;
  };
  const inYaml = join(dir, "next.yaml");
  const begun = (epoch: number): Promise<true> =>
    eventually(`epoch ${epoch} has begun`, 10_000, async () => ((await statusOf(api))?.epoch === epoch ? true : null));

  const first = await shown();
  const [device] = first.devices;
  const second = { ...device, id: "flow-2", station: "flow-2" };
  const mass = { minKg: "0.1", maxKg: "60", divisionKg: "0.005" };
  const settings = {
    starts: "cr",
    ends: "etx",
    line: "(?<sign>[+-])(?<value>[\\d.]{6})(?<stability>[ m]) (?<unit>[a-z ]{2}) (?<mode>[gn])  ",
    stable: "blank",
    moving: "m",
    gross: "g",
    net: "n",
  };
  const described = { protocol: "pattern", settings, measures: ["mass"], mass };
  const scale = { id: "scale-1", gateway: "gw-1", station: "dock-1", ...described };
  const at = (id: string, there: number): string =>
    `  - { id: ${id}, transport: { kind: tcp, host: 127.0.0.1, port: ${there} } }\n`;
  const devices = `devices:\n${at("scale-1", port + 20)}${at("dimensioner-1", port + 21)}`;
  await writeFile(join(dir, "gateway.yaml"), (await readFile(join(dir, "gateway.yaml"), "utf8")) + devices);
  const simulated = startTallystick(["device", "pattern", "--tcp", String(port + 20)]);
  t.teardown(() => void simulated.child.kill("SIGKILL"));
  await writeFile(file, JSON.stringify({ ...first, devices: [device, second, scale] }));
  const useless = await tallystick(["config", "propose", file, "--dir", dir]);
  t.deepEqual([useless.code, useless.stderr.includes("station dock-1 has no device for dimensions, item")], [2, true]);
  const sides = { minMm: "50", maxMm: "1200", divisionMm: "2" };
  const measures = ["dimensions", "item"];
  const rest = {
    id: "dimensioner-1",
    gateway: "gw-1",
    station: "dock-1",
    protocol: "sick",
    measures,
    dimensions: sides,
  };
  const unsafe = { ...scale, settings: { ...settings, line: "(?:\\d+)+(?<value>\\d)" } };
  await writeFile(file, JSON.stringify({ ...first, devices: [device, second, unsafe, rest] }));
  const refused = await tallystick(["config", "propose", file, "--dir", dir]);
  t.deepEqual([refused.code, refused.stderr.includes("repeats something that holds a repetition")], [2, true]);
  const asYaml = (await tallystick(["config", "show", "--dir", dir, "--yaml"])).stdout;
  t.deepEqual(parse(asYaml), first);
  await writeFile(inYaml, stringify({ ...first, devices: [device, second, scale, rest] }));
  const agreed = await tallystick(["config", "propose", inYaml, "--dir", dir]);
  t.regex(agreed.stdout, /^proposed and approved: [0-9a-f]{64}\nepoch /, agreed.stderr);
  await begun(1);
  await gateway.said("the devices of this gateway have changed");
  await gateway.said("device scale-1 is online");
  t.is(await post("B", "flow-2"), 201);
  const stale = await tallystick(["config", "propose", inYaml, "--dir", dir]);
  t.deepEqual([stale.code, /was not made from the configuration in force, epoch 1/.test(stale.stderr)], [2, true]);
  t.is((await tallystick(["config", "approve", "00000000", "--dir", dir])).code, 1);
  const misspelt = await tallystick(["config", "aprove", "--dir", dir]);
  t.deepEqual([misspelt.code, misspelt.stderr.includes('did you mean "approve"?')], [2, true]);

  const entry: unknown = JSON.parse((await tallystick(["config", "keys", "--dir", dir])).stdout);
  await gateway.signal("SIGTERM");
  const again = startTallystick(["run", "--dir", dir]);
  t.teardown(() => void again.child.kill("SIGKILL"));
  await again.said("is ready");
  const before = await shown();
  await propose({ ...before, gateways: [entry] });
  await begun(2);
  t.is(await post("C", "flow-1"), 201);
  await eventually("all three are final", 10_000, async () => ((await statusOf(api))?.statements === 3 ? true : null));
  t.regex((await tallystick(["config", "status", "--dir", dir])).stdout, /^epoch 2: 1 gateways; a change needs/);
  await again.signal("SIGTERM");
  t.deepEqual(
    sitesOf(await loadLineage(join(dir, "SITE.json"))).map(({ epoch }) => epoch),
    [0, 1, 2],
  );
  const third = startTallystick(["run", "--dir", dir]);
  t.teardown(() => void third.child.kill("SIGKILL"));
  await third.said("is ready");
  t.is(await post("D", "flow-2"), 201);
  await eventually("it is final", 10_000, async () => ((await statusOf(api))?.statements === 4 ? true : null));
  t.is((await tallystick(["doctor", "--dir", dir])).stdout.includes("MEND  secrets"), false);
  await third.signal("SIGTERM");
});
