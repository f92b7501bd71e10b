/** L11: what lies more than a window below what is settled. Gateway 0 of four has been away; gateway 2 owns the lane, 1 and 3 signed. */
import test from "ava";
import { type Bundle, packBundles, packStatements } from "../../ledger/bundle/index.ts";
import { type LaneEffect, WINDOW_BUNDLES } from "../../ledger/lane/index.ts";
import {
  acksSent,
  bundleOf,
  carry,
  certificate,
  certificateOf,
  chainOf,
  type DrivenLanes,
  gateway,
  sent,
  START_MS,
  tips,
} from "./gateway.ts";
import type { LaneMessage } from "../../ledger/message/index.ts";

const OWNER = 2;
const LENGTH = 4 * WINDOW_BUNDLES;
const chain = chainOf(OWNER, LENGTH);
const last = chain.at(-1) as Bundle;
/** The first number that is not history. */
const RECENT = LENGTH - WINDOW_BUNDLES;

function bulk(from: number, bundles: readonly Bundle[], lane = OWNER): LaneMessage {
  const packed = packBundles(bundles.map(({ cose, statements }) => ({ cose, body: packStatements(statements) })));
  return { kind: "bundles", lane, from, packed };
}

/** Linked with all, and told how far the lane has come. */
function returned(judge?: Parameters<typeof gateway>[1]): DrivenLanes {
  const driven = gateway(0, judge);
  for (const peer of [1, 2, 3]) {
    driven.step({ kind: "linkUp", peer });
    driven.receive(tips(false, [0, 0, LENGTH, 0]), peer);
  }
  return driven;
}

const lane = (driven: DrivenLanes) => driven.lanes().lanes[OWNER];
const asked = (effects: readonly LaneEffect[]) =>
  effects.flatMap((effect) =>
    effect.kind === "send" && effect.message.kind === "fetchBundles"
      ? [{ to: effect.to, from: effect.message.from, count: effect.message.count }]
      : [],
  );
const ofKind = (effects: readonly LaneEffect[], kind: LaneEffect["kind"]) =>
  effects.filter((effect) => effect.kind === kind);

test("L11, L6: history is asked for at once, two windows at a time, the next part while the one before is still coming", (t) => {
  const driven = returned();
  t.deepEqual(asked(driven.receive(certificate(OWNER, last, [1, 3]), 1)), [
    { to: OWNER, from: 0, count: 2 * WINDOW_BUNDLES },
  ]);
  const half = WINDOW_BUNDLES - 1;
  t.deepEqual(asked(driven.receive(bulk(0, chain.slice(0, half)), OWNER)), []);
  const middle = bulk(half, chain.slice(half, WINDOW_BUNDLES));
  t.deepEqual(asked(driven.receive(middle, OWNER)), [
    { to: OWNER, from: 2 * WINDOW_BUNDLES, count: 2 * WINDOW_BUNDLES },
  ]);
});

test("L11: history is held without being assessed, acknowledged or vouched for; the newest window is assessed as always", (t) => {
  const judged: string[] = [];
  const driven = returned((item) => {
    judged.push(item);
    return { kind: "accept" };
  });
  driven.receive(certificate(OWNER, last, [1, 3]), 1);
  const effects = driven.receive(bulk(0, chain.slice(0, RECENT)), OWNER);
  t.is(lane(driven)?.held, RECENT);
  t.deepEqual([judged, acksSent(effects), ofKind(effects, "vouched"), ofKind(effects, "check")], [[], [], [], []]);
  const recent = driven.receive(bulk(RECENT, chain.slice(RECENT)), OWNER);
  t.is(lane(driven)?.held, LENGTH);
  t.deepEqual(
    judged,
    Array.from({ length: WINDOW_BUNDLES }, (_, offset) => `item ${RECENT + offset}`),
  );
  t.deepEqual(
    ofKind(recent, "vouched").map((effect) => (effect.kind === "vouched" ? effect.number : -1)),
    [LENGTH - 1],
    "the chain is proven where it arrives at what is settled, not before",
  );
  const next = bundleOf(OWNER, LENGTH, last.hash, "next");
  t.deepEqual(acksSent(driven.receive(carry(next), OWNER)), [`ack ${OWNER}/${LENGTH}`]);
});

