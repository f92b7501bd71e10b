import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import { makeEventBus, makeMetrics } from "../../gateway/api/index.ts";
import { clockFault } from "../../gateway/runtime/clock.ts";
import { watchDisk } from "../../gateway/runtime/disk-budget.ts";
import { makeObserver } from "../../gateway/runtime/observer.ts";
import type { Site } from "../../ledger/management/index.ts";
import { StoreFailure } from "../../ledger/store/index.ts";

function disk(bytes: number) {
  const state = { bytes, gone: false };
  const alarms: string[] = [];
  const failures: Error[] = [];
  const watching = watchDisk({
    store: {
      stats: async () => {
        if (state.gone) throw new Error("the store is gone");
        return { bytes: state.bytes, commits: 0, writes: 0, lastCommitMs: 0 };
      },
    },
    budgetMb: 16,
    alarm: (line) => void alarms.push(line),
    failed: (error) => void failures.push(error),
    lookMs: 5,
  });
  return { state, alarms, failures, watching };
}

test("N5: a store over its budget is known before anything can be accepted", async (t) => {
  const { watching, alarms } = disk(17e6);
  const { full, stop } = await watching;
  t.regex(full() ?? "", /17 MB of its budget of 16 MB, nothing is accepted; raise store\.budgetMb/);
  t.is(alarms.length, 1);
  stop();
});

test("N5: at the budget acceptance ends with one alarm, and with room it begins again", async (t) => {
  const { watching, alarms, state } = disk(1e6);
  const { full, stop } = await watching;
  t.is(full(), null);
  state.bytes = 16e6;
  await sleep(100);
  t.not(full(), null);
  t.is(alarms.length, 1);
  state.bytes = 15e6;
  await sleep(100);
  t.is(full(), null);
  stop();
});

test("N6: a store that does not answer any more is told once, unless it was closed", async (t) => {
  const broken = disk(1);
  const watched = await broken.watching;
  broken.state.gone = true;
  await sleep(100);
  t.is(broken.failures.length, 1);
  watched.stop();
  const closed = disk(1);
  (await closed.watching).stop();
  closed.state.gone = true;
  await sleep(50);
  t.is(closed.failures.length, 0);
});

test("N6: after a diverged log only a failed store is told, and once", (t) => {
  const failures: string[] = [];
  const observer = makeObserver({
    site: () => ({ gateways: [] as Site["gateways"] }) as Site,
    self: 0,
    bus: makeEventBus(),
    metrics: makeMetrics(),
    log: { info: () => undefined, alarm: () => undefined },
    checkpointNote: null,
    failed: (error) => void failures.push(error.message),
  });
  const store = (): StoreFailure => new StoreFailure("STORE_WRITE_FAILED", { path: "store.db", cause: "disk full" });
  observer.fail(Object.assign(new Error("diverged"), { code: "LOG_DIVERGED" }));
  observer.fail(new Error("a consequence"));
  observer.fail(store());
  observer.fail(store());
  t.is(failures.length, 2);
  t.is(failures[0], "diverged");
  t.regex(failures[1] ?? "", /could not be written/);
  t.is(observer.halted(), "diverged");
});

test("N8: a clock from before this version cannot date a statement", (t) => {
  t.regex(clockFault(Date.UTC(1970, 0, 1, 0, 5)) ?? "", /says 1970-01-01T00:05:00.*nothing is accepted; set it/);
  t.not(clockFault(Date.UTC(2025, 11, 31)), null);
  t.is(clockFault(Date.UTC(2026, 0, 1)), null);
});
