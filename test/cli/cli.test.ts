import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { COMMANDS, helpOf, OVERALL_HELP } from "../../gateway/cli/help.ts";
import { startTallystick, tallystick } from "../e2e/command.ts";
import { freeBasePort } from "../../gateway/site/index.ts";

test("L3: an unknown command or option is one sentence with the nearest known name, and exit code 2", async (t) => {
  for (const [args, sentence] of [
    [["exprt"], 'tallystick: "exprt" is not a command; did you mean "export"?\n'],
    [["demo", "--gatways", "3"], "tallystick: tallystick demo does not know --gatways; did you mean --gateways?\n"],
    [["run"], 'tallystick: --dir is missing; see "tallystick run --help"\n'],
    [["demo", "--gateways", "0"], 'tallystick: --gateways is "0", but must be a whole number from 1 to 99\n'],
  ] as const) {
    const { code, stderr, stdout } = await tallystick(args);
    t.deepEqual([code, stdout, stderr], [2, "", sentence]);
  }
});

test("every command but the internal one stands in the overall help, and each has help of its own", (t) => {
  for (const command of COMMANDS) {
    t.true(helpOf(command).startsWith(`tallystick ${command}`));
    t.is(OVERALL_HELP.includes(`tallystick ${command} `), command !== "devices-sim");
  }
});

test("L1: a file that is no receipt is answered with no, a file that is not there is wrong usage", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const port = await freeBasePort(1, "mqtt");
  t.is((await tallystick(["init", "--dir", dir, "--gateway", "gw-1", "--port", String(port)])).code, 0);
  const site = join(dir, "SITE.json");
  await writeFile(join(dir, "x.receipt"), "this is none");
  const none = await tallystick(["verify", join(dir, "x.receipt"), "--site", site]);
  t.deepEqual([none.code, none.stdout.slice(0, 16)], [1, "invalid: format:"]);
  t.is((await tallystick(["unpack", join(dir, "x.receipt"), join(dir, "parts")])).code, 1);
  t.is((await tallystick(["verify", join(dir, "y.receipt"), "--site", site])).code, 2);
});

test("a gateway made by init accepts a measurement, agrees with itself, and exports it running and stopped", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const port = await freeBasePort(1, "mqtt");
  t.is((await tallystick(["init", "--dir", dir, "--gateway", "gw-1", "--port", String(port)])).code, 0);
  const token = (await readFile(join(dir, "keys", "token"), "utf8")).trim();
  t.is((await tallystick(["init", "--dir", dir, "--gateway", "gw-1"])).code, 0);
  t.is((await readFile(join(dir, "keys", "token"), "utf8")).trim(), token);
  const gateway = startTallystick(["run", "--dir", dir]);
  t.teardown(() => void gateway.child.kill("SIGKILL"));
  await gateway.said("is ready");
  const second = await tallystick(["run", "--dir", dir]);
  t.is(second.code, 2);
  t.regex(second.stderr, /^tallystick: [^\n]+\n$/);

  const post = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}/v1/measurements`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const body = { item: "A 1", massGrams: "1234.50", dimensionsMm: [300, "200.5", 100] };
  const first = await post(body, { "idempotency-key": "k1" });
  t.deepEqual([first.status, await first.json()], [201, { gateway: "gw-1", number: 0 }]);
  const repeated = await post(body, { "idempotency-key": "k1" });
  t.deepEqual([repeated.status, await repeated.json()], [201, { gateway: "gw-1", number: 0 }]);
  const other = await post({ ...body, item: "B" }, { "idempotency-key": "k1" });
  t.is(other.status, 422);
  t.is((await post(body, { authorization: "Bearer wrong" })).status, 401);

  const exported = async (): Promise<unknown> => {
    const { stdout } = await tallystick(["export", "--dir", dir]);
    const { predictedGrams, at, ...row } = JSON.parse(stdout) as Record<string, unknown>;
    t.is(typeof predictedGrams, "number");
    t.true(Math.abs(Number(at) - Date.now()) < 60_000);
    return row;
  };
  const row = {
    index: 0,
    gateway: "gw-1",
    number: 0,
    item: "A 1",
    massGrams: "1234.50",
    dimensionsMm: [300, 200.5, 100],
    verdict: "accept",
  };
  t.deepEqual(await exported(), row);
  t.is(await gateway.signal("SIGTERM"), 0);
  t.deepEqual(await exported(), row);
  const again = startTallystick(["run", "--dir", dir]);
  t.teardown(() => void again.child.kill("SIGKILL"));
  await again.said("is ready");
  const afterRestart = await post(body, { "idempotency-key": "k1" });
  t.deepEqual(await afterRestart.json(), { gateway: "gw-1", number: 0 });
  t.deepEqual(await (await post(body)).json(), { gateway: "gw-1", number: 1 });
  t.is(await again.signal("SIGTERM"), 0);
});