test("L11, L9: history that does not lead to what is settled is rewound, and fetched from another signer", (t) => {
  const lost: Bundle[] = [];
  for (let number = 0; number < LENGTH; number += 1)
    lost.push(bundleOf(OWNER, number, lost.at(-1)?.hash ?? "0".repeat(64), `lost ${number}`));
  const driven = returned();
  driven.receive(certificate(OWNER, last, [1, 3]), 1);
  driven.receive(bulk(0, lost.slice(0, RECENT)), OWNER);
  t.is(lane(driven)?.held, RECENT);
  const effects = driven.receive(bulk(RECENT, lost.slice(RECENT)), OWNER);
  t.deepEqual(ofKind(effects, "vouched"), []);
  t.true(lane(driven)?.silent);
  t.is(lane(driven)?.held, 0);
  t.true(lane(driven)?.fetching?.from === 1 || lane(driven)?.fetching?.from === 3);
  const signer = lane(driven)?.fetching?.from ?? -1;
  driven.receive(bulk(0, chain.slice(0, RECENT)), OWNER);
  t.is(lane(driven)?.held, 0, "the owner of a disputed lane is not listened to");
  driven.receive(bulk(0, chain.slice(0, RECENT)), signer);
  driven.receive(bulk(RECENT, chain.slice(RECENT)), lane(driven)?.fetching?.from ?? -1);
  t.is(lane(driven)?.heldHash, last.hash);
});

test("L11, L8: a bundle that was refused here and lies far below what the others certified is taken, and its lane gets no more acks", async (t) => {
  const driven = returned((item) => (item === "item 0" ? { kind: "reject", reason: "no" } : { kind: "accept" }));
  driven.receive(carry(chain[0] as Bundle), OWNER);
  t.is(lane(driven)?.held, 0);
  driven.receive(certificate(OWNER, last, [1, 3]), 1);
  driven.receive(bulk(0, chain.slice(0, RECENT)), OWNER);
  driven.receive(bulk(RECENT, chain.slice(RECENT)), OWNER);
  t.is(lane(driven)?.held, LENGTH);
  t.true(lane(driven)?.silent);
  t.true((await driven.restarted()).lanes().lanes[OWNER]?.silent);
});

test("L11: a restart in the middle of history vouches for none of it", async (t) => {
  const driven = returned();
  driven.receive(certificate(OWNER, last, [1, 3]), 1);
  driven.receive(bulk(0, chain.slice(0, WINDOW_BUNDLES)), OWNER);
  const again = await driven.restarted();
  t.true(lane(again)?.unproven);
  again.step({ kind: "linkUp", peer: OWNER });
  again.receive(tips(false, [0, 0, LENGTH, 0], [certificateOf(OWNER, last, [1, 3])]), OWNER);
  const rest = again.receive(bulk(WINDOW_BUNDLES, chain.slice(WINDOW_BUNDLES)), OWNER);
  t.is(lane(again)?.held, LENGTH);
  t.is(ofKind(rest, "vouched").length, 1);
});

