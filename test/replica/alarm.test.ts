import test from "ava";
import { makeAlarm } from "../../ledger/replica/alarm.ts";

/** Timers in the test's hands, and a log of when the alarm rang. */
function driven() {
  let nowMs = 1000;
  const timers = new Map<number, { readonly atMs: number; readonly run: () => void }>();
  let count = 0;
  const rung: number[] = [];
  const after = (ms: number, run: () => void) => {
    const id = (count += 1);
    timers.set(id, { atMs: nowMs + ms, run });
    return () => void timers.delete(id);
  };
  const alarm = makeAlarm(
    () => nowMs,
    after,
    () => void rung.push(nowMs),
  );
  const pass = (toMs: number) => {
    nowMs = toMs;
    for (const [id, { atMs, run }] of Array.from(timers)) if (atMs <= nowMs && timers.delete(id)) run();
  };
  return { alarm, rung, pass };
}

test("A11: an alarm rings at its time, once, and not when it was set for another or for none", (t) => {
  const { alarm, rung, pass } = driven();
  alarm.set(1100);
  alarm.set(1050);
  pass(1050);
  pass(1100);
  alarm.set(1200);
  alarm.set(null);
  pass(1300);
  t.deepEqual(rung, [1050]);
});

test("A11: an alarm that is late lets what has come meanwhile be heard first; it may still be called off", (t) => {
  const { alarm, rung, pass } = driven();
  alarm.set(1050);
  pass(1500);
  t.deepEqual(rung, []);
  pass(1500);
  t.deepEqual(rung, [1500]);
  alarm.set(1600);
  pass(1700);
  alarm.set(null);
  pass(1800);
  t.deepEqual(rung, [1500]);
});
