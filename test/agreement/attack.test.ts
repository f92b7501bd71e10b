/** The known traps: leaders that lie, networks that split, disks that remember the wrong thing. Four gateways, one of them bad. */
import test from "ava";
import { hashOfText } from "../committee/fake.ts";
import {
  blockOn,
  certified,
  finalization,
  gateway,
  genesis,
  leaderAt,
  named,
  notarization,
  nullification,
  propose,
  tipOf,
  voteBy,
  votesSigned,
} from "./gateway.ts";
import { type Letter, makeSite, type Site } from "./site.ts";
import { type Block, blockHash } from "../../ledger/message/index.ts";

/** Lets the clocks ring until every honest gateway has delivered something, as often as a patient reader would. */
function goOn(site: Site, passes?: (letter: Letter) => boolean): void {
  for (let round = 0; round < 100; round += 1) {
    site.wait(2000);
    site.deliver(passes);
  }
}

function certifyEverywhere(site: Site, lane: number, number: number): void {
  for (const index of site.gateways.keys()) site.input(index, certified(lane, number));
}

/** All honest logs are the same, and end with the given lane's tip. */
function agreed(site: Site, honest: readonly number[], lane: number, number: number): readonly string[] {
  const [reference = [], ...others] = honest.map((index) => site.logs[index] ?? []);
  const same = others.every((log) => JSON.stringify(log) === JSON.stringify(reference));
  const ended = honest.every((index) => site.gateways[index]?.state().delivered.tips[lane]?.number === number);
  return [same ? "same" : "different", ended ? "final" : "not final"];
}

test("an honest site finalizes one block and then rests", (t) => {
  const site = makeSite();
  certifyEverywhere(site, 2, 0);
  site.deliver();
  t.deepEqual(agreed(site, [0, 1, 2, 3], 2, 0), ["same", "final"]);
  t.is(site.logs[0]?.length, 1);
});

test("a leader that stalls costs a view and nothing else", (t) => {
  const site = makeSite([1]);
  certifyEverywhere(site, 2, 0);
  goOn(site);
  t.deepEqual(agreed(site, [0, 2, 3], 2, 0), ["same", "final"]);
});

test("a leader that equivocates cannot have two blocks notarized, and is found out when the halves talk", (t) => {
  const site = makeSite([1]);
  const one = blockOn(genesis, 1, { 1: 0 });
  const other = blockOn(genesis, 1, { 2: 0 });
  for (const to of [0, 2]) site.post({ from: 1, to, message: propose(one) });
  site.post({ from: 1, to: 3, message: propose(other) });
  for (const to of [0, 2, 3]) {
    for (const block of [one, other])
      site.post({ from: 1, to, message: voteBy(1, { kind: "notarize", view: 1, hash: blockHash(block) }) });
  }
  site.deliver();
  certifyEverywhere(site, 3, 0);
  goOn(site);
  t.deepEqual(agreed(site, [0, 2, 3], 3, 0), ["same", "final"]);
  const notarized = site.effects.flatMap((effect) =>
    effect.kind === "send" && effect.message.kind === "certificate" ? [effect.message.certificate.vote] : [],
  );
  const hashes = notarized.flatMap((vote) => (vote.kind === "notarize" && vote.view === 1 ? [vote.hash] : []));
  t.true(new Set(hashes).size <= 1);
});

test("a leader that sends its proposal to some, and withholds the rest, cannot stop the others", (t) => {
  for (const told of [[0], [0, 2]]) {
    const site = makeSite([1]);
    for (const to of told) site.post({ from: 1, to, message: propose(blockOn(genesis, 1, { 1: 0 })) });
    certifyEverywhere(site, 3, 0);
    goOn(site);
    t.deepEqual(agreed(site, [0, 2, 3], 3, 0), ["same", "final"]);
  }
});

test("a leader that proposes a block without its parent or its certificates is passed over", (t) => {
  const site = makeSite([1]);
  const nowhere = blockOn({ ...genesis, hash: hashOfText("nobody's block") }, 1, { 1: 0 });
  for (const to of [0, 2, 3]) site.post({ from: 1, to, message: propose(nowhere) });
  certifyEverywhere(site, 3, 0);
  goOn(site);
  t.deepEqual(agreed(site, [0, 2, 3], 3, 0), ["same", "final"]);
});

test("certificates split between two halves: some saw view 1 notarized, others nullified, and all end with one log", (t) => {
  const site = makeSite([1]);
  const block = blockOn(genesis, 1, { 1: 0 });
  for (const to of [0, 2, 3]) site.input(to, { kind: "message", from: 1, message: propose(block) });
  // The honest three time out as well; the bad fourth completes whichever certificate it likes for whom it likes.
  for (const index of [0, 2, 3]) site.gateways[index]?.setClock(50_000);
  for (const index of [0, 2, 3]) site.input(index, { kind: "wake" });
  site.deliver(() => false);
  site.input(0, { kind: "message", from: 1, message: notarization(block) });
  for (const to of [2, 3]) site.input(to, { kind: "message", from: 1, message: nullification(1) });
  site.deliver(() => false);
  t.deepEqual(
    [0, 2, 3].map((index) => site.gateways[index]?.state().view),
    [2, 2, 2],
  );
  certifyEverywhere(site, 3, 0);
  goOn(site);
  t.deepEqual(agreed(site, [0, 2, 3], 3, 0), ["same", "final"]);
});

