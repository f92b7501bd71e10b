import test from "ava";
import { type LaneEnd, makeSealer, type Sealed } from "../../ledger/replica/sealer.ts";
import { simulatedSite } from "../sim/site.ts";
import { draft, START_MS } from "./site.ts";

/** A sealer with clock, disk and lane in the test's hands. `closed`: the counts of the bundles so far, with the ms at which they closed. */
function sealing() {
  const { site, keys } = simulatedSite(4);
  const closed: { readonly atMs: number; readonly count: number }[] = [];
  let nowMs = START_MS;
  let end: LaneEnd = { number: 0, parent: "00".repeat(32), nextStatement: 0, lastAtMs: START_MS };
  let final = -1;
  let timer: { readonly atMs: number; readonly run: () => void } | null = null;
  const seal = ({ bundle: { header, hash }, lastAtMs, accepted }: Sealed): void => {
    end = { number: header.number + 1, parent: hash, nextStatement: header.first + header.count, lastAtMs };
    closed.push({ atMs: nowMs - START_MS, count: header.count });
    accepted();
  };
  const sealer = makeSealer({
    under: () => ({ site, keys: keys(0) }),
    mayName: () => true,
    gateway: () => site.gateways[0]?.name ?? "",
    now: () => nowMs,
    after: (ms, run) => {
      const mine = { atMs: nowMs + ms, run };
      timer = mine;
      return () => {
        if (timer === mine) timer = null;
      };
    },
    laneEnd: () => end,
    awaitsFinality: () => end.number > final + 1,
    seal,
  });
  const pass = (ms: number): void => {
    const untilMs = nowMs + ms;
    while (timer !== null && timer.atMs <= untilMs) {
      const due = timer;
      nowMs = due.atMs;
      timer = null;
      due.run();
    }
    nowMs = untilMs;
  };
  const finalize = (number: number): void => {
    final = number;
    sealer.lookAgain();
  };
  return { accept: (item: string) => sealer.accept(draft(item)), pass, finalize, closed };
}

test("L5: a lone statement leaves at once, and the next ones together when its bundle is final", async (t) => {
  const { accept, pass, finalize, closed } = sealing();
  const first = accept("first");
  pass(0);
  t.deepEqual(closed, [{ atMs: 0, count: 1 }]);
  const others = [accept("second"), accept("third")];
  pass(30);
  t.is(closed.length, 1);
  finalize(0);
  pass(0);
  t.deepEqual(closed, [
    { atMs: 0, count: 1 },
    { atMs: 30, count: 2 },
  ]);
  t.deepEqual(await Promise.all([first, ...others]), [{ number: 0 }, { number: 1 }, { number: 2 }]);
});

test("L5: where nothing becomes final, a statement waits for 80 ms and no longer", (t) => {
  const { accept, pass, closed } = sealing();
  void accept("first");
  pass(0);
  pass(10);
  void accept("second");
  pass(69);
  t.is(closed.length, 1);
  pass(1);
  t.deepEqual(closed[1], { atMs: 80, count: 1 });
});