test("L11: forged, misplaced and unreadable history is its sender's fault and changes nothing", (t) => {
  const driven = returned();
  driven.receive(certificate(OWNER, last, [1, 3]), 1);
  const faults: readonly LaneMessage[] = [
    bulk(0, [bundleOf(OWNER, 0, "0".repeat(64), "forged", { signer: 1 })]),
    bulk(0, [chain[1] as Bundle]),
    { kind: "bundles", lane: OWNER, from: 0, packed: new Uint8Array([0, 0, 0, 9, 1]) },
    { kind: "bundles", lane: OWNER, from: 0, packed: new Uint8Array([0, 0, 0, 0]) },
    bulk(0, chain.slice(0, 1), 4),
  ];
  for (const fault of faults) t.is(ofKind(driven.receive(fault, 3), "reject").length, 1);
  t.is(lane(driven)?.held, 0);
  const swapped = packBundles([
    { cose: chain[0]?.cose ?? new Uint8Array(), body: packStatements(chain[1]?.statements ?? []) },
  ]);
  t.is(ofKind(driven.receive({ kind: "bundles", lane: OWNER, from: 0, packed: swapped }, 3), "reject").length, 1);
  driven.receive(bulk(0, chain.slice(0, 1)), 3);
  t.is(lane(driven)?.held, 1);
});

test("L6: whoever is silent for half a second, or only trickles for five, is left for the next signer", (t) => {
  const silent = returned();
  silent.receive(certificate(OWNER, last, [1, 3]), 1);
  silent.setClock(START_MS + 500);
  t.deepEqual(
    asked(silent.step({ kind: "wake" })).map(({ to, from }) => [to, from]),
    [[1, 0]],
  );

  const trickled = returned();
  trickled.receive(certificate(OWNER, last, [1, 3]), 1);
  const others = new Set<unknown>();
  let held = 0;
  for (let ms = 400; ms <= 5_200; ms += 400) {
    trickled.setClock(START_MS + ms);
    for (const { to } of [
      ...asked(trickled.step({ kind: "wake" })),
      ...asked(trickled.receive(bulk(held, chain.slice(held, held + 1)), OWNER)),
    ])
      others.add(to);
    held += 1;
  }
  t.deepEqual([...others], [1]);
});

test("L6: a peer whose link is down is not asked", (t) => {
  const driven = returned();
  driven.step({ kind: "linkDown", peer: OWNER });
  t.deepEqual(
    asked(driven.receive(certificate(OWNER, last, [1, 3]), 1)).map(({ to }) => to),
    [1],
  );
});

test("L11, L5: an owner feeds a copy from within a window of what is certified, and nobody who takes history from anywhere", (t) => {
  const own = chainOf(0, LENGTH);
  const driven = gateway(0);
  for (const bundle of own) driven.seal(bundle);
  driven.receive(certificate(0, own.at(-1) as Bundle, [1, 3]), 1);
  driven.step({ kind: "linkUp", peer: 1 });
  t.deepEqual(ofKind(driven.receive(tips(true, [10, 0, 0, 0]), 1), "stream"), []);
  t.deepEqual(driven.receive({ kind: "fetchBundles", lane: 0, from: 10, count: 2 ** 40 }, 1), [
    { kind: "stream", to: 1, lane: 0, from: 10, upTo: 9 + 2 * WINDOW_BUNDLES },
  ]);
  t.deepEqual(ofKind(driven.receive(tips(false, [LENGTH - 3, 0, 0, 0]), 1), "stream"), [
    { kind: "stream", to: 1, lane: 0, from: LENGTH - 3, upTo: LENGTH - 1 },
  ]);
  t.deepEqual(sent(driven.receive(tips(false, [LENGTH - 2, 0, 0, 0]), 1)), []);
});

test("L6: patience doubles with each request in vain, or a disputed lane could never be repaired over a slow network", (t) => {
  const driven = returned();
  driven.receive(certificate(OWNER, last, [1, 3]), 1);
  const gaps: number[] = [];
  for (let ms = 0, asking = 0; gaps.length < 5; ms += 100) {
    driven.setClock(START_MS + ms);
    if (asked(driven.step({ kind: "wake" })).length === 0) continue;
    gaps.push(ms - asking);
    asking = ms;
  }
  t.deepEqual(gaps, [500, 1_000, 2_000, 4_000, 4_000]);
});
