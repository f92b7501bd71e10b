import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import {
  createKeys,
  createNextKeys,
  identityOf,
  keySetOf,
  keysInUse,
  loadKeys,
  loadKeySets,
  markKeysInUse,
} from "../../gateway/identity/index.ts";
import type { Site } from "../../ledger/management/index.ts";
import { fixedSite } from "../vectors/site.ts";

async function directory(t: ExecutionContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "tallystick-"));
  t.teardown(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

for (const file of ["identity.pem", "checkpoint.pem", "tls-key.pem", "tls-cert.pem", "token"]) {
  test(`K2: a creation that was interrupted without ${file} is completed, and what was there stays`, async (t) => {
    const dir = await directory(t);
    await createKeys(dir, "gw-1");
    const before = await contents(dir);
    await rm(join(dir, "keys", file));
    await createKeys(dir, "gw-1");
    const after = await contents(dir);
    t.deepEqual(Object.keys(after), Object.keys(before), "and no part of a file is left behind");
    // The two halves of TLS are of one making.
    const made = file.startsWith("tls-") ? ["tls-key.pem", "tls-cert.pem"] : [file];
    for (const name of Object.keys(before)) t.is(after[name] === before[name], !made.includes(name), name);
    t.is(identityOf(await loadKeys(dir), "site", "gw-1").tlsPin.length, 64);
  });
}

test("K2: once SITE.json names the keys, or they have signed, a missing one is not made anew", async (t) => {
  for (const pin of [(dir: string) => writeFile(join(dir, "SITE.json"), "{}"), markKeysInUse]) {
    const dir = await directory(t);
    await createKeys(dir, "gw-1");
    await pin(dir);
    await rm(join(dir, "keys", "identity.pem"));
    await rm(join(dir, "keys", "token"));
    await createKeys(dir, "gw-1");
    await t.throwsAsync(loadKeys(dir), { code: "SECRET_MISSING", message: /identity\.pem is missing; restore it/ });
    t.true((await readdir(join(dir, "keys"))).includes("token"));
  }
});

test("K6: keys are in use from the mark on, and marking again changes nothing", async (t) => {
  const dir = await directory(t);
  await createKeys(dir, "gw-1");
  t.false(await keysInUse(dir));
  await markKeysInUse(dir);
  await markKeysInUse(dir);
  t.true(await keysInUse(dir));
});

test("K7: a further set of keys is made beside the first, and the configuration says which one signs", async (t) => {
  const dir = await directory(t);
  await createKeys(dir, "gw-1");
  const entry = await createNextKeys(dir, "site", "gw-1");
  const sets = await loadKeySets(dir);
  const [first, second] = sets.map((keys) => identityOf(keys, "site", "gw-1"));
  t.deepEqual(second, entry);
  t.is(new Set([first, second].flatMap((one) => [one?.key, one?.checkpointKey, one?.tlsPin])).size, 6);
  t.is(sets[0]?.token, sets[1]?.token);
  const naming = (gateway: typeof entry): Site => ({ ...fixedSite(), site: "site", gateways: [gateway] });
  t.is(keySetOf(sets, naming(entry), "gw-1"), sets[1] ?? null);
  t.is(keySetOf(sets, naming({ ...entry, tlsPin: "0".repeat(64) }), "gw-1"), null, "no set matches in part");
  t.is((await createNextKeys(dir, "site", "gw-1")).name, "gw-1");
  t.is((await loadKeySets(dir)).length, 3);
});

test("K6, K7: each set has its own mark, so that new keys may begin with an empty store", async (t) => {
  const dir = await directory(t);
  await createKeys(dir, "gw-1");
  await markKeysInUse(dir);
  await createNextKeys(dir, "site", "gw-1");
  const [first, second] = await loadKeySets(dir);
  t.deepEqual([await keysInUse(dir, first), await keysInUse(dir, second)], [true, false]);
  await markKeysInUse(dir, second);
  t.true(await keysInUse(dir, second));
});

async function contents(dir: string): Promise<Record<string, string>> {
  const names = (await readdir(join(dir, "keys"))).sort();
  const entries = names.map(async (name) => [name, await readFile(join(dir, "keys", name), "utf8")] as const);
  return Object.fromEntries(await Promise.all(entries));
}
