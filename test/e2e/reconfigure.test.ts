/** A13 with real processes: a site changes under load. */
import { createHash } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { loadSite } from "../../gateway/config/index.ts";
import type { ExportRow } from "../../gateway/export/index.ts";
import { flowDevice, freeBasePort, portsOf, startTemporarySite, type TemporarySite } from "../../gateway/site/index.ts";
import { audit } from "./audit.ts";
import {
  allFinal,
  bringModel,
  change,
  done,
  heavierModel,
  type Member,
  post,
  quiet,
  receiptOf,
  watchPauses,
} from "./changing-site.ts";
import { tallystick } from "./command.ts";
import { eventually, statusOf } from "./observe.ts";

const POSTED = Array.from({ length: 20 }, (_, index) => `F${index}`);
const POSTED_LATER = Array.from({ length: 20 }, (_, index) => `G${index}`);

/** A gateway of its own keys and directory, which nobody takes for a member before the site has agreed. */
async function aFifthJoins(t: ExecutionContext, site: TemporarySite, founders: readonly Member[]): Promise<Member> {
  const [one, two, three] = founders as [Member, Member, Member];
  const api = (await freeBasePort(1, "mqtt")) + 1;
  const peers = portsOf(site.plan).gateways.map(({ peers: port }, index) => `gw-${index + 1}=127.0.0.1:${port}`);
  const five: Member = { name: "gw-5", dir: join(site.made.dir, "gw-5"), url: `http://127.0.0.1:${api}` };
  const joining = ["--dir", five.dir, "--gateway", "gw-5", "--port", String(api), "--peers", peers.join(",")];
  const entry: unknown = JSON.parse(await done(["join", ...joining, "--site", join(one.dir, "SITE.json")]));
  t.is((await tallystick(["run", "--dir", five.dir])).code, 2, "nobody has agreed to it yet");
  await change(founders, [one, two, three], ({ gateways, devices }) => ({
    gateways: [...gateways, entry],
    devices: [...devices, flowDevice("flow-5", "gw-5")],
  }));
  await done(["config", "fetch", "--dir", five.dir, "--from", two.url]);
  await site.processes.start("gw-5", ["run", "--dir", five.dir]);
  for (const item of POSTED) await post(five, item);
  return five;
}

async function modelAndDevicesChange(t: ExecutionContext, members: readonly Member[], model: Uint8Array) {
  const [one, two, three, , five] = members as [Member, Member, Member, Member, Member];
  const sha256 = createHash("sha256").update(model).digest("hex");
  const edit: Parameters<typeof change>[2] = (site) => ({
    model: { ...site.model, sha256 },
    devices: [...site.devices, { ...flowDevice("flow-9", "gw-1"), station: "flow-9" }],
  });
  await t.throwsAsync(change(members, [one], edit), { message: /is not on this machine: copy it into the folder/ });
  for (const member of members) await bringModel(member, model);
  await t.throwsAsync(post(one, "new-station", "flow-9"), { message: /station must be one of flow-1/ });
  await change(members, [one, two, three, five], edit);
  await post(one, "new-station", "flow-9");
}

/** Its sensor goes on until the end. */
async function theFourthLeaves({ processes }: TemporarySite, members: readonly Member[]): Promise<void> {
  const [one, two, three, four, five] = members as [Member, Member, Member, Member, Member];
  await change(members, [two, one, three, five], ({ gateways, devices }) => ({
    gateways: gateways.map((gateway) => (gateway.name === "gw-4" ? { ...gateway, left: true } : gateway)),
    devices: devices.filter(({ gateway }) => gateway !== "gw-4"),
  }));
  // What it had accepted.
  await allFinal([four]);
  processes.kill("gw-4", "SIGTERM");
}

