import test from "ava";
import * as fc from "fast-check";
import { encode } from "../../ledger/cbor/index.ts";
import {
  type Budget,
  CAPACITY_UNITS,
  charge,
  type Cost,
  FIRST_CUT_OFF_MS,
  FRESH,
  LAST_CUT_OFF_MS,
  pass,
} from "../../ledger/replica/budget.ts";
import { sealMessage } from "../../ledger/replica/wire.ts";
import { linked, pass as passTime, settled, start } from "./site.ts";
import { messageValue } from "../../ledger/message/index.ts";

const REJECT: Cost = { kind: "reject" };
const PEERS = 3;

function overdraw(budget: Budget, nowMs: number): Budget {
  let at = budget;
  while (at.cutOffUntilMs === null) at = charge(at, REJECT, PEERS, nowMs);
  return at;
}

test("R8: cut-offs double from 10 s to 15 minutes, and good conduct takes the doublings back one by one", (t) => {
  let budget = FRESH;
  let nowMs = 1_000;
  const lengths: number[] = [];
  for (let time = 0; time < 10; time += 1) {
    budget = overdraw(budget, nowMs);
    const untilMs = budget.cutOffUntilMs ?? 0;
    lengths.push(untilMs - nowMs);
    t.is(pass(budget, PEERS, untilMs - 1).cutOffUntilMs, untilMs);
    nowMs = untilMs;
    budget = pass(budget, PEERS, nowMs);
    t.is(budget.cutOffUntilMs, null);
  }
  t.deepEqual(
    lengths,
    Array.from({ length: 10 }, (_, time) => Math.min(LAST_CUT_OFF_MS, FIRST_CUT_OFF_MS * 2 ** time)),
  );
  t.is(pass(budget, PEERS, nowMs + 2 * LAST_CUT_OFF_MS).strikes, 8);
  // Looked at often or once: the same.
  for (let step = 0; step < 100; step += 1) budget = pass(budget, PEERS, nowMs + step * 100_000);
  t.is(budget.strikes, 0);
});

test("R8: whatever a peer does, it never gets more work for nothing than its capacity and its share", (t) => {
  const cost = fc.oneof(
    fc.constant(REJECT),
    fc.record({ kind: fc.constant("waste" as const), bytes: fc.nat(1 << 20), signatures: fc.nat(100) }),
  );
  const moments = fc.array(fc.tuple(cost, fc.nat(2_000)), { minLength: 1, maxLength: 300 });
  const worst = 20_000 + 30 + 10 * 1024 + 100 * 60;
  fc.assert(
    fc.property(moments, fc.integer({ min: 1, max: 499 }), (taken, peers) => {
      let budget = FRESH;
      let nowMs = 0;
      let units = 0;
      for (const [one, waitMs] of taken) {
        nowMs += waitMs;
        budget = pass(budget, peers, nowMs);
        if (budget.cutOffUntilMs !== null) continue;
        units += one.kind === "reject" ? 20_000 : 30 + (one.bytes / 1024) * 10 + one.signatures * 60;
        budget = charge(budget, one, peers, nowMs);
        t.true(budget.spentUnits <= CAPACITY_UNITS);
        if (budget.cutOffUntilMs === null) continue;
        t.true(units <= CAPACITY_UNITS + worst + nowMs * Math.min(100, 300 / peers));
        t.true(budget.cutOffUntilMs >= nowMs + FIRST_CUT_OFF_MS && budget.cutOffUntilMs <= nowMs + LAST_CUT_OFF_MS);
        return;
      }
    }),
  );
});

test("R8: a peer that sends rubbish is cut off after 51 messages, told of once, not heard meanwhile, and heard again afterwards", async (t) => {
  const watched = await start(4, 0);
  const rubbish = new Uint8Array([0xff]);
  for (let message = 0; message < 500; message += 1) watched.replica.receive(2, rubbish);
  await settled();
  t.is(watched.cutOffs.length, 1);
  const [told] = watched.cutOffs;
  t.deepEqual([told?.peer, told?.cutOff.times, told?.cutOff.restMs], [2, 1, FIRST_CUT_OFF_MS]);
  t.regex(told?.cutOff.reason ?? "", /51 messages that no honest gateway sends, the last: /);
  const conduct = () => watched.replica.status().conduct[2];
  t.is(conduct()?.rejects, 51);
  t.is(conduct()?.cutOff?.restMs, FIRST_CUT_OFF_MS);

  watched.sent.length = 0;
  const fetch = encode([0, ...messageValue({ kind: "fetch", after: 0 })]);
  const tips = sealMessage({
    layer: "lane",
    message: { kind: "tips", again: true, held: [0, 0, 0, 0], certificates: [] },
  });
  for (const bytes of [fetch, tips]) watched.replica.receive(2, bytes);
  watched.replica.linkUp(2);
  t.deepEqual(watched.sent, []);
  watched.replica.receive(1, tips);
  await settled();
  t.true(watched.sent.length > 0, "the others are heard");

  await watched.wait(FIRST_CUT_OFF_MS);
  t.is(conduct()?.cutOff, null);
  watched.sent.length = 0;
  watched.replica.receive(2, tips);
  await settled();
  t.true(watched.sent.some(({ to }) => to === 2));
  for (let message = 0; message < 51; message += 1) watched.replica.receive(2, rubbish);
  await settled();
  t.deepEqual([watched.cutOffs[1]?.cutOff.times, watched.cutOffs[1]?.cutOff.restMs], [2, 2 * FIRST_CUT_OFF_MS]);
  t.deepEqual(watched.halts, []);
});

test("R8: a valid message, repeated without end, is work for nothing: its sender is cut off, too", async (t) => {
  const watched = await start(4, 0);
  const fetch = encode([0, ...messageValue({ kind: "fetch", after: 0 })]);
  for (let message = 0; message < 40_000 && watched.cutOffs.length === 0; message += 1) {
    watched.replica.receive(3, fetch);
    if (message % 1000 === 0) await Promise.resolve();
  }
  await settled();
  t.is(watched.cutOffs[0]?.peer, 3);
  t.regex(watched.cutOffs[0]?.cutOff.reason ?? "", /bring nothing on/);
  t.is(watched.replica.status().conduct[3]?.rejects, 0);
});

test("R8: what a link saw counts like a message that no honest gateway sends", async (t) => {
  const watched = await start(4, 0);
  for (let fault = 0; fault < 51; fault += 1) watched.replica.misbehaved(1, "the peer said hello twice");
  await settled();
  t.regex(watched.cutOffs[0]?.cutOff.reason ?? "", /said hello twice/);
});

test("R8: a site of honest gateways under load, with links that come and go, holds nothing against anybody", async (t) => {
  const all = await linked(4);
  for (let round = 0; round < 20; round += 1) {
    for (const { replica } of all) for (const peer of [0, 1, 2, 3]) replica.linkDown(peer);
    for (const [self, { replica }] of all.entries()) {
      for (const peer of all.keys()) if (peer !== self) replica.linkUp(peer);
    }
    await passTime(all, 100);
  }
  for (const { replica, cutOffs } of all) {
    t.deepEqual(cutOffs, []);
    for (const { rejects } of replica.status().conduct) t.is(rejects, 0);
  }
});
