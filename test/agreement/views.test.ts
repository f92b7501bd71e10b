/** A2, A7, A9 to A12: how views are left, blocks become final, and a gateway comes back. */
import test from "ava";
import { wakeAtMs } from "../../ledger/agreement/index.ts";
import { HORIZON_VIEWS } from "../../ledger/agreement/certificates.ts";
import {
  beats,
  blockOn,
  certificate,
  certified,
  finalization,
  finalizationOf,
  finalizedViews,
  gateway,
  genesis,
  named,
  notarization,
  nullification,
  propose,
  sentTo,
  usualSender,
  voteBy,
  votesSigned,
} from "./gateway.ts";
import { blockHash, type Message } from "../../ledger/message/index.ts";

const first = blockOn(genesis, 1, { 1: 0 });
const second = blockOn(named(first), 2, { 2: 0 });
const third = blockOn(named(second), 3, { 3: 0 });

const isCertificate = (message: Message): boolean => message.kind === "certificate";

test("A2: a certificate for the current view or any later one leads into the next, and is relayed once, a moment later", (t) => {
  for (const [message, next] of [
    [nullification(1), 2],
    [notarization(first), 2],
    [nullification(1000), 1001],
    [finalization(third), 4],
  ] as const) {
    const driven = gateway(0);
    const effects = driven.receive(message);
    t.is(driven.state().view, next);
    t.deepEqual(sentTo(effects).filter(isCertificate), []);
    t.deepEqual(sentTo(driven.receive(message)).filter(isCertificate), [], "the second time it is no news");
    t.is(driven.state().view, next);
    const dueMs = wakeAtMs(driven.state()) ?? 0;
    t.true(dueMs > 1000);
    driven.setClock(dueMs);
    const relayed = driven.step({ kind: "wake" }).filter((effect) => effect.kind === "send");
    // Of a Finalization the next f + 1 alone.
    const heirs = next === 4 ? [1, 2] : [1, 2, 3];
    t.deepEqual(
      // What is sent again to all (A6) stands beside it.
      relayed.filter((effect) => isCertificate(effect.message) && effect.to !== "all").map(({ to }) => to),
      [heirs.filter((peer) => peer !== usualSender(driven.committee, message))],
      "to those who have not shown that they have it",
    );
    driven.setClock(dueMs + 1);
    t.deepEqual(sentTo(driven.step({ kind: "wake" })).filter(isCertificate), []);
  }
});

test("A2: nothing is relayed to a peer whose own votes show that it has left the view", (t) => {
  const driven = gateway(0);
  driven.receive(notarization(first));
  driven.receive(voteBy(1, { kind: "finalize", view: 1, hash: blockHash(first) }));
  driven.receive(voteBy(2, { kind: "nullify", view: 2 }), 2);
  driven.setClock(wakeAtMs(driven.state()) ?? 0);
  const relayed = driven.step({ kind: "wake" }).filter((effect) => effect.kind === "send");
  t.deepEqual(
    relayed.filter((effect) => isCertificate(effect.message)).map(({ to }) => to),
    [[3]],
  );
});

test("A2: a certificate for a view that was left changes the view no more and is not relayed", (t) => {
  const driven = gateway(0);
  driven.receive(nullification(5));
  const effects = driven.receive(nullification(2));
  t.is(driven.state().view, 6);
  t.deepEqual(sentTo(effects).filter(isCertificate), []);
});

test("A2: a quorum of votes is as good as their certificate, and one vote too few is nothing", (t) => {
  const driven = gateway(0);
  driven.receive(voteBy(1, { kind: "nullify", view: 1 }));
  driven.receive(voteBy(2, { kind: "nullify", view: 1 }));
  driven.receive(voteBy(2, { kind: "nullify", view: 1 }));
  t.is(driven.state().view, 1);
  driven.receive(voteBy(3, { kind: "nullify", view: 1 }));
  t.is(driven.state().view, 2);
});

