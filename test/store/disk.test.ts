import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import Database from "better-sqlite3";
import { openStore, openStoreReadOnly, StoreFailure } from "../../ledger/store/index.ts";
import { bundleWrite, cutOf, executeOne, laneOf } from "./bundles.ts";
import { directory, diskStore, identity } from "./stores.ts";

const memo = (key: string, text: string) => ({ kind: "memo", key, bytes: new TextEncoder().encode(text) }) as const;

test("S1 commits that come together share one fsync, and each is answered", async (t) => {
  const store = await diskStore(t);
  const before = (await store.stats()).commits;
  await Promise.all(Array.from({ length: 400 }, (_, index) => store.commit([memo(`k${index}`, String(index))])));
  const { commits, writes, lastCommitMs, bytes } = await store.stats();
  t.true(commits - before < 40, `${commits - before} groups for 400 commits`);
  t.is(writes, 400);
  t.true(lastCommitMs > 0 && bytes > 0);
});

test("S1 a commit is answered after those before it, and a read sees every commit called before it", async (t) => {
  const store = await diskStore(t);
  const order: string[] = [];
  await Promise.all([
    store.commit([memo("a", "1")]).then(() => order.push("first")),
    store.memo("a").then((bytes) => order.push(`read ${bytes === null ? "nothing" : new TextDecoder().decode(bytes)}`)),
    store.commit([memo("a", "2")]).then(() => order.push("second")),
  ]);
  t.deepEqual(order, ["first", "read 1", "second"]);
});

test("the event loop keeps turning while the disk works", async (t) => {
  const store = await diskStore(t);
  const big = new Uint8Array(60_000_000);
  let turns = 0;
  const committed = store.commit([{ kind: "memo", key: "big", bytes: big }]);
  // Handing the bytes over is the event loop's own work; the waiting begins after it.
  await new Promise((resolve) => setImmediate(resolve));
  const ticker = setInterval(() => (turns += 1), 1);
  await committed;
  clearInterval(ticker);
  const { lastCommitMs } = await store.stats();
  // On the event loop's own thread there would be none; how many there are depends on who else uses the processor.
  t.true(turns >= 3, `${turns} turns while the disk was busy for ${lastCommitMs} ms`);
});

test("X4 commits are answered while a long backlog is executed", async (t) => {
  const store = await diskStore(t);
  const lane = laneOf(0, 400, 5);
  await store.commit(lane.map((bundle) => bundleWrite(0, bundle)));
  const progress = { executed: false };
  const execution = executeOne(store, 1, cutOf([lane, [], [], []])).then((outcome) => {
    progress.executed = true;
    return outcome;
  });
  let during = 0;
  for (;;) {
    await store.commit([memo("vote", String(during))]);
    if (progress.executed) break;
    during += 1;
  }
  const outcome = await execution;
  t.is(outcome.kind === "executed" ? outcome.bundles.length : 0, 400);
  t.true(during >= 2, `${during} commits came through during the execution`);
});

test("a store reopened is the store that was closed", async (t) => {
  const path = join(directory(t), "ledger.db");
  const lanes = [laneOf(0, 3, 2), laneOf(1, 2, 1), [], []];
  const first = await openStore({ path, ...identity });
  await first.commit(lanes.flatMap((lane, index) => lane.map((bundle) => bundleWrite(index, bundle))));
  await executeOne(first, 4, cutOf(lanes));
  const before = await first.recover();
  await first.close();
  await first.close();
  await t.throwsAsync(first.commit([]), { code: "STORE_STOPPED" });
  const second = await diskStore(t, path);
  t.deepEqual(await second.recover(), before);
});

