import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { COMMANDS, helpOf, OVERALL_HELP } from "../../gateway/cli/help.ts";
import { loadConfig } from "../../gateway/config/index.ts";
import { freeBasePort, holdSite, makeProcesses, makeSite, type ProcessEvent } from "../../gateway/site/index.ts";
import { makeLedgerKey } from "../../ledger/anchor/index.ts";
import { startTallystick, tallystick } from "../e2e/command.ts";
import { eventually, statusOf } from "../e2e/observe.ts";

test("L3: an unknown command or option is one sentence with the nearest known name, and exit code 2", async (t) => {
  for (const [args, sentence] of [
    [["toString"], 'tallystick: "toString" is not a command; see "tallystick --help"\n'],
    [
      ["verify", "x.receipt", "--site", "SITE.json", "--anchor", "notaurl"],
      'tallystick: --anchor is "notaurl", but must be the URL of a shared ledger, for example http://127.0.0.1:8380\n',
    ],
    [["exprt"], 'tallystick: "exprt" is not a command; did you mean "export"?\n'],
    [["demo", "--gatways", "3"], "tallystick: tallystick demo does not know --gatways; did you mean --gateways?\n"],
    [["run"], 'tallystick: --dir is missing; see "tallystick run --help"\n'],
    [["demo", "--gateways", "0"], 'tallystick: --gateways is "0", but must be a whole number from 1 to 99\n'],
  ] as const) {
    const { code, stderr, stdout } = await tallystick(args);
    t.deepEqual([code, stdout, stderr], [2, "", sentence]);
  }
});

test("every command but the internal one stands in the overall help, and each has help of its own", async (t) => {
  for (const command of COMMANDS) {
    t.true((await helpOf(command)).startsWith(`tallystick ${command}`));
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
  const nowhere = await tallystick(["verify", join(dir, "x.receipt"), "--site", join(dir, "nowhere.json")]);
  t.is(nowhere.code, 2);
  t.regex(nowhere.stderr, /^tallystick: there is no .*nowhere\.json; copy the site's SITE\.json there .*\n$/);
  const sealed = ["--dir", dir, "--gateway", "gw-1", "--ledger", "x=y@http://127.0.0.1:1"];
  t.regex((await tallystick(["init", ...sealed])).stderr, /SITE\.json is there and sealed with its ledgers/);
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

test("the site that init makes has a ledger: receipts come from the gateway and from its disk, and are asked for at the ledger", async (t) => {
  const { dir, port, ledgerUrl } = await initialized(t);
  const site = join(dir, "SITE.json");
  const ledger = startTallystick(["ledger", "--dir", join(dir, "ledger"), "--site", site, "--port", `${port + 299}`]);
  t.teardown(() => void ledger.child.kill("SIGKILL"));
  const gateway = startTallystick(["run", "--dir", dir]);
  t.teardown(() => void gateway.child.kill("SIGKILL"));
  await Promise.all([ledger.said("listens on"), gateway.said("is ready")]);
  const url = `http://127.0.0.1:${port}`;
  await post(dir, url, "A 1");
  await eventually("the measurement is anchored", 15_000, async () =>
    (await statusOf({ name: "gw-1", url }))?.counts.anchored === 1 ? true : null,
  );
  const file = (name: string): string => join(dir, name);
  t.is((await tallystick(["receipt", "A 1", "--from", url, "-o", file("url.receipt")])).code, 0);
  const unknown = await tallystick(["receipt", "B", "--from", url, "-o", file("b.receipt")]);
  t.deepEqual([unknown.code, unknown.stderr], [1, 'tallystick: no final measurement names the item "B"\n']);
  t.is(await gateway.signal("SIGTERM"), 0);
  t.is((await tallystick(["receipt", "gw-1/0", "--from", dir, "-o", file("dir.receipt")])).code, 0);
  t.deepEqual(await readFile(file("url.receipt")), await readFile(file("dir.receipt")));

  const verify = ["verify", file("url.receipt"), "--site", site];
  const recorded = await tallystick([...verify, "--anchor", ledgerUrl]);
  t.is(recorded.code, 0);
  t.regex(recorded.stdout, /^valid: A 1, 1234\.50 g.*; the ledger site-ledger holds the same record\n$/);
  t.is(await ledger.signal("SIGTERM"), 0);
  const away = await tallystick([...verify, "--anchor", ledgerUrl]);
  t.is(away.code, 2);
  t.regex(away.stdout, /^valid offline: A 1.*; the ledger could not be asked: .*ECONNREFUSED/);
  const json = JSON.parse((await tallystick([...verify, "--anchor", ledgerUrl, "--json"])).stdout) as object;
  t.like(json, { kind: "valid", anchor: { kind: "unasked" } });

  const deaf = startTallystick(["export", "--dir", dir]);
  deaf.child.stdout?.destroy();
  const [code] = (await once(deaf.child, "exit")) as [number | null];
  t.is(code, 0, "L7: a reader that has enough ends it quietly");

  const store = join(dir, "store.db");
  const bytes = await readFile(store);
  bytes.fill(0xff, 4096);
  await writeFile(store, bytes);
  for (const command of [
    ["export", "--dir", dir],
    ["receipt", "A 1", "--from", dir, "-o", file("x.receipt")],
  ]) {
    const damaged = await tallystick(command);
    t.is(damaged.code, 2);
    t.regex(damaged.stderr, /^tallystick: The store [^\n]* is damaged [^\n]*\n$/);
  }
});

test("K6, M5: a gateway that lost its store does not sign again, is left down with the sentence why, and doctor knows it", async (t) => {
  const { dir } = await initialized(t);
  const left: Extract<ProcessEvent, { kind: "left" }>[] = [];
  const processes = makeProcesses({
    logDir: join(dir, "logs"),
    restart: true,
    onEvent: (event) => void (event.kind === "left" && left.push(event)),
  });
  t.teardown(processes.stop);
  await processes.start("gw-1", ["run", "--dir", dir]);
  processes.kill("gw-1", "SIGKILL");
  await eventually("the kill is seen", 5_000, async () => (left.length === 1 ? true : null));
  t.like(left[0], { how: "SIGKILL", down: false });
  for (const end of ["", "-wal", "-shm"]) await rm(join(dir, `store.db${end}`), { force: true });
  await eventually("its second start is refused", 15_000, async () => (left.length === 2 ? true : null));
  t.like(left[1], { how: "exit code 2", down: true });
  t.regex(left[1]?.sentence ?? "", /^The store .*store\.db is missing or empty.*give the gateway new keys/);
  t.is(processes.list()[0]?.state, "stopped");
  await t.throwsAsync(readFile(join(dir, "store.db")), { code: "ENOENT" });

  const examined = await tallystick(["doctor", "--dir", dir]);
  t.is(examined.code, 1);
  t.regex(examined.stdout, /^MEND {2}store +The store .* is missing or empty/m);
});

test("N6, L2: a gateway whose disk fails ends with 1, and its last words are why", async (t) => {
  const { dir, port } = await initialized(t);
  // A limit of 1 MB for any file stands for the full disk.
  const command = `ulimit -f 2000; exec "${process.execPath}" gateway/cli/tallystick.ts run --dir "${dir}"`;
  const child = spawn("sh", ["-c", command], { stdio: ["ignore", "ignore", "pipe"] });
  t.teardown(() => void child.kill("SIGKILL"));
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (complaint += text));
  const ended = once(child, "close") as Promise<[number | null]>;
  const url = `http://127.0.0.1:${port}`;
  await eventually("it is up", 15_000, () => statusOf({ name: "gw-1", url }));
  for (let item = 0; item < 2_000 && child.exitCode === null; item += 1) {
    const posted = await post(dir, url, `I${item}`).then(
      () => true,
      () => false,
    );
    if (!posted) break;
  }
  const [code] = await ended;
  t.is(code, 1);
  t.regex(
    complaint,
    /^tallystick: The store .*store\.db could not be written \(.+\): free or repair the disk[^\n]*\n$/,
  );
});

test("M4, M8: demo --fresh touches nothing while the directory is held or a port is taken", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "tallystick-"));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const basePort = await freeBasePort(1, "simulated");
  const plan = { site: "demo", gateways: 1, basePort, stations: "simulated" } as const;
  const made = await makeSite(join(root, "site"), plan);
  const key = join(made.gatewayDirs[0] ?? "", "keys", "identity.pem");
  const before = await readFile(key);
  const demo = ["demo", "--dir", made.dir, "--gateways", "1", "--port", String(basePort), "--for", "0"];
  const release = await holdSite(made.dir);
  for (const args of [demo, [...demo, "--fresh"]]) {
    const held = await tallystick(args);
    t.is(held.code, 2);
    t.regex(held.stderr, /^tallystick: the site in .* is in use by another demo; stop that first[^\n]*\n$/);
  }
  release();
  const other = createServer().listen(basePort, "127.0.0.1");
  await once(other, "listening");
  t.teardown(() => void other.close());
  const busy = await tallystick([...demo, "--fresh"]);
  t.is(busy.code, 2);
  t.regex(busy.stderr, /in use by another program/);
  t.deepEqual(await readFile(key), before);
});

