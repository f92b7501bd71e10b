/** A12: who leads, and what a leader has to reveal. */
import test from "ava";
import { leaderOf, type Seeds, seedFor } from "../../ledger/leaders/index.ts";
import { committeeOf, hashOfText } from "../committee/fake.ts";
import {
  blockOn,
  certified,
  type Driven,
  finalizationOf,
  gateway,
  genesis,
  leaderAt,
  named,
  notarizationOf,
  nullification,
  nullificationOf,
  proposalsSent,
  propose,
  SIZE,
  votesSigned,
} from "./gateway.ts";
import type { Block } from "../../ledger/message/index.ts";

const views = (from: number, count: number) => Array.from({ length: count }, (_, index) => from + index);
const seedAt = (view: number, text: string): Seeds => [{ view, seed: hashOfText(text) }];
const leadersOf = (size: number, seeds: Seeds, from: number, count = size) =>
  views(from, count).map((view) => leaderOf(committeeOf(size, 0), seeds, view));

/** The last block of the first span, moving lane 0. */
const last = blockOn(genesis, 63, { 0: 0 });

/** A gateway for which `last` is final and whose view is 64. */
function atNewSpan(self: number): Driven {
  const driven = gateway(self);
  const sent = { kind: "finalized", blocks: [last], finalization: finalizationOf(last) } as const;
  driven.receive(sent);
  return driven;
}

/** A proposal on `last`, which is final and so needs no nullification when its view is 64. */
const onLast = (block: Block, leader?: number) => propose(block, { parent: finalizationOf(last) }, leader);

test("A12: before the first reveal the leaders go round", (t) => {
  t.deepEqual(leadersOf(4, [], 1, 8), [1, 2, 3, 0, 1, 2, 3, 0]);
});

test("A12: whatever the seed, everybody leads once in a round, so that nobody is skipped", (t) => {
  for (const size of [1, 2, 3, 4, 7, 31, 100]) {
    for (const round of [1000, 1001]) {
      const leaders = leadersOf(size, seedAt(1, `seed ${size}`), round * size);
      t.is(new Set(leaders).size, size);
    }
  }
});

test("A12: who has left leads no more", (t) => {
  const committee = { ...committeeOf(4, 0), voters: [0, 2, 3] };
  const leaders = views(300, 3).map((view) => leaderOf(committee, seedAt(1, "seed"), view));
  t.is(new Set(leaders).size, 3);
  t.false(leaders.includes(1));
});

test("A12: each place of a round falls to each gateway about equally often, and rounds differ", (t) => {
  const orders = views(100, 2400).map((round) => leadersOf(4, seedAt(1, "seed"), round * 4).join());
  t.is(new Set(orders).size, 24);
  for (const place of [0, 1, 2, 3]) {
    for (const leader of ["0", "1", "2", "3"]) {
      const share = orders.filter((order) => order.split(",")[place] === leader).length / orders.length;
      t.true(share > 0.21 && share < 0.29, `gateway ${leader} at place ${place}: ${share}`);
    }
  }
});

test("A12: a seed decides no earlier than 16 views and two rounds after its block, and for whole rounds only", (t) => {
  // Four gateways: the first round that begins 16 views after view 64 is that of view 80.
  t.deepEqual(leadersOf(4, seedAt(64, "b"), 76), leadersOf(4, [], 76));
  t.not(leadersOf(4, seedAt(64, "b"), 80, 40).join(), leadersOf(4, [], 80, 40).join());
  t.deepEqual(leadersOf(4, [...seedAt(1, "a"), ...seedAt(65, "b")], 80), leadersOf(4, seedAt(1, "a"), 80));
  t.deepEqual(leadersOf(4, [...seedAt(1, "a"), ...seedAt(65, "b")], 84), leadersOf(4, seedAt(65, "b"), 84));
  // A hundred: 200 views.
  t.deepEqual(leadersOf(100, seedAt(64, "b"), 200), leadersOf(100, [], 200));
  t.notDeepEqual(leadersOf(100, seedAt(64, "b"), 300), leadersOf(100, [], 300));
});

test("A12: the leader of a span's first block reveals, and the reveal changes the seed", (t) => {
  const driven = atNewSpan(leaderAt(64));
  driven.setClock(2000);
  const [proposal] = proposalsSent(driven.step(certified(1, 0)));
  const expected = seedFor(committeeOf(SIZE, leaderAt(64)), last, 64);
  t.deepEqual(proposal?.block.reveal, expected.reveal);
  t.is(proposal?.block.seed, expected.seed);
  t.not(expected.seed, genesis.seed);
});

test("A12: the reveal is settled by the chain before and the leader alone: what else the block holds changes nothing", (t) => {
  const committee = committeeOf(SIZE, 1);
  t.deepEqual(seedFor(committee, last, 64), seedFor(committee, { ...last, view: 5 }, 127));
  t.notDeepEqual(seedFor(committee, last, 64), seedFor(committee, last, 128));
  t.notDeepEqual(seedFor(committee, last, 64), seedFor(committeeOf(SIZE, 2), last, 64));
  t.notDeepEqual(seedFor(committee, last, 64), seedFor(committee, { ...last, seed: hashOfText("other") }, 64));
});

