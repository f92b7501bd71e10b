import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import test from "ava";
import { freeBasePort, startTemporarySite } from "../../gateway/site/index.ts";
import { audit } from "./audit.ts";
import { startTallystick, tallystick } from "./command.ts";
import { eventually, settled, statusOf } from "./observe.ts";

const FALSIFIER = fileURLToPath(new URL("../attackers/falsifier.ts", import.meta.url));

test.serial(
  "a fresh demo anchors its first measurement, whose receipt verifies when nothing runs any more; a second start goes on",
  async (t) => {
    const root = await mkdtemp(join(tmpdir(), "tallystick-"));
    t.teardown(() => rm(root, { recursive: true, force: true }));
    const dir = join(root, "site");
    const basePort = await freeBasePort(4, "simulated");
    const options = ["demo", "--dir", dir, "--port", String(basePort)];
    const apis = Array.from({ length: 4 }, (_, index) => ({
      name: `gw-${index + 1}`,
      url: `http://127.0.0.1:${basePort + index + 1}`,
    }));

    const first = startTallystick(options);
    t.teardown(() => void first.child.kill("SIGKILL"));
    const seconds = Number(/after ([\d.]+) s/.exec(await first.said("first anchored measurement"))?.[1]);
    t.true(seconds < 15, `first anchored after ${seconds} s`);
    const page = await fetch(`http://127.0.0.1:${basePort}/`);
    t.is(page.status, 200);
    const busy = await tallystick(["demo", "--dir", join(root, "other"), "--port", String(basePort)]);
    t.is(busy.code, 2);
    t.regex(busy.stderr, new RegExp(`port ${basePort} .*in use`));
    const pids = (await Promise.all(apis.map(statusOf))).map((status) => status?.pid ?? 0);
    const stoppedAt = performance.now();
    t.is(await first.signal("SIGINT"), 0);
    t.true(performance.now() - stoppedAt < 5_000);
    for (const pid of pids) t.throws(() => process.kill(pid, 0), { code: "ESRCH" });

    const receipt = join(dir, "receipts", "first.receipt");
    const site = join(dir, "SITE.json");
    const valid = await tallystick(["verify", receipt, "--site", site]);
    t.deepEqual([valid.code, valid.stdout.slice(0, 7)], [0, "valid: "]);
    const bytes = await readFile(receipt);
    bytes.writeUInt8(bytes.readUInt8(60) ^ 1, 60);
    const forged = join(root, "forged.receipt");
    await writeFile(forged, bytes);
    const invalid = await tallystick(["verify", forged, "--site", site]);
    t.deepEqual([invalid.code, invalid.stdout.slice(0, 9)], [1, "invalid: "]);

    const before = (await tallystick(["export", "--dir", join(dir, "gw-1")])).stdout.trimEnd().split("\n");
    const second = startTallystick(options);
    t.teardown(() => void second.child.kill("SIGKILL"));
    await second.said("first anchored measurement");
    t.is(await second.signal("SIGTERM"), 0);
    const after = (await tallystick(["export", "--dir", join(dir, "gw-1")])).stdout.trimEnd().split("\n");
    t.deepEqual(after.slice(0, before.length), before);
    t.true(after.length > before.length);
    const numbers = new Map<string, number>();
    for (const line of after) {
      const { gateway, number } = JSON.parse(line) as { gateway: string; number: number };
      t.is(number, numbers.get(gateway) ?? 0);
      numbers.set(gateway, number + 1);
    }
  },
);

test.serial(
  "killed gateways lose and double nothing: one of four stops nobody, two of four stop finality but not acceptance",
  async (t) => {
    t.timeout(90_000);
    const site = await startTemporarySite({
      gateways: 4,
      stations: "simulated",
      simulation: { ratePerSecond: 12, seed: 3 },
      restart: false,
    });
    t.teardown(async () => {
      await site.stop();
      await site.remove();
    });
    const [one, two, three, four] = site.apis;
    if (one === undefined || two === undefined || three === undefined || four === undefined)
      throw new Error("four gateways were asked for");
    const statements = async (): Promise<number> => (await statusOf(one))?.statements ?? 0;
    const accepted = async (): Promise<number> => (await statusOf(one))?.counts.accepted ?? 0;
    await eventually("something is final", 10_000, async () => ((await statements()) > 4 ? true : null));

    site.processes.kill("gw-2", "SIGKILL");
    await eventually("gw-2 is gone", 5_000, async () => ((await statusOf(two)) === null ? true : null));
    const atKill = await statements();
    await eventually("the other three finalize", 10_000, async () =>
      (await statements()) >= atKill + 8 ? true : null,
    );
    await site.processes.again("gw-2");
    await eventually("gw-2 catches up", 10_000, async () => {
      const [reference, back] = [await statements(), await statusOf(two)];
      return back !== null && back.statements >= reference ? true : null;
    });

    site.processes.kill("gw-3", "SIGKILL");
    site.processes.kill("gw-4", "SIGKILL");
    await eventually("both are gone", 5_000, async () =>
      (await statusOf(three)) === null && (await statusOf(four)) === null ? true : null,
    );
    // What the four had agreed on before may reach gw-1 by way of gw-2 a moment later.
    const finalBefore = await eventually("finality stands still", 10_000, async () => {
      const seen = await statements();
      await sleep(1_000);
      return (await statements()) === seen ? seen : null;
    });
    const acceptedBefore = await accepted();
    await eventually("gw-1 accepts on its own", 10_000, async () =>
      (await accepted()) >= acceptedBefore + 2 ? true : null,
    );
    t.is(await statements(), finalBefore);
    await Promise.all([site.processes.again("gw-3"), site.processes.again("gw-4")]);

    site.processes.kill("devices", "SIGTERM");
    await settled(site.apis, 20_000);
    site.processes.kill("gw-4", "SIGTERM");
    await eventually("gw-4 has stopped", 5_000, async () =>
      site.processes.list().some(({ name, state }) => name === "gw-4" && state === "stopped") ? true : null,
    );
    const said = await readFile(join(site.made.dir, "logs", "gw-4.log"), "utf8");
    const ending = said.slice(said.lastIndexOf("stopping: SIGTERM"));
    t.notRegex(ending, / left: /, "who leaves says so, and not that the others leave");
    await site.stop();
    const { accepted: taken, ...faults } = await audit(site.made);
    t.true(taken > 30);
    t.deepEqual(faults, { lost: [], doubled: [], foreign: [], divergent: [] });
  },
);

