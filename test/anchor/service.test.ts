import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { makeLedgerKey, startEmbeddedLedger } from "../../ledger/anchor/index.ts";
import { toBase64 } from "../../ledger/crypto/index.ts";
import { parseNote, parseVkey, verifyCosignature } from "../../ledger/log/index.ts";
import { lineageOf } from "../../ledger/management/index.ts";
import { type SiteLog, siteLog } from "./site-log.ts";

function directory(t: ExecutionContext): string {
  const dir = mkdtempSync(join(tmpdir(), "tallystick-ledger-"));
  t.teardown(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
}

async function ledger(t: ExecutionContext, logs: readonly SiteLog[], dir = directory(t)) {
  const started = await startEmbeddedLedger({ dir, port: 0, sites: logs.map(({ site }) => lineageOf(site)) });
  t.teardown(() => started.close());
  return started;
}

async function add(url: string, body: string): Promise<{ status: number; type: string; body: string }> {
  const answer = await fetch(`${url}/add-checkpoint`, { method: "POST", body });
  return { status: answer.status, type: answer.headers.get("content-type") ?? "", body: await answer.text() };
}

async function body(log: SiteLog, old: number, size: number, signers?: readonly number[]): Promise<string> {
  const proof = await log.consistency(old, size);
  return `old ${old}\n${proof.map((hash) => `${toBase64(hash)}\n`).join("")}\n${log.note(size, signers)}`;
}

test("E4 a growing log is countersigned under the ledger's key, and every checkpoint can be read back", async (t) => {
  const log = siteLog("growing");
  const { url, vkey } = await ledger(t, [log]);
  const parsed = parseVkey(vkey);
  if (parsed.kind === "reject") return t.fail(parsed.reason);
  let old = 0;
  for (const size of [3, 4, 9]) {
    const answer = await add(url, await body(log, old, size));
    t.is(answer.status, 200, answer.body);
    const note = parseNote(log.note(size) + answer.body);
    if (note.kind === "reject") return t.fail(note.reason);
    const last = note.note.signatures.at(-1);
    if (last === undefined) return t.fail();
    t.is(verifyCosignature(parsed.key, note.note.body, last).kind, "accept");
    t.is(
      await (await fetch(`${url}/checkpoint?origin=${log.origin}&size=${size}`)).text(),
      log.note(size) + answer.body,
    );
    old = size;
  }
  const newest = await (await fetch(`${url}/checkpoint?origin=${log.origin}`)).text();
  t.true(newest.startsWith(`${log.origin}\n9\n`));
  t.is((await fetch(`${url}/checkpoint?origin=${log.origin}&size=5`)).status, 404);
  t.is((await fetch(`${url}/checkpoint?origin=other`)).status, 404);
  t.is((await fetch(`${url}/checkpoint`)).status, 400);
  t.is((await fetch(`${url}/checkpoint?origin=${log.origin}&size=-1`)).status, 400);
  t.deepEqual(await (await fetch(`${url}/healthz`)).json(), {
    status: "ok",
    origins: [{ origin: log.origin, size: 9 }],
  });
});

test("E5 the latest checkpoint again gets the same signature, byte for byte", async (t) => {
  const log = siteLog("again");
  const { url } = await ledger(t, [log]);
  const first = await add(url, await body(log, 0, 4));
  const again = await add(url, await body(log, 4, 4, [1, 2, 3]));
  t.deepEqual(again, first);
});

test("E3 a quorum of distinct gateways is demanded: too few, repeated and foreign signatures are refused", async (t) => {
  const log = siteLog("quorum");
  const other = siteLog("foreign");
  const { url } = await ledger(t, [log, other]);
  for (const signers of [[0], [0, 1], [0, 0, 0], [0, 1, 1, 1]]) {
    const answer = await add(url, await body(log, 0, 4, signers));
    t.is(answer.status, 403);
    t.regex(answer.body, new RegExp(`cosignatures of ${new Set(signers).size} gateways`));
  }
  const foreign = other.note(4, [0, 1, 2]).split("\n\n")[1] ?? "";
  t.is((await add(url, `${await body(log, 0, 4, [0, 1])}${foreign}`)).status, 403);
  const forged = (await body(log, 0, 4)).replace(/\n4\n/, "\n5\n");
  t.is((await add(url, forged)).status, 403);
  t.is(
    (await add(url, await body(log, 0, 4, [0, 1, 1, 3]))).status,
    200,
    "a repeated line beside a quorum harms nothing",
  );
  t.is((await add(url, `${await body(log, 4, 5)}${foreign}`)).status, 200, "and so does a foreign one");
});

test("E4 a smaller size, another history and a wrong proof are refused, and the true history still goes on", async (t) => {
  const log = siteLog("forked");
  const fork = siteLog("forked", 4, "fork");
  const { url } = await ledger(t, [log]);
  t.is((await add(url, await body(log, 0, 8))).status, 200);
  const stale = await add(url, await body(log, 0, 10));
  t.deepEqual(stale, { status: 409, type: "text/x.tlog.size", body: "8\n" });
  t.is((await add(url, await body(log, 3, 6))).status, 409);
  t.is((await add(url, await body(log, 6, 6))).status, 409);
  const twoHistories = await add(url, await body(fork, 8, 8));
  t.is(twoHistories.status, 409);
  t.regex(twoHistories.body, /two histories/);
  t.is((await add(url, await body(fork, 8, 10))).status, 422);
  t.is((await add(url, `old 8\n\n${log.note(10)}`)).status, 422);
  t.is((await add(url, await body(log, 8, 10))).status, 200);
});

test("E2 unreadable requests are 400 and unknown origins 404", async (t) => {
  const log = siteLog("strict");
  const { url } = await ledger(t, [log]);
  const good = await body(log, 0, 4);
  const bad = [
    "",
    "\n\n",
    good.replace("old 0", "old"),
    good.replace("old 0", "old 00"),
    good.replace("old 0", "old 5"),
    good.replace("old 0\n", "old 0\nnot base64\n"),
    good.replace("old 0\n", `old 0\n${"A".repeat(43)}=\n`.repeat(1) + `${"A".repeat(43)}=\n`.repeat(63)),
    good.slice(0, -2),
    good.replace(log.origin, `${log.origin}\nextension`),
  ];
  for (const each of bad) t.is((await add(url, each)).status, 400, JSON.stringify(each.slice(0, 60)));
  t.is((await add(url, await body(siteLog("unknown"), 0, 4))).status, 404);
  t.is((await add(url, "x".repeat(300_000))).status, 413);
  t.is((await add(url, good)).status, 200, "a good request after the bad ones is accepted");
});

test("E1, E4 key and records outlive the process, and a second process cannot take them", async (t) => {
  const log = siteLog("durable");
  const dir = directory(t);
  const first = await startEmbeddedLedger({ dir, port: 0, sites: [lineageOf(log.site)] });
  t.is((await add(first.url, await body(log, 0, 6))).status, 200);
  await t.throwsAsync(startEmbeddedLedger({ dir, port: 0, sites: [lineageOf(log.site)] }), {
    code: "LEDGER_RECORDS_UNUSABLE",
  });
  await first.close();
  const second = await ledger(t, [log], dir);
  t.is(second.vkey, first.vkey);
  t.is((await add(second.url, await body(log, 0, 6))).body, "6\n");
  t.is((await add(second.url, await body(log, 6, 7))).status, 200);
  t.is(statSync(join(dir, "ledger-key.pem")).mode & 0o077, 0, "only its owner reads the key");
});

test("E7 a ledger that forgot its records does not start with its key, nor with a new key on old records", async (t) => {
  const log = siteLog("forgetful");
  const options = (dir: string) => ({ dir, port: 0, sites: [lineageOf(log.site)] });
  const forget = (dir: string): void => {
    for (const end of ["", "-wal", "-shm"]) rmSync(join(dir, `ledger-records.db${end}`), { force: true });
  };
  const dir = directory(t);
  const { vkey } = makeLedgerKey(dir);
  const first = await startEmbeddedLedger(options(dir));
  t.is(first.vkey, vkey);
  t.is((await add(first.url, await body(log, 0, 6))).status, 200);
  await first.close();

  const key = join(dir, "ledger-key.pem");
  const kept = readFileSync(key, "utf8");
  rmSync(key);
  await t.throwsAsync(startEmbeddedLedger(options(dir)), { code: "LEDGER_KEY_UNUSABLE" });
  writeFileSync(key, kept, { mode: 0o600 });

  forget(dir);
  const forgotten = await t.throwsAsync(startEmbeddedLedger(options(dir)), { code: "LEDGER_RECORDS_UNUSABLE" });
  t.regex(forgotten?.message ?? "", /ledger-records\.db .*must not go on with its key/);
  writeFileSync(join(dir, "ledger-records.db"), "");
  await t.throwsAsync(startEmbeddedLedger(options(dir)), { code: "LEDGER_RECORDS_UNUSABLE" });

  const unused = directory(t);
  makeLedgerKey(unused);
  forget(unused);
  await t.throwsAsync(startEmbeddedLedger(options(unused)), { code: "LEDGER_RECORDS_UNUSABLE" });
});

test("E7 a creation that was interrupted between records and key is completed", async (t) => {
  const log = siteLog("interrupted");
  const dir = directory(t);
  makeLedgerKey(dir);
  rmSync(join(dir, "ledger-key.pem"));
  const { url } = await ledger(t, [log], dir);
  t.is((await add(url, await body(log, 0, 4))).status, 200);
});

test("a busy port, a damaged key and a site given twice are told in one sentence each", async (t) => {
  const log = siteLog("failing");
  const { url } = await ledger(t, [log]);
  const port = Number(new URL(url).port);
  const busy = await t.throwsAsync(startEmbeddedLedger({ dir: directory(t), port, sites: [] }), {
    code: "LEDGER_PORT_BUSY",
  });
  t.regex(busy?.message ?? "", new RegExp(`127\\.0\\.0\\.1:${port} .*choose another port`));
  const dir = directory(t);
  writeFileSync(join(dir, "ledger-key.pem"), "not a key");
  const damaged = t.throws(() => makeLedgerKey(dir), { code: "LEDGER_KEY_UNUSABLE" });
  t.regex(damaged?.message ?? "", /ledger-key\.pem .*restore the file/);
  await t.throwsAsync(
    startEmbeddedLedger({ dir: directory(t), port: 0, sites: [lineageOf(log.site), lineageOf(log.site)] }),
    {
      code: "LEDGER_SITE_TWICE",
    },
  );
});