test("init takes the ledger that it is given, and says what is wrong with one that is none", async (t) => {
  const root = await mkdtemp(join(tmpdir(), "tallystick-"));
  t.teardown(() => rm(root, { recursive: true, force: true }));
  const { vkey } = makeLedgerKey(join(root, "elsewhere"));
  const dir = join(root, "gw");
  const init = ["init", "--dir", dir, "--gateway", "gw-1", "--ledger"];
  for (const [ledger, reason] of [
    ["port", /must be NAME=VKEY@URL/],
    ["port=nokey@https://ledger.example", /--ledger cannot be used: the verifier key is not name\+key id/],
  ] as const) {
    const { code, stderr } = await tallystick([...init, ledger]);
    t.is(code, 2);
    t.regex(stderr, reason);
  }
  t.is((await tallystick([...init, `port=${vkey}@https://ledger.example/log`])).code, 0);
  const config = await loadConfig(dir);
  t.deepEqual(config.site.ledgers, [{ name: "port", kind: "embedded", key: vkey }]);
  t.deepEqual(config.settings.anchors, [{ ledger: "port", url: "https://ledger.example/log" }]);
  t.is((await tallystick(init.slice(0, -1))).code, 0);
  await t.throwsAsync(
    readFile(join(dir, "ledger", "ledger-key.pem")),
    { code: "ENOENT" },
    "nor is another one made later",
  );
});

/** The directory of a gateway made by init on a free port. */
async function initialized(t: ExecutionContext) {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  // Its ledger's port is one of those that were free.
  const port = (await freeBasePort(1, "mqtt")) + 1;
  t.is((await tallystick(["init", "--dir", dir, "--gateway", "gw-1", "--port", String(port)])).code, 0);
  return { dir, port, ledgerUrl: `http://127.0.0.1:${port + 299}` };
}

async function post(dir: string, url: string, item: string): Promise<void> {
  const token = (await readFile(join(dir, "keys", "token"), "utf8")).trim();
  const answer = await fetch(`${url}/v1/measurements`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ item, massGrams: "1234.50", dimensionsMm: [300, "200.5", 100] }),
  });
  if (answer.status !== 201) throw new Error(await answer.text());
}
