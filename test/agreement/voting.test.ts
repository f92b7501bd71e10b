/** A3 to A6 and A8: what a gateway proposes and what it signs. Gateway 0 of four is watched; gateway v mod 4 leads view v. */
import test from "ava";
import { wakeAtMs } from "../../ledger/agreement/index.ts";
import { castVote } from "../../ledger/agreement/certificates.ts";
import { openMessage, sealMessage } from "../../ledger/replica/wire.ts";
import { hashOfText } from "../committee/fake.ts";
import {
  beats,
  blockOn,
  certificateOf,
  certified,
  type Driven,
  finalization,
  gateway,
  genesis,
  laneCertificateOf,
  named,
  notarization,
  notarizationOf,
  nullification,
  nullificationOf,
  proposalsSent,
  propose,
  sentTo,
  tipOf,
  voteBy,
  votesSigned,
} from "./gateway.ts";
import { blockHash } from "../../ledger/message/index.ts";

const first = blockOn(genesis, 1, { 1: 0 });

/** The clock of the view has run out, for a view with or without a proposal. */
const timedOut = (driven: Driven) => beats(driven, 5);

test("A3: a leader with nothing to order keeps silent and its clocks stand still", (t) => {
  const leader = gateway(1);
  t.deepEqual(leader.step({ kind: "wake" }), []);
  t.is(wakeAtMs(leader.state()), null);
});

test("A3: a leader proposes as soon as a lane has advanced, once a view", (t) => {
  const leader = gateway(1);
  const [proposal, ...others] = proposalsSent(leader.step(certified(2, 0)));
  t.deepEqual(others, []);
  t.is(proposal?.block.parent, genesis.hash);
  t.deepEqual(proposal?.block.tips[2], tipOf(2, 0));
  t.deepEqual(proposal?.laneCertificates, [laneCertificateOf(2, 0)]);
  t.deepEqual(proposalsSent(leader.step(certified(3, 0))), [], "no second proposal, whatever becomes known");
});

test("A3: the parent is the highest notarized view below which nothing but nullified views lie, and their certificates are attached", (t) => {
  const leader = gateway(0);
  leader.receive(propose(first));
  leader.receive(notarization(first));
  leader.receive(nullification(2));
  leader.step(certified(3, 0));
  t.deepEqual(proposalsSent(leader.receive(nullification(3))), [], "two blocks are at least 20 ms apart");
  leader.setClock(1000 + 20);
  const [proposal] = proposalsSent(leader.step({ kind: "wake" }));
  t.is(proposal?.block.parent, blockHash(first));
  t.deepEqual(proposal?.parent, notarizationOf(first));
  t.deepEqual(
    proposal?.nullifications.map(({ vote }) => vote),
    [
      { kind: "nullify", view: 3 },
      { kind: "nullify", view: 2 },
    ],
  );
});

test("A3: after thousands of views that were given up a proposal is still a message, with the newest Nullifications, and is notarized by those who saw the others", (t) => {
  const [leader, voter] = [gateway(0), gateway(2)];
  for (let view = 1; view < 4200; view += 1) for (const each of [leader, voter]) each.receive(nullification(view));
  leader.step(certified(3, 0));
  leader.setClock(2000);
  const message = sentTo(leader.step({ kind: "wake" })).find(({ kind }) => kind === "propose");
  if (message?.kind !== "propose") return t.fail();
  const bytes = sealMessage({ layer: "agreement", message }, 0);
  t.true(bytes.length < 1024 * 1024);
  t.is(openMessage(bytes).kind, "accept");
  t.true(message.proposal.nullifications.length > 3000);
  t.is(message.proposal.nullifications[0]?.vote.view, 4199);
  t.deepEqual(votesSigned(voter.receive(message, 0)), ["notarize 4200"]);
});

test("A3: a leader who lacks the Nullification of a skipped view does not propose, and asks for it", (t) => {
  const leader = gateway(0);
  leader.receive(propose(first));
  leader.receive(notarization(first));
  leader.step(certified(3, 0));
  const effects = leader.receive(nullification(3));
  t.deepEqual(proposalsSent(effects), []);
  t.true(sentTo(effects).some(({ kind }) => kind === "fetch"));
  leader.setClock(1000 + 20);
  t.is(proposalsSent(leader.receive(nullification(2))).length, 1);
});

