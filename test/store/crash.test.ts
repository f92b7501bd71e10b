import { spawn } from "node:child_process";
import { join } from "node:path";
import test from "ava";
import { toHex } from "../../ledger/crypto/index.ts";
import { leafHash, treeRoot } from "../../ledger/log/index.ts";
import { openStore } from "../../ledger/store/index.ts";
import { decodeTwin } from "../../ledger/twin/index.ts";
import { executeOne } from "./bundles.ts";
import { directory, identity } from "./stores.ts";

/** Runs a committer until it has acknowledged `until` commits and `moreMs` have passed, then kills it; gives what it said. */
async function runAndKill(
  path: string,
  until: number,
  moreMs: number,
): Promise<{ committed: number; executed: number }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "committer.ts"), path], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8");
  const gone = new Promise<void>((resolve) => child.once("close", () => resolve()));
  await new Promise<void>((resolve, reject) => {
    child.once("exit", () => reject(new Error(`the committer ended by itself: ${said}`)));
    child.stdout.on("data", (text: string) => {
      said += text;
      if (said.split("\n").length > until * 2) resolve();
    });
  });
  await new Promise((resolve) => setTimeout(resolve, moreMs));
  child.kill("SIGKILL");
  await gone;
  const lines = said.split("\n").slice(0, -1);
  const last = (kind: string): number => Number(lines.findLast((line) => line.startsWith(kind))?.slice(1) ?? -1);
  return { committed: last("c"), executed: last("x") };
}

for (const [round, moreMs] of [0, 7, 23].entries()) {
  test(`S1, S2 what was acknowledged before kill -9 is there afterwards, whole (round ${round})`, async (t) => {
    const path = join(directory(t), "ledger.db");
    const said = await runAndKill(path, 60, moreMs);
    t.true(said.committed >= 50 && said.executed >= 50, JSON.stringify(said));
    const store = await openStore({ path, ...identity });
    t.teardown(() => store.close());
    const found = await store.recover();
    const held = found.lanes[0]?.number ?? -1;
    t.true(held >= said.committed);
    t.true((found.executed.tips[0] ?? -1) >= said.executed);
    // All writes of the last commit are there, and none of the next.
    t.is(new TextDecoder().decode((await store.memo("last")) ?? new Uint8Array()), String(held));
    t.is(await store.accepted(`key-${held}`), held);
    t.is(await store.accepted(`key-${held + 1}`), null);
    // The log is what an uninterrupted run would have made of the bundles.
    const bundles = await store.bundles(0, 0, 1 << 30);
    t.is(bundles.length, held + 1);
    const { size, root, statements } = found.executed;
    t.is(root, toHex(treeRoot(bundles.slice(0, size).map(({ cose }) => leafHash(cose)))));
    t.is(statements, size * 2);
    t.is((await store.statementsAfter(-1, 1 << 30)).length, statements);
    const twin = await store.twin(`item-${statements - 1}`);
    t.is(twin === null ? 0 : decodeTwin(twin).count, 1, "folded exactly once");
    const tips = bundles.map(({ number, hash }) => ({ number, hash })).slice(-1);
    const rest = Array.from({ length: 3 }, () => ({ number: -1, hash: "" }));
    const resumed = await executeOne(store, 1_000_000, [...tips, ...rest]);
    t.is(resumed.kind === "executed" ? resumed.state.size : 0, bundles.length);
  });
}

test("S1 when the disk is full the gateway stops, and what was acknowledged before is there afterwards", async (t) => {
  if (process.platform === "win32") return t.pass("there is no file size limit to set");
  const path = join(directory(t), "ledger.db");
  // A limit of 4 MB for any file stands for the full disk: the write fails, not the opening.
  const command = `ulimit -f 8000; exec "${process.execPath}" "${join(import.meta.dirname, "committer.ts")}" "${path}"`;
  const child = spawn("sh", ["-c", command], { stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  let complaint = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => void (said += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => void (complaint += text));
  const code = await new Promise((resolve) => child.once("close", resolve));
  t.is(code, 1);
  t.regex(complaint, /STORE_WRITE_FAILED/);
  t.regex(complaint, /ledger\.db could not be written \(.+\): free or repair the disk/);
  const lines = said.split("\n").filter((line) => line.startsWith("c"));
  t.true(lines.length > 100);
  const store = await openStore({ path, ...identity });
  t.teardown(() => store.close());
  const held = (await store.recover()).lanes[0]?.number ?? -1;
  t.true(held >= Number(lines.at(-1)?.slice(1)));
  t.is(new TextDecoder().decode((await store.memo("last")) ?? new Uint8Array()), String(held));
});
