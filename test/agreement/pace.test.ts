/** A11, A6: the clock of a view, and how a gateway learns how long views take. What it achieves is measured in `test/sim/pace.test.ts`. */
import test from "ava";
import { wakeAtMs } from "../../ledger/agreement/index.ts";
import { INITIAL_PACE, patienceMs } from "../../ledger/agreement/pace.ts";
import {
  beats,
  blockOn,
  certified,
  type Driven,
  finalization,
  gateway,
  genesis,
  laneCertificateOf,
  leaderAt,
  named,
  notarization,
  notarizationOf,
  nullification,
  propose,
  sentTo,
  votesSigned,
} from "./gateway.ts";

const first = blockOn(genesis, 1, { 1: 0 });
const paceOf = (meanMs: number, sigmaMs: number, nullified = 0) => ({
  measured: { meanMs, varianceMs2: sigmaMs ** 2 },
  nullified,
});

/** Runs `views` views, each as long as `tookMs` says of it, and gives the patience after the last. */
function patienceAfter(views: number, tookMs: (view: number, patience: number) => number): number {
  const driven = gateway(0);
  let nowMs = 1000;
  let parent = genesis as Parameters<typeof blockOn>[0];
  for (let view = 1; view <= views; view += 1) {
    const block = blockOn(parent, view, { 1: view });
    driven.step(certified(1, view));
    nowMs += tookMs(view, patienceMs(driven.state().pace));
    driven.setClock(nowMs);
    driven.receive({ kind: "block", block });
    driven.receive(notarization(block));
    driven.receive({ kind: "finalized", blocks: [block], finalization: certificateFor(block) });
    parent = named(block);
  }
  return patienceMs(driven.state().pace);
}

function certificateFor(block: Parameters<typeof finalization>[0]) {
  const message = finalization(block);
  if (message.kind !== "certificate") throw new Error("no certificate");
  return message.certificate;
}

test("A11: patience is the mean and three sigma, never below 15 ms nor above 20 s, doubles with each nullified view and is halved by each finalization", (t) => {
  t.is(patienceMs(paceOf(100, 10)), 130);
  t.is(patienceMs(paceOf(1, 0)), 15);
  t.is(patienceMs(paceOf(100, 0, 3)), 800);
  t.is(patienceMs(paceOf(1e6, 0)), 20_000);
  const driven = gateway(0);
  driven.step(certified(1, 0));
  driven.setClock(1100);
  driven.receive(propose(first));
  driven.receive(notarization(first));
  const before = patienceMs(driven.state().pace);
  driven.receive(nullification(2));
  t.is(patienceMs(driven.state().pace), 2 * before);
  driven.receive(nullification(3));
  t.is(patienceMs(driven.state().pace), 4 * before);
  driven.receive(finalization(first));
  t.is(patienceMs(driven.state().pace), 2 * before);
});

test("A11: everybody learns from every view, from when something waits here until it is notarized; a nullified one teaches nothing", (t) => {
  const driven = gateway(0);
  driven.setClock(5000);
  driven.step(certified(1, 0));
  driven.setClock(5700);
  driven.receive(notarization(first));
  t.deepEqual(driven.state().pace.measured, { meanMs: 700, varianceMs2: 350 ** 2 });
  driven.setClock(90_000);
  driven.receive(nullification(2));
  t.is(driven.state().pace.measured?.meanMs, 700);
});

test("A11: a gateway that gave a view up which was notarized all the same doubles its patience, as its Finalize is lost (A5)", (t) => {
  const driven = gateway(0);
  driven.receive(propose(first));
  driven.setClock(1100);
  driven.receive(notarization(first));
  const second = blockOn(named(first), 2, { 1: 1 });
  driven.receive(propose(second, { parent: notarizationOf(first) }));
  beats(driven, 5);
  t.not(driven.state().rounds.get(2)?.sent.nullify ?? null, null);
  driven.receive(notarization(second));
  t.is(driven.state().view, 3);
  t.is(driven.state().pace.nullified, 1);
  t.is(driven.state().viewsNullified, 0, "the view itself was not lost");
  const third = blockOn(named(second), 3, { 1: 2 });
  driven.receive(propose(third, { parent: notarizationOf(second) }));
  driven.receive(notarization(third));
  t.is(driven.state().pace.nullified, 1, "a view that it waited for doubles nothing");
});

test("A11: what was doubled before the first sample was a guess, and is forgotten with it", (t) => {
  const driven = gateway(0);
  for (const view of [1, 2, 3]) driven.receive(nullification(view));
  t.is(driven.state().pace.nullified, 3);
  const fourth = blockOn(genesis, 4, { 1: 0 });
  driven.step(certified(1, 0));
  driven.setClock(1900);
  driven.receive(notarization(fourth));
  t.deepEqual(driven.state().pace, { measured: { meanMs: 900, varianceMs2: 450 ** 2 }, nullified: 0 });
});