/** What only it had would be lost with its disk, so its sensor is done before. Resolves with its next number. */
async function theThirdLosesItsDisk(site: TemporarySite, members: readonly Member[], model: Uint8Array) {
  const [one, two, three, , five] = members as [Member, Member, Member, Member, Member];
  await quiet(site, "gw-3");
  await allFinal([three]);
  site.processes.kill("gw-3", "SIGKILL");
  const yaml = await readFile(join(three.dir, "gateway.yaml"), "utf8");
  const users = await readFile(join(three.dir, "keys", "mqtt-users.json"), "utf8");
  await rm(three.dir, { recursive: true });
  const again = ["join", "--dir", three.dir, "--gateway", "gw-3", "--site", join(one.dir, "SITE.json")];
  const renewed: unknown = JSON.parse(await done(again));
  await writeFile(join(three.dir, "gateway.yaml"), yaml);
  await writeFile(join(three.dir, "keys", "mqtt-users.json"), users, { mode: 0o600 });
  await bringModel(three, model);
  await change([one, two, five], [two, five, one], ({ gateways }) => ({
    gateways: gateways.map((gateway) => (gateway.name === "gw-3" ? renewed : gateway)),
  }));
  await done(["config", "fetch", "--dir", three.dir, "--from", two.url]);
  await site.processes.again("gw-3");
  for (const item of POSTED_LATER) await post(five, item);
  return eventually("gw-3 knows its lane again", 20_000, async () => {
    const accepted = (await statusOf(three))?.counts.accepted ?? 0;
    return accepted > 0 ? accepted : null;
  });
}

/** Everything that was taken or posted is final once, everywhere in one order, and the new model judged what came after it. */
async function auditAll(t: ExecutionContext, { made }: TemporarySite, members: readonly Member[]): Promise<void> {
  const newest = await loadSite(join(members[0]?.dir ?? "", "SITE.json"));
  t.is(newest.epoch, 4);
  const gatewayDirs = members.map(({ dir }) => dir);
  const { accepted, foreign, ...faults } = await audit({ ...made, site: newest, gatewayDirs });
  t.true(accepted > 60, `${accepted} items were taken`);
  t.deepEqual(faults, { lost: [], doubled: [], divergent: [] });
  // No device presented what was posted.
  const rows = foreign.map((text) => (JSON.parse(text) as { row: ExportRow }).row);
  const posted = [...POSTED, ...POSTED_LATER, "new-station", "back"];
  t.deepEqual(rows.map(({ item }) => item).toSorted(), posted.toSorted());
  const predicted = (item: string): number => rows.find((row) => row.item === item)?.predictedGrams ?? 0;
  for (const item of ["new-station", "back"])
    t.true(Math.abs(predicted(item) - 1.1 * predicted("F0")) <= 1, `${item} is predicted by the new model`);
}

test.serial(
  "A13: under load a gateway joins, model and devices change, one leaves, one loses its disk and gets new keys; nothing is lost or doubled, and a receipt of epoch 0 verifies",
  async (t) => {
    t.timeout(300_000);
    const options = { gateways: 4, stations: "simulated", restart: false } as const;
    const site = await startTemporarySite({ ...options, simulation: { ratePerSecond: 12, seed: 5 } });
    const scratch = await mkdtemp(join(tmpdir(), "tallystick-"));
    t.teardown(async () => {
      await site.stop();
      await site.remove();
      await rm(scratch, { recursive: true, force: true });
    });
    const founders = site.apis.map((api, index) => ({ ...api, dir: site.made.gatewayDirs[index] ?? "" }));
    const [one, two, three] = founders as [Member, Member, Member];
    const pauses = watchPauses(one);
    t.teardown(() => void pauses.stop());
    const receipt = (place: string): Promise<string> =>
      receiptOf(place, one, join(scratch, `${place.replace("/", "-")}.receipt`));

    const receipts = [await receipt("gw-1/0")];
    const five = await aFifthJoins(t, site, founders);
    receipts.push(await receipt("gw-5/0"));
    const all = [...founders, five];
    const model = await heavierModel();
    await modelAndDevicesChange(t, all, model);
    await theFourthLeaves(site, all);
    const next = await theThirdLosesItsDisk(site, all, model);
    await post(three, "back");
    receipts.push(await receipt(`gw-3/${next}`));

    // How long a view takes belongs to the machine; that no view is lost is shown without one, in test/replica/epochs.test.ts.
    t.log(`longest time without a new final statement around the four changes: ${(await pauses.stop()).join(", ")} ms`);
    await sleep(1_000);
    site.processes.kill("devices", "SIGTERM");
    const members = [one, two, three, five];
    await allFinal(members);
    await site.stop();
    for (const file of receipts) {
      const { stdout } = await tallystick(["verify", file, "--site", join(one.dir, "SITE.json")]);
      t.regex(stdout, /^valid: /);
    }
    await auditAll(t, site, members);
  },
);