test("A3: a block that is notarized but not final is carried to finality by an empty one at the first beat, long before anybody gives the view up", (t) => {
  const leader = gateway(2);
  leader.receive(propose(first));
  t.deepEqual(proposalsSent(leader.receive(notarization(first))), [], "at first somebody may finalize it");
  const [proposal] = proposalsSent(beats(leader, 1));
  t.is(proposal?.block.parent, blockHash(first));
  t.deepEqual(proposal?.block.tips, first.tips);
});

test("A4: a gateway notarizes the first valid proposal of the view's leader, once", (t) => {
  const voter = gateway(0);
  t.deepEqual(votesSigned(voter.receive(propose(first))), ["notarize 1"]);
  t.deepEqual(votesSigned(voter.receive(propose(first))), []);
});

test("A4: an equivocating leader gets one vote", (t) => {
  const voter = gateway(0);
  voter.receive(propose(first));
  const effects = voter.receive(propose(blockOn(genesis, 1, { 2: 0 })));
  t.deepEqual(votesSigned(effects), []);
});

test("A4: a proposal that the leader did not sign is rejected and counts for nothing", (t) => {
  const voter = gateway(0);
  const stolen = propose(blockOn(genesis, 1, { 1: 0 }));
  if (stolen.kind !== "propose") return t.fail();
  const forged = {
    ...stolen,
    proposal: { ...stolen.proposal, signature: stolen.proposal.signature.map((byte) => byte ^ 1) },
  };
  const effects = voter.receive(forged);
  t.deepEqual(votesSigned(effects), []);
  t.is(effects[0]?.kind, "reject");
  t.deepEqual(votesSigned(voter.receive(stolen)), ["notarize 1"]);
});

test("A4, A10: a proposal for a later view brings the certificates that lead there, and is rejected without them", (t) => {
  const voter = gateway(0);
  const later = blockOn(genesis, 2, { 1: 0 });
  t.deepEqual(votesSigned(voter.receive(propose(later, { nullifications: [] }))), []);
  t.is(voter.state().rounds.get(2)?.proposal ?? null, null, "it is not kept");
  t.deepEqual(votesSigned(voter.receive(propose(later, { nullifications: [nullificationOf(1)] }))), ["notarize 2"]);
});

test("A4, A10: of what a proposal brings along, nothing is read behind the first certificate that does not hold", (t) => {
  const voter = gateway(0);
  const forged = (view: number) => certificateOf({ kind: "nullify", view }, [1, 2, 2]);
  const nullifications = Array.from({ length: 1000 }, (_, below) => forged(1001 - below));
  const effects = voter.receive(propose(blockOn(genesis, 1001, { 1: 0 }), { nullifications }));
  t.deepEqual(
    effects.map(({ kind }) => kind),
    ["reject"],
  );
  t.is(voter.state().rounds.size, 0, "it is not kept");
});

test("A4: no view is skipped without its Nullification, even when its Notarization led out of it", (t) => {
  const voter = gateway(0);
  voter.receive(propose(first));
  voter.receive(notarization(first));
  const skipping = blockOn(genesis, 2, { 2: 0 });
  t.deepEqual(votesSigned(voter.receive(propose(skipping))), [], "view 1 is notarized and not known to be nullified");
  t.deepEqual(votesSigned(voter.receive(nullification(1))), ["notarize 2"], "a view may have both certificates");
});

test("A4: in a view with both certificates a block on the notarized one is as good as one that skips it", (t) => {
  const voter = gateway(0);
  voter.receive(propose(first));
  voter.receive(nullification(1));
  voter.receive(notarization(first));
  t.deepEqual(votesSigned(voter.receive(propose(blockOn(named(first), 2, { 2: 0 })))), ["notarize 2"]);
});

test("A4: a block on a parent that is known but not notarized is not voted for until it is", (t) => {
  const voter = gateway(0);
  voter.receive(propose(first));
  voter.receive(nullification(1));
  const child = blockOn(named(first), 2, { 2: 0 });
  t.deepEqual(votesSigned(voter.receive(propose(child))), []);
  t.deepEqual(votesSigned(voter.receive(notarization(first))), ["finalize 1", "notarize 2"]);
});