test("S5, S6 a file that cannot be this gateway's store is refused in one sentence with the mend", async (t) => {
  const dir = directory(t);
  const refusal = async (name: string, changes: Partial<typeof identity> = {}): Promise<StoreFailure> => {
    const error = await t.throwsAsync(openStore({ path: join(dir, name), ...identity, ...changes }), {
      instanceOf: StoreFailure,
    });
    t.true(error?.message.includes(join(dir, name)), "the sentence names the file");
    return error as StoreFailure;
  };

  writeFileSync(join(dir, "text.db"), "this is not a database, and long enough to be looked at\n".repeat(100));
  const text = await refusal("text.db");
  t.is(text.code, "STORE_NOT_A_DATABASE");
  t.regex(text.message, /move it away/);

  const foreign = new Database(join(dir, "foreign.db"));
  foreign.exec("CREATE TABLE songs (title TEXT)");
  foreign.close();
  t.is((await refusal("foreign.db")).code, "STORE_NOT_A_DATABASE");

  await (await openStore({ path: join(dir, "own.db"), ...identity })).close();
  const other = await refusal("own.db", { gateway: "gateway-1" });
  t.is(other.code, "STORE_OF_ANOTHER");
  t.regex(other.message, /belongs to gateway gateway-0 of the site test-site, not to gateway gateway-1/);
  t.is((await refusal("own.db", { site: "elsewhere" })).code, "STORE_OF_ANOTHER");

  const newer = new Database(join(dir, "own.db"));
  newer.pragma("user_version = 99");
  newer.close();
  t.regex((await refusal("own.db")).message, /format 99, this version knows 2\): install that version/);
  t.throws(() => openStoreReadOnly(join(dir, "own.db")), { code: "STORE_NEWER" });

  t.is((await refusal(join("missing", "ledger.db"))).code, "STORE_UNREADABLE");
  mkdirSync(join(dir, "folder.db"));
  t.is((await refusal("folder.db")).code, "STORE_UNREADABLE");
});

test("S5 a damaged page is found when it is read, and nothing is accepted after that", async (t) => {
  const path = join(directory(t), "ledger.db");
  const lane = laneOf(0, 50, 5);
  const first = await openStore({ path, ...identity });
  await first.commit(lane.map((bundle) => bundleWrite(0, bundle)));
  await first.close();
  const bytes = readFileSync(path);
  bytes.fill(0xff, 4096, bytes.length);
  writeFileSync(path, bytes);
  const error = await t.throwsAsync(openStore({ path, ...identity }), { instanceOf: StoreFailure });
  t.is((error as StoreFailure).code, "STORE_NOT_A_DATABASE");
});

test("S5 a page that is found damaged while it is read is one sentence, whatever is asked", async (t) => {
  const path = join(directory(t), "ledger.db");
  const lanes = [laneOf(0, 50, 5), [], [], []];
  const store = await openStore({ path, ...identity });
  await store.commit((lanes[0] ?? []).map((bundle) => bundleWrite(0, bundle)));
  await executeOne(store, 1, cutOf(lanes));
  await store.close();
  const whole = readFileSync(path);
  let refused = 0;
  for (let page = 1; page * 4096 < whole.length; page += 1) {
    const bytes = Buffer.from(whole);
    bytes.fill(0xff, page * 4096, (page + 1) * 4096);
    writeFileSync(path, bytes);
    try {
      const reader = openStoreReadOnly(path);
      try {
        reader.statementsAfter(-1, 1_000);
        reader.receipt(0, 3);
        reader.twin("item-3");
      } finally {
        reader.close();
      }
    } catch (error) {
      t.true(error instanceof StoreFailure, String(error));
      t.regex((error as StoreFailure).message, /ledger\.db is damaged or not a Tallystick store/);
      refused += 1;
    }
  }
  t.true(refused > 5, `${refused} damaged pages were found`);
});

test("S10 a store whose keys have signed is not begun anew: missing and empty files are refused and nothing is made", async (t) => {
  const path = join(directory(t), "ledger.db");
  const lost = { path, ...identity, mayCreate: false };
  const missing = await t.throwsAsync(openStore(lost), { code: "STORE_LOST" });
  t.regex(missing?.message ?? "", /ledger\.db is missing or empty.*give the gateway new keys/);
  t.false(existsSync(path));
  writeFileSync(path, "");
  await t.throwsAsync(openStore(lost), { code: "STORE_LOST" });
  const nothing = new Database(path);
  nothing.pragma("journal_mode = WAL");
  nothing.close();
  await t.throwsAsync(openStore(lost), { code: "STORE_LOST" });
  const first = await openStore({ ...lost, mayCreate: true });
  await first.commit([memo("vote", "1")]);
  await first.close();
  const again = await openStore(lost);
  t.not(await again.memo("vote"), null);
  await again.close();
});

test("S6 a second gateway on the same store is refused while the first runs", async (t) => {
  const path = join(directory(t), "ledger.db");
  const first = await openStore({ path, ...identity });
  const error = await t.throwsAsync(openStore({ path, ...identity }), { code: "STORE_IN_USE" });
  t.regex(error?.message ?? "", /stop the gateway that runs on this directory/);
  await first.commit([memo("still", "works")]);
  await first.close();
  await diskStore(t, path);
});

