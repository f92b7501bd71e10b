import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test from "ava";
import { holdSite, makeSite, removeSite, type SitePlan } from "../../gateway/site/index.ts";
import { lineageOf } from "../../ledger/management/index.ts";
import { startEmbeddedLedger } from "../../ledger/anchor/index.ts";
import { openStore } from "../../ledger/store/index.ts";

const plan: SitePlan = { site: "demo", gateways: 3, basePort: 30_000, stations: "simulated" };

async function madeSite(t: { teardown: (fn: () => Promise<void>) => void }) {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return makeSite(dir, plan);
}

test("M4: --fresh removes the site and nothing else", async (t) => {
  const made = await madeSite(t);
  await writeFile(join(made.dir, "notes.txt"), "mine");
  await removeSite(made.dir);
  t.is(await readFile(join(made.dir, "notes.txt"), "utf8"), "mine");
  await t.throwsAsync(stat(join(made.dir, "gw-1")), { code: "ENOENT" });
});

test("M4: nothing of a site is removed while one of its gateways or its ledger runs", async (t) => {
  const made = await madeSite(t);
  const whole = async (): Promise<void> => {
    for (const name of ["SITE.json", "gw-1", "gw-3", "ledger"]) await stat(join(made.dir, name));
  };
  const path = join(made.gatewayDirs[2] ?? "", "store.db");
  const store = await openStore({ path, site: "demo", gateway: "gw-3", lanes: 3 });
  await t.throwsAsync(removeSite(made.dir), { code: "SITE_IN_USE", message: /its gateway gw-3; stop that first/ });
  await whole();
  await store.close();
  const ledger = await startEmbeddedLedger({ dir: made.ledgerDir, port: 0, sites: [lineageOf(made.site)] });
  await t.throwsAsync(removeSite(made.dir), { code: "SITE_IN_USE", message: /its shared ledger/ });
  await whole();
  await ledger.close();
  await t.notThrowsAsync(removeSite(made.dir));
  await t.throwsAsync(stat(join(made.dir, "SITE.json")), { code: "ENOENT" });
});

test("M4: a site whose stores are damaged can still be begun anew", async (t) => {
  const made = await madeSite(t);
  const store = join(made.gatewayDirs[0] ?? "", "store.db");
  for (const path of [store, `${store}.lock`, join(made.ledgerDir, "ledger-records.db")]) {
    await writeFile(path, "no database at all, and long enough to be looked at\n".repeat(100));
  }
  await t.notThrowsAsync(removeSite(made.dir));
});

test("M8: a directory has one holder, and another one when that is gone", async (t) => {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  const release = await holdSite(join(dir, "site"));
  await t.throwsAsync(holdSite(join(dir, "site")), { code: "SITE_IN_USE" });
  release();
  (await holdSite(join(dir, "site")))();
});