test("A4: no Notarize follows a Nullify in the same view", (t) => {
  const voter = gateway(0);
  voter.step(certified(2, 0));
  t.deepEqual(votesSigned(timedOut(voter)), ["nullify 1"]);
  t.deepEqual(votesSigned(voter.receive(propose(first))), []);
});

const two = blockOn(genesis, 1, { 1: 5 });
for (const [what, block, beside] of [
  ["of another configuration", { ...first, configHash: hashOfText("another site") }, {}],
  ["with a lane too few", { ...first, tips: first.tips.slice(1) }, { laneCertificates: [] }],
  ["whose lane advances without a certificate", first, { laneCertificates: [] }],
  ["with the certificate of another bundle", first, { laneCertificates: [laneCertificateOf(1, 3)] }],
  [
    "with a certificate of too few",
    first,
    { laneCertificates: [{ ...laneCertificateOf(1, 0), acks: laneCertificateOf(1, 0).acks.slice(1) }] },
  ],
  ["whose parent is not of an earlier view", { ...first, view: 1, parent: blockHash(two) }, {}],
] as const) {
  test(`A4: a proposal ${what} is answered with Nullify or silence, never with Notarize`, (t) => {
    const voter = gateway(0);
    t.false(votesSigned(voter.receive(propose(block, beside))).includes("notarize 1"));
  });
}

test("A4: no lane goes backwards and no lane changes a bundle", (t) => {
  for (const tip of [tipOf(1, 3), { number: 5, hash: hashOfText("another bundle 5") }]) {
    const voter = gateway(0);
    voter.receive(propose(two));
    voter.receive(notarization(two));
    const back = { ...blockOn(named(two), 2), tips: two.tips.map((same, lane) => (lane === 1 ? tip : same)) };
    t.deepEqual(votesSigned(voter.receive(propose(back))), ["nullify 2"]);
  }
});

test("A4: a checkpoint that contradicts what this gateway executed is not voted for", (t) => {
  const executed = { kind: "executed", size: 7, root: hashOfText("own root") } as const;
  const withRoot = (root: string) => propose({ ...first, checkpoint: { size: 7, root } });
  const [voter, other] = [gateway(0), gateway(0)];
  voter.step(executed);
  t.deepEqual(votesSigned(voter.receive(withRoot(hashOfText("another root")))), ["nullify 1"]);
  other.step(executed);
  t.deepEqual(votesSigned(other.receive(withRoot(hashOfText("own root")))), ["notarize 1"]);
});

test("A5: a Notarization leads into the next view and gets a Finalize from those who never sent Nullify", (t) => {
  const voter = gateway(0);
  voter.receive(propose(first));
  t.deepEqual(votesSigned(voter.receive(notarization(first))), ["finalize 1"]);
  t.is(voter.state().view, 2);
});

test("A5: who sent Nullify enters the next view on a Notarization, without a Finalize", (t) => {
  const voter = gateway(0);
  voter.receive(propose(first));
  t.deepEqual(votesSigned(timedOut(voter)), ["nullify 1"], "A6: a prior Notarize does not block it");
  t.deepEqual(votesSigned(voter.receive(notarization(first))), []);
  t.is(voter.state().view, 2);
});

test("A5: the record of a Nullify outlives its view: a Notarization that comes many views and a restart later gets no Finalize", async (t) => {
  let voter = gateway(0);
  voter.receive(propose(first));
  timedOut(voter);
  for (let view = 1; view <= 80; view += 1) voter.receive(nullification(view));
  t.is(voter.state().view, 81);
  voter = await voter.restarted();
  t.is(voter.state().view, 81);
  t.false(votesSigned(voter.receive(notarization(first))).includes("finalize 1"));
  t.is(voter.state().rounds.get(1)?.notarization?.vote.kind, "notarize", "it was taken in, and not signed on");
});

test("A6: a leader that stalls is timed out, and the Nullify is sent once", (t) => {
  const voter = gateway(0);
  voter.step(certified(2, 0));
  t.deepEqual(votesSigned(timedOut(voter)), ["nullify 1"]);
  t.deepEqual(votesSigned(timedOut(voter)), []);
});

