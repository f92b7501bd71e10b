import { createHash } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import test, { type ExecutionContext } from "ava";
import { shippedModelPath } from "../../gateway/assess/index.ts";
import { type GatewayConfig, loadLineage } from "../../gateway/config/index.ts";
import { makeInForce } from "../../gateway/runtime/in-force.ts";
import { makeRules } from "../../gateway/runtime/rules.ts";
import { changesOf } from "../../gateway/runtime/status.ts";
import { sign } from "../../ledger/crypto/index.ts";
import { approvalBytes, type Lineage, lineageOf, type Site, siteOf } from "../../ledger/management/index.ts";
import { site as assessed } from "../assess/site.ts";
import { fixedGateway, fixedKey, fixedSite, GATEWAYS } from "../vectors/site.ts";

async function directory(t: ExecutionContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

const follow = (site: Site, change: Partial<Site>): Site => {
  const { configHash: previous, format: _, ...document } = site;
  return siteOf({ ...document, ...change, epoch: site.epoch + 1, previous });
};

test("N10: the model of a configuration is found by its hash, and waited for with one alarm", async (t) => {
  const dir = await directory(t);
  const told: string[] = [];
  const rules = makeRules(dir, (sentence) => void told.push(sentence));
  t.teardown(rules.close);
  t.is(await rules.modelPath(assessed.model.sha256), shippedModelPath);
  await rules.of(assessed);
  t.deepEqual(told, []);
  const other = { ...assessed, model: { ...assessed.model, sha256: "ab".repeat(32) }, configHash: "cd".repeat(32) };
  t.is(await rules.modelPath(other.model.sha256), null);
  const waiting = rules.of(other);
  while (told.length === 0) await sleep(5);
  t.regex(told[0] ?? "", /agreed on the model abab.*copy it into .*models$/);
  await rules.close();
  await t.throwsAsync(waiting, { code: "PREDICTOR_CLOSED" });
  t.is(told.length, 1);
});

test("N10: a model that was copied into the folder models is found", async (t) => {
  const dir = await directory(t);
  await mkdir(join(dir, "models"));
  await copyFile(shippedModelPath, join(dir, "models", "mine.onnx"));
  const rules = makeRules(dir, () => undefined);
  t.not(await rules.modelPath(assessed.model.sha256), null);
  await rules.close();
});

test("N10: a model that is missing or damaged is a fault of the configuration, as often as it is asked", async (t) => {
  const dir = await directory(t);
  const rules = makeRules(dir, (sentence) => t.fail(sentence));
  t.teardown(rules.close);
  const damaged = (await readFile(shippedModelPath)).subarray(0, 100_000);
  const sha256 = createHash("sha256").update(damaged).digest("hex");
  const other = { ...assessed, model: { ...assessed.model, sha256 } };
  t.is(await rules.fault(assessed), null);
  t.regex((await rules.fault(other)) ?? "", /is not on this machine: copy it into the folder models/);
  await mkdir(join(dir, "models"));
  await writeFile(join(dir, "models", "damaged.onnx"), damaged);
  for (const _ of [1, 2]) t.regex((await rules.fault(other)) ?? "", /is not a usable ONNX file/);
});

test("N11: SITE.json is written anew when an epoch begins, once and whole", async (t) => {
  const dir = await directory(t);
  const first = fixedSite();
  const inForce = makeInForce({ dir, lineage: lineageOf(first) } as GatewayConfig, (error) => t.fail(error.message));
  const next = follow(first, { devices: [] });
  const approvals = GATEWAYS.slice(0, 3).map((name, voter) => ({
    voter,
    signature: sign(fixedKey(`${name} bundles`), approvalBytes(first, next.configHash)),
  }));
  const lineage: Lineage = [...lineageOf(first), { site: next, approvals }];
  t.true(inForce.learn(lineage));
  t.is(inForce.site(), next);
  t.false(inForce.learn(lineage), "the same is no news");
  t.false(inForce.learn(lineageOf(first)), "a store that is behind SITE.json takes nothing back");
  await inForce.settled();
  t.deepEqual(await loadLineage(join(dir, "SITE.json")), lineage);
  t.true((await readFile(join(dir, "SITE.json"), "utf8")).endsWith("}\n"));
});

test("R12: what a successor changes is said in a few words", (t) => {
  const first = fixedSite();
  const [north, south, east, west] = first.gateways;
  if (!north || !south || !east || !west) return t.fail();
  const gateways = [
    north,
    { ...south, left: true as const },
    fixedGateway("east", " again"),
    west,
    fixedGateway("pier"),
  ];
  const next = follow(first, { gateways, devices: first.devices.slice(1), ledgers: [] });
  t.deepEqual(changesOf(first, next), [
    "south leaves",
    "east gets a new key",
    "pier joins",
    `device ${first.devices[0]?.id} is removed`,
    "ledgers changed",
  ]);
});
