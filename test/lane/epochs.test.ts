import test from "ava";
import type { Committee, Era } from "../../ledger/committee/index.ts";
import { type Bundle, sealBundle } from "../../ledger/bundle/index.ts";
import {
  beginEpoch,
  endOf,
  type LaneEffect,
  type LaneInput,
  type Lanes,
  NO_HASH,
  NOTHING,
  recoverLanes,
  stepLanes,
} from "../../ledger/lane/index.ts";
import { committeeOf, hashOfText } from "../committee/fake.ts";
import { acksSent, bundleOf, carry, kindsOf, SIZE, START_MS } from "./gateway.ts";

const next = hashOfText("the next configuration");
const first = committeeOf(SIZE, 0);
const eraOf = (configHash: string, ends: readonly number[]): Era => ({ ...first, configHash, ends });
const open = [Infinity, Infinity, Infinity, Infinity];

/** Epoch 1 as gateway 0 sees it; the lanes of epoch 0 end where `ends` says. */
const second = (ends: readonly number[] = open): Committee => ({
  ...first,
  epoch: 1,
  configHash: next,
  eras: new Map([
    [0, eraOf(first.configHash, ends)],
    [1, eraOf(next, open)],
  ]),
});

/** The bundles 0.. of lane 2, with statement n in bundle n; those from `since` on name epoch 1. */
function laneOf(count: number, since = Infinity): readonly Bundle[] {
  const bundles: Bundle[] = [];
  for (let number = 0; number < count; number += 1) {
    const plain = bundleOf(2, number, bundles.at(-1)?.hash ?? NO_HASH, `item ${number}`);
    bundles.push(number < since ? plain : renamed(plain, 1, next));
  }
  return bundles;
}

function renamed({ header, statements }: Bundle, epoch: number, configHash: string): Bundle {
  const { sign, keyIds } = committeeOf(SIZE, 2);
  return sealBundle({ ...header, epoch, configHash }, statements, keyIds[2] as Uint8Array, sign);
}

type Fed = { readonly lanes: Lanes; readonly effects: readonly LaneEffect[] };

function feed(committee: Committee, before: Lanes, inputs: readonly LaneInput[]): Fed {
  let lanes = before;
  const effects: LaneEffect[] = [];
  const queue = [...inputs];
  for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
    const next_ = stepLanes(committee, lanes, input, START_MS);
    lanes = next_.state;
    for (const effect of next_.effects) {
      effects.push(effect);
      if (effect.kind === "check") queue.push({ ...effect, kind: "checked", verdict: { kind: "accept" } });
    }
  }
  return { lanes, effects };
}

const bundles = (all: readonly Bundle[], from = 2): readonly LaneInput[] =>
  all.map((bundle) => ({ kind: "message", from, message: carry(bundle) }));
const empty = (committee: Committee): Lanes => recoverLanes(committee, [], new Set(), []);

test("L12: a bundle of an epoch that has not begun here is ignored, and nobody is blamed", (t) => {
  const { lanes, effects } = feed(first, empty(first), bundles(laneOf(1, 0)));
  t.deepEqual(effects, []);
  t.is(lanes.lanes[2]?.held, 0);
});

test("L12: a bundle is checked against the configuration that it names, and none goes back behind the one before", (t) => {
  const mixed = laneOf(3, 1);
  const { lanes, effects } = feed(second(), empty(second()), bundles(mixed.slice(0, 2)));
  t.deepEqual(
    effects.flatMap((effect) => (effect.kind === "check" ? [effect.epoch] : [])),
    [0, 1],
  );
  t.is(lanes.lanes[2]?.held, 2);
  const back = bundleOf(2, 2, mixed[1]?.hash ?? "", "item 2");
  const refused = feed(second(), lanes, bundles([back]));
  t.true(refused.effects.some((effect) => effect.kind === "refused" && /epoch 0/.test(effect.reason)));
});

test("L12: in a new epoch what is held above its first cut is acknowledged anew, and old certificates are gone", (t) => {
  const lane = laneOf(3);
  const before = feed(first, empty(first), bundles(lane)).lanes;
  const start = [NOTHING, NOTHING, { number: 0, hash: lane[0]?.hash ?? "" }, NOTHING];
  const begun = beginEpoch(second(), before, start);
  t.deepEqual([begun.lanes[2]?.held, begun.lanes[2]?.settled.number, begun.lanes[2]?.acks.size], [3, 0, 0]);
  const recalled = { kind: "recalled", lane: 2, hashes: new Map(), end: endOf(null) } as const;
  const { lanes, effects } = feed(second(), begun, [recalled]);
  t.deepEqual(acksSent(effects), ["ack 2/2"]);
  t.deepEqual(
    effects.flatMap((effect) => (effect.kind === "vouched" ? [effect.number] : [])),
    [1, 2],
  );
  t.is(lanes.lanes[2]?.held, 3);
});

test("L12: where the key went, what is above the cut is dropped, comes in no more, and the new key goes on from the cut", (t) => {
  const lane = laneOf(3);
  const before = feed(first, empty(first), bundles(lane)).lanes;
  const [zero] = lane;
  if (zero === undefined) return t.fail();
  const start = [NOTHING, NOTHING, { number: 0, hash: zero.hash }, NOTHING];
  const committee = second([Infinity, Infinity, 0, Infinity]);
  const begun = beginEpoch(committee, before, start);
  t.deepEqual([begun.lanes[2]?.held, begun.lanes[2]?.rewinding], [1, true]);
  const stored = { lane: 2, number: 0, hash: zero.hash, first: 0, cose: zero.cose, statements: zero.statements };
  const recalled = { kind: "recalled", lane: 2, hashes: new Map(), end: endOf(stored) } as const;
  const { lanes } = feed(committee, begun, [recalled]);
  const old = feed(committee, lanes, bundles(lane.slice(1)));
  t.deepEqual(kindsOf(old.effects), [], "its sender may not know yet");
  const anew = renamed(bundleOf(2, 1, zero.hash, "item 1"), 1, next);
  t.is(feed(committee, lanes, bundles([anew])).lanes.lanes[2]?.held, 2);
});

test("L12: of an own lane that another key has left, bundles are taken like those of any lane, and nothing of it is fed", (t) => {
  const { sign, keyIds } = committeeOf(SIZE, 0);
  const committee = { ...second([0, Infinity, Infinity, Infinity]), ownFrom: 1 };
  const plain = bundleOf(0, 0, NO_HASH, "item 0");
  const { lanes, effects } = feed(committee, empty(committee), bundles([plain], 3));
  t.is(lanes.lanes[0]?.held, 1);
  t.true(kindsOf(effects).includes("check"));
  const second_ = sealBundle(
    { ...plain.header, number: 1, parent: plain.hash, first: 1 },
    plain.statements,
    keyIds[0] as Uint8Array,
    sign,
  );
  t.is(feed(committee, lanes, bundles([second_], 3)).lanes.lanes[0]?.held, 1, "from here on it is its own");
});