test("the ledger can be read beside a running gateway, and after it, without changing anything", async (t) => {
  const path = join(directory(t), "ledger.db");
  const lanes = [laneOf(0, 3, 2), [], [], []];
  const store = await openStore({ path, ...identity });
  const beside = openStoreReadOnly(path);
  t.deepEqual(beside.identity(), identity);
  t.is(beside.executed().size, 0);
  await store.commit((lanes[0] ?? []).map((bundle) => bundleWrite(0, bundle)));
  await executeOne(store, 1, cutOf(lanes));
  await store.commit([{ kind: "anchor", ledger: "a", size: 3, note: "three" }]);
  t.deepEqual(beside.executed(), (await store.recover()).executed);
  t.deepEqual(
    beside.statementsAfter(-1, 100).map(({ number }) => number),
    [0, 1, 2, 3, 4, 5],
  );
  t.deepEqual(structuredClone(beside.receipt(0, 3)), await store.receipt(0, 3));
  t.is(beside.receipt(0, 3).kind, "parts");
  t.not(beside.twin("item-3"), null);
  await store.commit([memo("not", "blocked")]);
  beside.close();
  await store.close();
  const after = openStoreReadOnly(path);
  t.is(after.statement(0, 5)?.index, 5);
  t.is(after.bundles(0, 0, 1 << 20).length, 3);
  after.close();
  t.throws(() => openStoreReadOnly(`${path}.missing`), { code: "STORE_UNREADABLE" });
  t.false(existsSync(`${path}.missing`));
});

test("the ledger can be read from a copy of what kill -9 leaves behind", async (t) => {
  const dir = directory(t);
  const store = await diskStore(t, join(dir, "ledger.db"));
  const lanes = [laneOf(0, 2, 2), [], [], []];
  await store.commit((lanes[0] ?? []).map((bundle) => bundleWrite(0, bundle)));
  await executeOne(store, 1, cutOf(lanes));
  // Without the -shm file, as after a power cut; the last commits are only in the -wal file.
  for (const end of ["", "-wal"]) copyFileSync(join(dir, `ledger.db${end}`), join(dir, `copy.db${end}`));
  const copy = openStoreReadOnly(join(dir, "copy.db"));
  t.is(copy.statementsAfter(-1, 10).length, 4);
  copy.close();
});

test("S1 a disk that cannot be written stops the store and says so", async (t) => {
  const store = await diskStore(t);
  const broken = store.commit([
    memo("good", "1"),
    { kind: "bundle", lane: 0, number: 5, hash: "aa", cose: new Uint8Array(1), statements: [], first: 9 },
  ]);
  const error = await t.throwsAsync(broken, { code: "STORE_WRITE_FAILED" });
  t.regex(error?.message ?? "", /start the gateway again/);
  await t.throwsAsync(store.commit([memo("more", "1")]), { code: "STORE_STOPPED" });
  await t.throwsAsync(store.memo("good"), { code: "STORE_STOPPED" });
});

test("S2 a commit that fails leaves none of its writes", async (t) => {
  const path = join(directory(t), "ledger.db");
  const store = await openStore({ path, ...identity });
  await store.commit([memo("before", "1")]);
  await t.throwsAsync(
    store.commit([
      memo("half", "1"),
      { kind: "vote", view: 1, vote: "notarize", bytes: new Uint8Array(1) },
      { kind: "vote", view: 1, vote: "notarize", bytes: new Uint8Array(2) },
    ]),
  );
  await store.close();
  const again = await diskStore(t, path);
  t.is(await again.memo("half"), null);
  t.not(await again.memo("before"), null);
  t.deepEqual((await again.recover()).votes, []);
});

test("views of larger buffers cross to the thread as what they show", async (t) => {
  const store = await diskStore(t);
  const buffer = Buffer.from("prefix payload suffix");
  await store.commit([{ kind: "memo", key: "view", bytes: buffer.subarray(7, 14) }]);
  t.is(new TextDecoder().decode((await store.memo("view")) ?? new Uint8Array()), "payload");
});

test("an unwritable directory is told before anything starts", async (t) => {
  if (process.getuid?.() === 0) return t.pass("root may write anywhere");
  const dir = directory(t);
  chmodSync(dir, 0o500);
  await t.throwsAsync(openStore({ path: join(dir, "ledger.db"), ...identity }), { code: "STORE_UNREADABLE" });
});