test("A5, A11: where every gateway is needed and all begin far too impatient, something becomes final before the sixth view ends", (t) => {
  const driven = gateway(0);
  let nowMs = 1000;
  let above: ReturnType<typeof blockOn> | null = null;
  const gaveUp: boolean[] = [];
  for (let view = 1; view <= 6; view += 1) {
    const block: ReturnType<typeof blockOn> = blockOn(above === null ? genesis : named(above), view, { 1: view });
    driven.step(certified(1, view));
    driven.receive(propose(block, above === null ? {} : { parent: notarizationOf(above) }));
    const endMs = nowMs + 4000;
    for (let at = wakeAtMs(driven.state()); at !== null && at < endMs; at = wakeAtMs(driven.state())) {
      driven.setClock(at);
      driven.step({ kind: "wake" });
    }
    driven.setClock(endMs);
    nowMs = endMs;
    gaveUp.push((driven.state().rounds.get(view)?.sent.nullify ?? null) !== null);
    driven.receive(notarization(block));
    above = block;
  }
  t.is(gaveUp[0], true);
  t.true(gaveUp.includes(false), JSON.stringify(gaveUp));
});

test("A11: views that seem to take no time at first do not make a gateway impatient for ever", (t) => {
  t.is(
    patienceAfter(1, () => 0),
    150,
  );
  const later = patienceAfter(160, (view) => (view < 80 ? 0 : 700));
  t.true(later > 700, `${later}`);
});

test("A11: a first view that this gateway gave up is no measure, as it may hold an outage", (t) => {
  const driven = gateway(0);
  driven.receive(propose(first));
  beats(driven, 5);
  driven.setClock(60_000);
  driven.receive(notarization(first));
  t.is(driven.state().pace.measured, null);
});

test("A11: patience follows the network from 2 ms to 2 s and back", (t) => {
  t.is(
    patienceAfter(100, () => 2),
    15,
  );
  const slow = patienceAfter(100, () => 2000);
  t.true(slow > 2000 && slow < 2200, `${slow}`);
  const slower = patienceAfter(160, (view) => (view < 80 ? 2 : 2000));
  t.true(slower > 2000, `${slower}`);
  const faster = patienceAfter(160, (view) => (view < 80 ? 2000 : 2));
  t.true(faster < 60, `${faster}`);
});

test("A11: one leader in four that is slow on purpose, just under the timers, cannot stretch patience without end", (t) => {
  const attacked = patienceAfter(400, (view, patience) => (view % 4 === 0 ? 4.9 * patience : 20));
  t.true(attacked < 6 * 20, `${attacked}`);
});

test("A11: the clock runs while something certified is not final, and stops when all is final", (t) => {
  const driven = gateway(0);
  t.is(wakeAtMs(driven.state()), null);
  driven.step(certified(1, 0));
  t.not(driven.state().clock.beatMs, null);
  driven.receive(propose(first));
  driven.receive(finalization(first));
  t.is(driven.state().clock.beatMs, null);
  driven.setClock(wakeAtMs(driven.state()) ?? 0);
  driven.step({ kind: "wake" });
  t.is(wakeAtMs(driven.state()), null, "nothing is left but to pass the finalization on (A2)");
});

test("A6, A11: beats come 1, 2, 3, 5, 8 times D after the start; without a proposal the view is given up at the third, with one at the fifth", (t) => {
  const patience = patienceMs(INITIAL_PACE);
  for (const [proposed, givenUp] of [
    [false, 3],
    [true, 5],
  ] as const) {
    const driven = gateway(0);
    if (proposed) driven.receive(propose(first));
    else driven.step(certified(1, 0));
    for (const after of [1, 2, 3, 5, 8]) {
      t.is(wakeAtMs(driven.state()), 1000 + after * patience);
      const votes = votesSigned(beats(driven, 1));
      t.deepEqual(votes, after === givenUp ? ["nullify 1"] : [], `${after} D`);
    }
  }
});

test("A6: the clock of a view that stays open goes on beating at least once a second, or D when that is longer", (t) => {
  const driven = gateway(0);
  driven.step(certified(1, 0));
  beats(driven, 12);
  const { beatMs } = driven.state().clock;
  t.true(sentTo(beats(driven, 1)).length > 0);
  t.is((driven.state().clock.beatMs ?? 0) - (beatMs ?? 0), 1000);
});

test("A11: a gateway that slept for long has not waited meanwhile: it gives the view up no sooner than after as many beats as ever", (t) => {
  const driven = gateway(0);
  driven.step(certified(1, 0));
  driven.setClock(1e6);
  t.deepEqual(votesSigned(driven.step({ kind: "wake" })), []);
  t.deepEqual(votesSigned(driven.step({ kind: "wake" })), []);
  t.is(wakeAtMs(driven.state()), 1e6 + patienceMs(INITIAL_PACE));
});

const offersOf = (driven: Driven) => beats(driven, 1).filter((effect) => effect.kind === "offer");

test("A6: a leader that may not know what is certified is told at the first beat, and not when it has proposed", (t) => {
  const driven = gateway(0);
  driven.step(certified(2, 3));
  t.deepEqual(offersOf(driven), [{ kind: "offer", to: leaderAt(1), certificate: laneCertificateOf(2, 3) }]);
  driven.receive(propose(first));
  t.deepEqual(offersOf(driven), []);
});

test("A6: what is final already is told to no leader", (t) => {
  const driven = gateway(0);
  driven.step(certified(1, 0));
  driven.receive(propose(first));
  driven.receive(finalization(first));
  driven.receive(propose(blockOn(named(first), 2, { 3: 0 }), { parent: notarizationOf(first) }));
  driven.step(certified(3, 1));
  driven.receive(nullification(2));
  t.deepEqual(offersOf(driven), [{ kind: "offer", to: leaderAt(3), certificate: laneCertificateOf(3, 1) }]);
});