test("A2: votes for two blocks of a view do not add up to a Notarization", (t) => {
  const driven = gateway(0);
  const other = blockOn(genesis, 1, { 2: 0 });
  driven.receive(voteBy(1, { kind: "notarize", view: 1, hash: blockHash(first) }));
  driven.receive(voteBy(2, { kind: "notarize", view: 1, hash: blockHash(first) }));
  driven.receive(voteBy(3, { kind: "notarize", view: 1, hash: blockHash(other) }));
  driven.receive(voteBy(2, { kind: "notarize", view: 1, hash: blockHash(other) }));
  t.is(driven.state().view, 1);
});

test("A2: the clocks of a view start anew in the next", (t) => {
  const driven = gateway(0);
  driven.step(certified(2, 0));
  beats(driven, 2);
  t.is(driven.state().clock.beats, 2);
  driven.receive(nullification(1));
  t.is(driven.state().clock.beats, 0);
});

test("A7: a Finalization delivers every undelivered ancestor, oldest first", (t) => {
  const driven = gateway(0);
  driven.receive(propose(first));
  driven.receive(notarization(first));
  driven.receive(propose(second));
  driven.receive(notarization(second));
  t.deepEqual(finalizedViews(driven.receive(propose(third))), [], "a notarized block is not final");
  t.deepEqual(finalizedViews(driven.receive(finalization(third))), [1, 2, 3]);
  t.is(driven.state().delivered.hash, blockHash(third));
  t.is(driven.state().rounds.size, 0, "views at or below W are forgotten");
  t.is(driven.state().blocks.size, 0);
});

test("A7: a Finalization whose blocks are missing raises W at once and delivers when they come", (t) => {
  const driven = gateway(0);
  const effects = driven.receive(finalization(third));
  t.deepEqual(finalizedViews(effects), []);
  t.deepEqual(
    sentTo(effects).filter(({ kind }) => kind === "fetch"),
    [{ kind: "fetch", after: 0 }],
  );
  t.deepEqual(votesSigned(driven.receive(propose(first))), []);
  const late = driven.receive({
    kind: "finalized",
    blocks: [first, second, third],
    finalization: finalizationOf(third),
  });
  t.deepEqual(finalizedViews(late), [1, 2, 3]);
});

test("A7: a chain that does not link, or whose Finalization does not hold, delivers nothing", (t) => {
  const driven = gateway(0);
  driven.receive(finalization(third));
  const unlinked = driven.receive({ kind: "finalized", blocks: [first, third], finalization: finalizationOf(third) });
  const forged = { ...finalizationOf(second), signatures: finalizationOf(second).signatures.slice(1) };
  const weak = driven.receive({ kind: "finalized", blocks: [first, second], finalization: forged });
  t.deepEqual(finalizedViews([...unlinked, ...weak]), []);
  t.is(weak[0]?.kind, "reject");
  t.is(driven.state().delivered.view, 0);
});

test("A9: after a restart stored votes and the stored proposal are sent again verbatim, and no others", async (t) => {
  const leader = gateway(1);
  const sent = sentTo(leader.step(certified(2, 0)));
  const again = await leader.restarted();
  t.deepEqual(votesSigned(again.step(certified(3, 0))), [], "the very same view, with something else to propose");
  const repeated = sentTo(again.step({ kind: "linkUp", peer: 2 }));
  for (const message of sent) t.true(repeated.some((other) => JSON.stringify(other) === JSON.stringify(message)));
  t.is(repeated.filter(({ kind }) => kind === "propose").length, 1);
});

test("A9: a restarted gateway never votes for a second block in a view", async (t) => {
  const voter = gateway(0);
  voter.receive(propose(first));
  const again = await voter.restarted();
  t.deepEqual(votesSigned(again.receive(propose(blockOn(genesis, 1, { 2: 0 })))), []);
  t.deepEqual(votesSigned(again.receive(notarization(first))), ["finalize 1"]);
});