test("A6: an invalid proposal is nullified at once and its leader is blamed", (t) => {
  const voter = gateway(0);
  const effects = voter.receive(propose({ ...first, configHash: hashOfText("another site") }));
  t.deepEqual(votesSigned(effects), ["nullify 1"]);
  const [blame] = effects.filter((effect) => effect.kind === "reject");
  t.is(blame?.from, 1);
});

test("A6: no Nullify follows a Finalize, however long the view's successor stalls", (t) => {
  const voter = gateway(0);
  voter.receive(propose(first));
  voter.receive(notarization(first));
  t.deepEqual(
    votesSigned(timedOut(voter)).filter((vote) => vote === "nullify 1"),
    [],
  );
});

test("A6: while a view stays open, own votes and the certificate that led into it are sent again", (t) => {
  const voter = gateway(0);
  voter.receive(nullification(1));
  voter.receive(propose(blockOn(genesis, 2, { 2: 0 })));
  const said = sentTo(beats(voter, 1)).map((message) =>
    message.kind === "vote" || message.kind === "certificate" ? message : null,
  );
  t.true(said.some((message) => message?.kind === "certificate" && message.certificate.vote.view === 1));
  t.true(said.some((message) => message?.kind === "vote" && message.vote.vote.kind === "notarize"));
});

test("A8: nothing is signed at or below the highest finalized view", (t) => {
  const voter = gateway(0);
  const fifth = blockOn(genesis, 5, { 1: 0 });
  voter.receive(finalization(fifth));
  for (const view of [1, 5]) {
    const block = blockOn(genesis, view, { 2: 0 });
    t.deepEqual(votesSigned(voter.receive(propose(block))), []);
    t.deepEqual(votesSigned(voter.receive(notarization(block))), []);
    t.deepEqual(votesSigned(voter.receive(nullification(view))), []);
    const turn = { committee: voter.committee, nowMs: 0, state: voter.state(), effects: [] };
    t.throws(() => castVote(turn, { kind: "nullify", view }), { message: /A8/ });
  }
});

test("A8: a second vote of a kind in a view is a broken invariant, not a message", (t) => {
  const voter = gateway(0);
  voter.receive(propose(first));
  const turn = { committee: voter.committee, nowMs: 0, state: voter.state(), effects: [] };
  t.throws(() => castVote(turn, { kind: "notarize", view: 1, hash: hashOfText("another") }), {
    name: "InvariantBroken",
  });
  t.deepEqual(turn.effects, []);
});

test("A4: a proposal counts only on its leader's own link, because its signature does not cover what travels beside the block", (t) => {
  const voter = gateway(0);
  const second = blockOn(named(first), 2, { 2: 0 });
  voter.receive(propose(first));
  const proposal = propose(second, { parent: certificateOf({ kind: "notarize", view: 1, hash: blockHash(first) }) });
  t.deepEqual(votesSigned(voter.receive(proposal, 3)), []);
  t.deepEqual(votesSigned(voter.receive(proposal, 2)), ["finalize 1", "notarize 2"]);
});

test("A9: a gateway whose link comes up is first told what it has said itself in open views, and on an old copy of its disk stops there", async (t) => {
  const peer = gateway(1);
  peer.receive(voteBy(0, { kind: "nullify", view: 1 }));
  peer.receive(voteBy(2, { kind: "nullify", view: 1 }));
  const messages = peer
    .step({ kind: "linkUp", peer: 0 })
    .flatMap((effect) => (effect.kind === "send" && effect.to === 0 ? [effect.message] : []));
  t.deepEqual(messages[0], voteBy(0, { kind: "nullify", view: 1 }));
  t.false(messages.some((message) => message.kind === "vote" && message.vote.voter === 2));
  const [first] = messages;
  if (first === undefined) return t.fail();
  t.throws(() => gateway(0).receive(first, 1), { name: "InvariantBroken", message: /A9.*old copy/ });
  const far = voteBy(0, { kind: "nullify", view: 1_000_000 });
  t.throws(() => gateway(0).receive(far, 1), { name: "InvariantBroken", message: /A9/ }, "however far ahead");
});

test("A9: an own vote that is not on this disk was cast by a later life of this gateway, which must not vote again", (t) => {
  const voter = gateway(0);
  t.throws(() => voter.receive(voteBy(0, { kind: "nullify", view: 1 })), { name: "InvariantBroken", message: /A9/ });
});