for (const lie of ["weight", "prediction"] as const) {
  test.serial(`a gateway that falsifies the ${lie} gets no certificate, and both sides say so`, async (t) => {
    const site = await startTemporarySite({ gateways: 4, stations: "mqtt", simulation: null, restart: false });
    t.teardown(async () => {
      await site.stop();
      await site.remove();
    });
    const [honest, , , liar] = site.apis;
    const dir = site.made.gatewayDirs[3];
    if (honest === undefined || liar === undefined || dir === undefined)
      throw new Error("four gateways were asked for");
    site.processes.kill("gw-4", "SIGKILL");
    await eventually("the honest gw-4 is gone", 5_000, async () => ((await statusOf(liar)) === null ? true : null));
    const falsifier = spawn(process.execPath, [FALSIFIER, dir, lie], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
    t.teardown(() => void falsifier.kill("SIGKILL"));
    await once(falsifier, "message");

    const users = JSON.parse(await readFile(join(dir, "keys", "mqtt-users.json"), "utf8")) as Record<string, string>;
    const yaml = await readFile(join(dir, "gateway.yaml"), "utf8");
    const port = /^mqtt: .*port: (\d+)/m.exec(yaml)?.[1];
    const url = `mqtt://sensor-4:${encodeURIComponent(users["sensor-4"] ?? "")}@127.0.0.1:${port}`;
    const device = startTallystick(["device", "senml-json", "--mqtt", url, "--id", "sensor-4", "--rate", "5"]);
    t.teardown(() => void device.child.kill("SIGKILL"));

    const told = await eventually("gw-1 tells of a refusal of gw-4", 10_000, async () => {
      const status = await statusOf(honest);
      return status?.refusals.find(({ lane, by }) => lane === "gw-4" && by === "gw-1") ?? null;
    });
    t.regex(told.reason, lie === "weight" ? /mass is/ : /predicted|interval|low|high/);
    await eventually("gw-4 is told who refused", 10_000, async () => {
      const status = await statusOf(liar);
      const judges = new Set(status?.refusals.filter(({ lane }) => lane === "gw-4").map(({ by }) => by));
      return judges.size >= 3 ? true : null;
    });
    const lane = (await statusOf(honest))?.lanes.find(({ gateway }) => gateway === "gw-4");
    t.deepEqual([lane?.held, lane?.certified, lane?.executed], [0, 0, 0]);
    // E5: machines may differ on a prediction, but not on what a frame says.
    if (lie === "prediction") return t.deepEqual((await statusOf(honest))?.evidence, []);
    site.processes.kill("gw-1", "SIGKILL");
    await eventually("gw-1 is gone", 5_000, async () => ((await statusOf(honest)) === null ? true : null));
    await site.processes.again("gw-1");
    const [found] = await eventually("gw-1 shows its evidence again", 10_000, async () => {
      const status = await statusOf(honest);
      return status !== null && status.evidence.length > 0 ? status.evidence : null;
    });
    t.like(found, { gateway: "gw-4", fault: "false-bundle" });
    const file = join(site.made.dir, "gw-4.evidence");
    const answer = await fetch(`${honest.url}/v1/evidence/${found?.id}`);
    await writeFile(file, new Uint8Array(await answer.arrayBuffer()));
    const verified = await tallystick(["verify", file, "--site", join(dir, "SITE.json")]);
    t.is(verified.code, 0);
    t.regex(
      verified.stdout,
      /^valid: evidence that gw-4 signed bundle 0, in which statement 0 is false: mass is .*, but the frame of device sensor-4 shows /,
    );
  });
}