test("a site split into halves finalizes nothing, and everything when it heals", (t) => {
  const site = makeSite();
  certifyEverywhere(site, 2, 0);
  const sameHalf = ({ from, to }: Letter) => from % 2 === to % 2;
  goOn(site, sameHalf);
  t.true(site.logs.every((log) => log.length === 0));
  goOn(site);
  t.deepEqual(agreed(site, [0, 1, 2, 3], 2, 0), ["same", "final"]);
});

test("A9: a power cut of the whole site between vote and send loses nothing: the restarted gateways finalize the same block", async (t) => {
  const site = makeSite();
  certifyEverywhere(site, 2, 0);
  const proposal = site.effects.find((effect) => effect.kind === "send" && effect.message.kind === "propose");
  if (proposal?.kind !== "send" || proposal.message.kind !== "propose") return t.fail();
  const { block } = proposal.message.proposal;
  // The proposal reaches everybody; the votes are on disk everywhere and nothing else leaves.
  site.deliver(({ message }) => message.kind === "propose");
  for (const [index, driven] of site.gateways.entries()) site.gateways[index] = await driven.restarted();
  for (const driven of site.gateways) t.is(driven.state().rounds.get(1)?.sent.notarize?.vote.kind, "notarize");
  for (const index of site.gateways.keys()) {
    for (let peer = 0; peer < 4; peer += 1) if (peer !== index) site.input(index, { kind: "linkUp", peer });
  }
  site.deliver();
  t.deepEqual(agreed(site, [0, 1, 2, 3], 2, 0), ["same", "final"]);
  t.is(site.logs[0]?.[0], `1 ${blockHash(block)}`);
});

test("A9: one gateway restored from an old disk image may vote twice, but it is one of f: the others stay agreed and keep the proof", (t) => {
  const site = makeSite([1]);
  const block = blockOn(genesis, 1, { 1: 0 });
  for (const to of [0, 2, 3]) site.post({ from: 1, to, message: propose(block) });
  site.deliver();
  // Gateway 2 comes back without the record of its vote, and is offered another block of the same view.
  site.gateways[2] = gateway(2);
  const other = blockOn(genesis, 1, { 2: 0 });
  const twice = site.gateways[2].receive(propose(other), 1);
  t.deepEqual(
    votesSigned(twice),
    ["notarize 1"],
    "nothing in this gateway can know: the operator must give it a new key",
  );
  for (const effect of twice) {
    if (effect.kind === "send") for (const to of [0, 3]) site.post({ from: 2, to, message: effect.message });
  }
  site.deliver();
  for (const to of [0, 3]) site.post({ from: 1, to, message: finalization(block) });
  site.deliver();
  t.deepEqual(site.logs[0], [`1 ${blockHash(block)}`]);
  t.deepEqual(site.logs[3], site.logs[0]);
});

test("A10: of two different votes of one kind in a view the first counts, and the second changes nothing", (t) => {
  const watcher = gateway(0);
  const [one, other] = [hashOfText("one"), hashOfText("other")];
  for (const kind of ["notarize", "finalize"] as const) {
    watcher.receive(voteBy(2, { kind, view: 1, hash: one }));
    const before = watcher.state();
    t.deepEqual(watcher.receive(voteBy(2, { kind, view: 1, hash: other })), []);
    t.deepEqual(watcher.state(), before);
  }
});

test("A10: blocks that one bad leader chains below its proposal stay bounded", (t) => {
  const victim = gateway(0);
  const chain: Block[] = [];
  let parent: Parameters<typeof blockOn>[0] = { ...genesis, hash: hashOfText("bottom") };
  for (let depth = 0; depth < 1000; depth += 1) {
    const block = blockOn(parent, 1_000_000);
    chain.push(block);
    parent = named(block);
  }
  victim.receive(propose(blockOn(parent, 1, { 1: 0 })), leaderAt(1));
  for (const block of chain.toReversed()) victim.receive({ kind: "block", block }, 1);
  t.true(victim.state().blocks.size <= 200);
});

test("A4, A10: however much is certified or vouched for while nothing becomes final, 1,024 hashes of a lane are kept, and the newest is known", (t) => {
  const voter = gateway(0);
  for (let number = 0; number < 3000; number += 1) voter.step({ kind: "vouched", lane: 1, ...tipOf(1, number) });
  for (let number = 3000; number < 3100; number += 1) voter.step(certified(1, number));
  t.is(voter.state().certified[1]?.hashes.size, 1024);
  const newest = propose(blockOn(genesis, 1, { 1: 3099 }), { laneCertificates: [] });
  t.deepEqual(votesSigned(voter.receive(newest)), ["notarize 1"]);
});

test("A4: a lane's bundle that is no longer remembered is voted for with its certificate", (t) => {
  const voter = gateway(0);
  for (let number = 0; number < 1100; number += 1) voter.step({ kind: "vouched", lane: 1, ...tipOf(1, number) });
  t.deepEqual(votesSigned(voter.receive(propose(blockOn(genesis, 1, { 1: 0 })))), ["notarize 1"]);
});

test("A4: a bad peer that strips an honest leader's proposal of its certificates cannot make others nullify it", (t) => {
  const voter = gateway(0);
  const block = blockOn(genesis, 1, { 1: 0 });
  const effects = voter.receive(propose(block, { laneCertificates: [] }), 3);
  t.deepEqual(votesSigned(effects), []);
  t.deepEqual(votesSigned(voter.receive(propose(block), 1)), ["notarize 1"]);
});