test("A9: a gateway restarted between a Notarization and its finality knows both, and sends the same Finalize", async (t) => {
  const voter = gateway(0);
  voter.receive(propose(first));
  voter.receive(notarization(first));
  const again = await voter.restarted();
  t.is(again.state().view, 2);
  const votes = sentTo(again.step({ kind: "linkUp", peer: 1 })).filter(({ kind }) => kind === "vote");
  t.deepEqual(votes, [voteBy(0, { kind: "finalize", view: 1, hash: blockHash(first) })]);
  t.deepEqual(finalizedViews(again.receive(finalization(first))), [1]);
});

test("A9: W survives a restart, with and without the blocks", async (t) => {
  const driven = gateway(0);
  driven.receive(finalization(third));
  const again = await driven.restarted();
  t.is(again.state().view, 4);
  t.deepEqual(votesSigned(again.receive(propose(first))), []);
  again.receive({ kind: "finalized", blocks: [first, second, third], finalization: finalizationOf(third) });
  const last = await again.restarted();
  t.is(last.state().delivered.view, 3);
  t.is(last.state().delivered.hash, blockHash(third));
});

test("A10: a vote for a view left long ago is answered with the certificate that left it, not more often than patience allows", (t) => {
  const driven = gateway(0);
  driven.receive(nullification(1));
  const vote = voteBy(1, { kind: "notarize", view: 1, hash: blockHash(first) });
  t.deepEqual(sentTo(driven.receive(vote)).filter(isCertificate), [], "it crossed the certificate on the way");
  driven.setClock(5000);
  const late = voteBy(2, { kind: "notarize", view: 1, hash: blockHash(first) });
  t.deepEqual(driven.receive(late, 2), [{ kind: "send", to: 2, message: nullification(1) }]);
  t.deepEqual(driven.receive(late, 2), [], "asked again at once");
});

test("A10: votes are kept for at most 64 views ahead, one of a kind from each gateway, and no proposals", (t) => {
  const driven = gateway(0);
  for (let view = 1; view < 1000; view += 1) {
    driven.receive(voteBy(1, { kind: "nullify", view }));
    driven.receive(voteBy(1, { kind: "notarize", view, hash: blockHash(first) }));
    driven.receive(voteBy(1, { kind: "notarize", view, hash: blockHash(second) }));
    driven.receive(propose(blockOn(genesis, view, { 1: 0 })));
  }
  const { rounds, blocks } = driven.state();
  t.is(Math.max(...rounds.keys()), 1 + HORIZON_VIEWS);
  for (const { votes } of rounds.values())
    t.true(Object.keys(votes.notarize).length <= 2 && Object.keys(votes.nullify).length <= 1);
  t.true(blocks.size <= 1);
});

test("A10: a block that nothing names is not kept", (t) => {
  const driven = gateway(0);
  driven.receive({ kind: "block", block: second });
  t.is(driven.state().blocks.size, 0);
  driven.receive(notarization(second));
  driven.receive({ kind: "block", block: second });
  t.is(driven.state().blocks.size, 1);
});

test("A10: a Fetch is answered with what leads on from there: the finalized chain, then certificates and blocks", (t) => {
  const driven = gateway(0);
  driven.receive(propose(first));
  driven.receive(finalization(first));
  driven.receive(propose(second));
  driven.receive(notarization(second));
  const effects = driven.receive({ kind: "fetch", after: 0 }, 3);
  t.deepEqual(effects[0], { kind: "serveFinalized", to: 3, after: 0 });
  t.deepEqual(
    sentTo(effects).map(({ kind }) => kind),
    ["certificate", "block"],
  );
});

test("A2: a certificate with a bad, strange or repeated signature is rejected and leads nowhere", (t) => {
  const driven = gateway(0);
  for (const voters of [
    [1, 2],
    [1, 2, 2],
  ]) {
    const effects = driven.receive(certificate({ kind: "nullify", view: 1 }, voters));
    t.is(effects[0]?.kind, "reject");
  }
  t.is(driven.state().view, 1);
});
