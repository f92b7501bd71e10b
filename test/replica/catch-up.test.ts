import test from "ava";
import { makeStreams } from "../../ledger/replica/streams.ts";
import { openMessage } from "../../ledger/replica/wire.ts";
import { WINDOW_BUNDLES } from "../../ledger/lane/index.ts";
import { type Changes, draft, pass, settled, start, type Watched } from "./site.ts";
import { openMemoryStore } from "../../ledger/store/memory.ts";

const SIZE = 4;
const AWAY = 3;

/** A site in which one gateway is linked to nobody until `join`. */
async function siteWithout(changes: Changes = {}) {
  const all: Watched[] = [];
  let isBack = false;
  for (let self = 0; self < SIZE; self += 1) {
    const send = (to: number, bytes: Uint8Array) => {
      if (isBack || (self !== AWAY && to !== AWAY)) setImmediate(() => all[to]?.replica.receive(self, bytes));
    };
    const own = self === AWAY ? { ...changes, send } : { send };
    all.push(await start(SIZE, self, openMemoryStore({ lanes: SIZE }), own));
  }
  for (const [self, { replica }] of all.entries())
    for (const peer of all.keys()) if (peer !== self && peer !== AWAY && self !== AWAY) replica.linkUp(peer);
  await settled();
  return {
    all,
    join: () => {
      isBack = true;
      for (const peer of [0, 1, 2]) {
        all[AWAY]?.replica.linkUp(peer);
        all[peer]?.replica.linkUp(AWAY);
      }
    },
  };
}

test("L11: a gateway that was away takes history without assessing it again, the newest window as always, and ends with the same log", async (t) => {
  const assessed: number[] = [];
  const { all, join } = await siteWithout({
    validate: (_, statements) => {
      for (const { number } of statements) assessed.push(number);
      return Promise.resolve({ kind: "accept" });
    },
  });
  const BUNDLES = 3 * WINDOW_BUNDLES;
  for (let round = 0; round < BUNDLES; round += 1) {
    for (const self of [0, 1, 2]) all[self]?.replica.accept(draft(`item ${self}/${round}`)).catch(() => t.fail());
    await pass(all, 80);
  }
  await pass(all, 500);
  const log = () => all.map(({ replica }) => replica.status().log);
  const held = all[0]?.replica.status().lanes[0]?.held ?? 0;
  t.true(held >= 2 * WINDOW_BUNDLES, `${held} bundles`);
  t.is(log()[AWAY]?.size, 0);
  join();
  await pass(all, 4_000);
  t.deepEqual(log()[AWAY], log()[0]);
  t.true(assessed.length > 0 && assessed.length <= 3 * (WINDOW_BUNDLES + 1), `${assessed.length} assessed`);
  t.deepEqual(
    all.flatMap(({ halts }) => halts),
    [],
  );
});

/** Streams over a store that answers when the test says so. */
function driveStreams() {
  const reads: { readonly lane: number; readonly from: number; readonly answer: (next: number) => void }[] = [];
  const sent: string[] = [];
  const timers: (() => void)[] = [];
  const queued = new Map<number, number>();
  const streams = makeStreams({
    store: {
      ...openMemoryStore({ lanes: SIZE }),
      history: (lane, from) =>
        new Promise((resolve) =>
          reads.push({ lane, from, answer: (next) => resolve({ packed: new Uint8Array(), next }) }),
        ),
    },
    gateways: () => SIZE,
    epoch: () => 0,
    epochAfter: () => 0,
    send: (to, bytes) => {
      const opened = openMessage(bytes);
      if (opened.kind !== "accept" || opened.opened.message.kind !== "bundles") throw new Error("no bundles");
      sent.push(`${to}: lane ${opened.opened.message.lane} from ${opened.opened.message.from}`);
    },
    queuedBytes: (to) => queued.get(to) ?? 0,
    after: (_, run) => void timers.push(run),
    failed: (error) => {
      throw error;
    },
  });
  return { streams, reads, sent, timers, queued };
}

test("R10: peers are served part by part and in turn, one read of the store at a time", async (t) => {
  const { streams, reads, sent } = driveStreams();
  streams.bundles({ to: 1, lane: 0, from: 0, upTo: 99 });
  streams.bundles({ to: 2, lane: 0, from: 50, upTo: 99 });
  for (const [from, next] of [
    [0, 40],
    [50, 60],
    [40, 100],
    [60, 100],
  ]) {
    await settled();
    t.is(reads.length, 1);
    const read = reads.pop();
    t.is(read?.from, from);
    read?.answer(next ?? 0);
  }
  await settled();
  t.deepEqual(
    [reads.length, sent],
    [0, ["1: lane 0 from 0", "2: lane 0 from 50", "1: lane 0 from 40", "2: lane 0 from 60"]],
  );
});

test("R10: whoever reads slowly gets nothing more until its link has sent most of it, and delays nobody else", async (t) => {
  const { streams, reads, sent, timers, queued } = driveStreams();
  queued.set(1, 600 * 1024);
  streams.bundles({ to: 1, lane: 0, from: 0, upTo: 9 });
  streams.bundles({ to: 2, lane: 0, from: 0, upTo: 9 });
  await settled();
  reads.pop()?.answer(10);
  await settled();
  t.deepEqual([reads.length, sent, timers.length > 0], [0, ["2: lane 0 from 0"], true]);
  for (const run of timers.splice(0)) run();
  await settled();
  t.is(reads.length, 0);
  queued.set(1, 0);
  for (const run of timers.splice(0)) run();
  await settled();
  reads.pop()?.answer(10);
  await settled();
  t.is(sent.at(-1), "1: lane 0 from 0");
});

test("R10: of one peer four requests of a lane wait, and what is not held ends a request", async (t) => {
  const { streams, reads, sent } = driveStreams();
  for (let request = 0; request < 9; request += 1) streams.bundles({ to: 1, lane: 0, from: request * 10, upTo: 99 });
  const asked: number[] = [];
  for (let round = 0; round < 9; round += 1) {
    await settled();
    const read = reads.pop();
    if (read === undefined) break;
    asked.push(read.from);
    read.answer(read.from);
  }
  t.deepEqual([asked, sent], [[0, 10, 20, 30, 40], []]);
});