test("A4, A12: a span's first block is notarized with its leader's reveal", (t) => {
  t.deepEqual(votesSigned(atNewSpan(1).receive(onLast(blockOn(named(last), 64, { 1: 0 })))), ["notarize 64"]);
});

const good = blockOn(named(last), 64, { 1: 0 });
const stranger = seedFor(committeeOf(SIZE, 2), last, 64);
const otherSpan = seedFor(committeeOf(SIZE, leaderAt(64)), last, 128);
const wrong: Readonly<Record<string, Partial<Block>>> = {
  "without a reveal": { reveal: null, seed: last.seed },
  "with a reveal that is not its leader's": stranger,
  "with the reveal of another span": otherSpan,
  "with a reveal whose seed is another": { seed: hashOfText("a seed that suits me") },
  "with a reveal that leaves the seed": { seed: last.seed },
};
for (const [what, change] of Object.entries(wrong)) {
  test(`A4, A12: a span's first block ${what} is nullified`, (t) => {
    t.deepEqual(votesSigned(atNewSpan(1).receive(onLast({ ...good, ...change }))), ["nullify 64"]);
  });
}

test("A4, A12: no block but a span's first may reveal or change the seed", (t) => {
  const second = blockOn(named(good), 65, { 2: 0 });
  const { reveal, seed } = seedFor(committeeOf(SIZE, leaderAt(65)), last, 65);
  for (const change of [{ reveal, seed }, { seed }, { reveal }]) {
    const driven = atNewSpan(3);
    driven.receive(onLast(good), leaderAt(64));
    driven.receive({ kind: "certificate", certificate: notarizationOf(good) });
    const votes = votesSigned(driven.receive(propose({ ...second, ...change }, { parent: notarizationOf(good) })));
    t.deepEqual(votes, ["nullify 65"]);
  }
});

test("A12: a leader that withholds its reveal loses its view, and the next leader's reveal counts", (t) => {
  const driven = atNewSpan(3);
  driven.receive(nullification(64));
  const next = blockOn(named(last), 65, { 1: 0 });
  t.truthy(next.reveal);
  const beside = { parent: finalizationOf(last), nullifications: [nullificationOf(64)] };
  t.deepEqual(votesSigned(driven.receive(propose(next, beside))), ["notarize 65"]);
});

/** Final blocks at the given views, each on the one before; whoever led by round robin reveals. */
function chainOf(at: readonly number[]): readonly Block[] {
  const blocks: Block[] = [];
  for (const view of at) blocks.push(blockOn(named(blocks.at(-1) ?? blockOn(genesis, 1)), view));
  return blocks;
}

test("A12: a restarted gateway has the same leaders as before, wherever its chain ends", async (t) => {
  const driven = gateway(0);
  const first = blockOn(genesis, 1);
  for (const block of [first, ...chainOf(views(2, 330).filter((view) => view % 7 < 3))]) {
    driven.receive({ kind: "finalized", blocks: [block], finalization: finalizationOf(block) });
    if (block.view % 64 > 12) continue;
    const restarted = await driven.restarted();
    const above = views(block.view + 1, 100);
    t.deepEqual(
      above.map((view) => leaderOf(driven.committee, restarted.state().seeds, view)),
      above.map((view) => leaderOf(driven.committee, driven.state().seeds, view)),
      `after view ${block.view}`,
    );
  }
  t.is(driven.state().delivered.view, 331);
  t.true(driven.state().seeds.length <= 2, "seeds that nobody can ask for any more are forgotten");
});

test("A12: a leader by older knowledge and one by newer are two leaders: neither is accused, and the newer one's proposal counts", (t) => {
  const self = 0;
  const driven = gateway(self);
  const seeded = blockOn(named(last), 64);
  const seeds = [{ view: 64, seed: seeded.seed }];
  const view = views(80, 400).find((one) => {
    const after = leaderOf(driven.committee, seeds, one);
    return after !== leaderAt(one) && after !== self && leaderAt(one) !== self;
  }) as number;
  const later = leaderOf(driven.committee, seeds, view);
  driven.receive(nullification(view - 1));
  const beside = { parent: finalizationOf(seeded) };
  const older = driven.receive(propose(blockOn(named(seeded), view, { 1: 0 }), beside), leaderAt(view));
  const known = driven.state().rounds.get(view)?.proposal;
  t.is(known?.leader, leaderAt(view));
  driven.receive({ kind: "finalized", blocks: [last, seeded], finalization: finalizationOf(seeded) });
  const newer = driven.receive(propose(blockOn(named(seeded), view, { 2: 0 }), beside, later), later);
  t.is(driven.state().rounds.get(view)?.proposal?.leader, later);
  t.false([...older, ...newer].some(({ kind }) => kind === "reject"));
});
