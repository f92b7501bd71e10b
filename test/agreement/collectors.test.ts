/** A14: committees above sixteen, one gateway at a time; whole sites of that size are in `test/sim`. */
import test from "ava";
import { type Effect, genesisOf, type Input, recoverState, step, wakeAtMs } from "../../ledger/agreement/index.ts";
import { collectorsOf, isLarge } from "../../ledger/committee/index.ts";
import { quorumOf } from "../../ledger/management/index.ts";
import { committeeOf, hashOfText } from "../committee/fake.ts";
import { blockOn } from "./gateway.ts";
import {
  ackBytes,
  type Block,
  blockHash,
  type Certificate,
  type LaneCertificate,
  type Message,
  proposalBytes,
  type Vote,
  voteBytes,
} from "../../ledger/message/index.ts";

const SIZE = 31;
const QUORUM = quorumOf(SIZE);
const site = committeeOf(SIZE, 0);
/** Before the first seed (A12). */
const leaderOf = (view: number) => view % SIZE;
const everybody = Array.from({ length: SIZE }, (_, index) => index);

function driven(self: number) {
  const committee = committeeOf(SIZE, self);
  const nothing = { finalized: null, votes: [], proposals: [], certificates: [], blocks: [], chain: [], epochs: [] };
  let state = recoverState(
    committee,
    nothing,
    everybody.map(() => null),
  );
  let nowMs = 1000;
  const act = (input: Input): readonly Effect[] => {
    const next = step(committee, state, input, nowMs);
    state = next.state;
    return next.effects;
  };
  return {
    committee,
    act,
    receive: (message: Message, from: number) => act({ kind: "message", from, message }),
    state: () => state,
    /** Moves the clock to the next time that the gateway asked for. */
    ring: () => {
      nowMs = wakeAtMs(state) ?? nowMs;
      return act({ kind: "wake" });
    },
  };
}

const signedVote = (voter: number, vote: Vote): Message => {
  const committee = committeeOf(SIZE, voter);
  return { kind: "vote", vote: { vote, voter, signature: committee.sign(voteBytes(committee, vote)) } };
};

function certificateOf(vote: Vote): Certificate {
  const signatures = everybody.slice(0, QUORUM).map((voter) => {
    const committee = committeeOf(SIZE, voter);
    return { voter, signature: committee.sign(voteBytes(committee, vote)) };
  });
  return { vote, signatures };
}

function laneCertificate(lane: number, number = 0): LaneCertificate {
  const hash = hashOfText(`bundle ${number} of lane ${lane}`);
  const voters = everybody.filter((voter) => voter !== lane).slice(0, QUORUM - 1);
  const acks = voters.map((voter) => {
    const committee = committeeOf(SIZE, voter);
    return { voter, signature: committee.sign(ackBytes(committee, lane, number, hash)) };
  });
  return { lane, number, hash, acks };
}

/** The proposal of view 1 that brings in bundle 0 of `lane`. */
function proposalOf(lane: number, laneCertificates: readonly LaneCertificate[]): Message {
  const genesis = genesisOf(site);
  const tips = genesis.tips.with(lane, { number: 0, hash: laneCertificate(lane).hash });
  const block: Block = { ...blockOn(genesis, 1), tips, configHash: site.configHash };
  const leader = committeeOf(SIZE, leaderOf(1));
  const signature = leader.sign(proposalBytes(leader, 1, blockHash(block)));
  return { kind: "propose", proposal: { block, parent: null, nullifications: [], laneCertificates, signature } };
}

type Sent = Extract<Effect, { kind: "send" }>;
const sentOf = (effects: readonly Effect[], kind: Message["kind"]) =>
  effects.filter((effect): effect is Sent => effect.kind === "send" && effect.message.kind === kind);
const offersOf = (effects: readonly Effect[]) =>
  effects.flatMap((effect) => (effect.kind === "offer" ? [effect.to] : []));
const hash = hashOfText("a block");
const collectors = (kind: Vote["kind"], view: number, attempt = 0) => collectorsOf(site, kind, view, attempt);
const nobodyOf = (some: readonly number[]) => everybody.find((one) => !some.includes(one) && one !== 1) ?? -1;

test("A14: K is max(3, ceil(1.5 log2 n)), doubled for each attempt up to all, above sixteen votes", (t) => {
  const counts = (size: number) =>
    [0, 1, 2, 20].map((attempt) => collectorsOf(committeeOf(size, 0), "notarize", 7, attempt).length);
  t.deepEqual(counts(17), [7, 14, 17, 17]);
  t.deepEqual(counts(31), [8, 16, 31, 31]);
  t.deepEqual(counts(100), [10, 20, 40, 100]);
  t.deepEqual(counts(500), [14, 28, 56, 500]);
  t.deepEqual(
    [4, 16, 17].map((size) => isLarge(committeeOf(size, 0))),
    [false, false, true],
  );
});

test("A14: all gateways agree on the collectors, who differ from view to view and kind to kind", (t) => {
  const seen = new Set<string>();
  for (let view = 1; view <= 50; view += 1) {
    for (const kind of ["notarize", "nullify", "finalize"] as const) {
      const chosen = collectors(kind, view);
      t.deepEqual(chosen, collectorsOf(committeeOf(SIZE, 30), kind, view, 0));
      t.is(new Set(chosen).size, chosen.length);
      t.deepEqual(collectors(kind, view, 1).slice(0, chosen.length), chosen, "what they have is not collected again");
      seen.add(chosen.join());
    }
  }
  t.is(seen.size, 150);
});

test("A14: over many views everybody collects about equally often", (t) => {
  const times = everybody.map(() => 0);
  for (let view = 1; view <= 2000; view += 1)
    for (const chosen of collectors("notarize", view)) times[chosen] = (times[chosen] ?? 0) + 1;
  const expected = (2000 * 8) / SIZE;
  t.true(Math.min(...times) > 0.8 * expected && Math.max(...times) < 1.2 * expected);
});

test("A14: a vote goes to the collectors of its view and kind, and before the next view to its leader", (t) => {
  const voter = driven(nobodyOf([]));
  voter.act({ kind: "vouched", lane: 5, number: 0, hash: laneCertificate(5).hash });
  const notarize = sentOf(voter.receive(proposalOf(5, []), 1), "vote");
  t.is(notarize.length, 1);
  const heard = new Set(notarize.flatMap(({ to }) => to));
  const expected = [...collectors("notarize", 1), leaderOf(2)];
  t.is(heard.size, new Set(expected).size);
  for (const one of expected) t.true(heard.has(one));
  const block = voter.state().rounds.get(1)?.proposal?.hash ?? "";
  const certificate = certificateOf({ kind: "notarize", view: 1, hash: block });
  const finalize = sentOf(voter.receive({ kind: "certificate", certificate }, 3), "vote");
  t.deepEqual(finalize[0]?.to, collectors("finalize", 1));
});

test("A2, A14: who completes a certificate broadcasts it", (t) => {
  const collector = driven(nobodyOf([]));
  const voters = everybody.filter((voter) => voter !== collector.committee.self).slice(0, QUORUM);
  const effects = voters.map((voter) => collector.receive(signedVote(voter, { kind: "nullify", view: 1 }), voter));
  t.deepEqual(
    effects.slice(0, -1).flatMap((some) => sentOf(some, "certificate")),
    [],
  );
  t.deepEqual(
    sentOf(effects.at(-1) ?? [], "certificate").map(({ to }) => to),
    ["all"],
  );
});

test("A2, A14: a certificate from elsewhere is passed on by collectors alone", (t) => {
  const certificate = certificateOf({ kind: "notarize", view: 1, hash });
  const [first = -1] = collectors("notarize", 1);
  const other = driven(nobodyOf(collectors("notarize", 1)));
  t.deepEqual(
    sentOf(driven(first).receive({ kind: "certificate", certificate }, 9), "certificate").map(({ to }) => to),
    ["all"],
  );
  t.deepEqual(sentOf(other.receive({ kind: "certificate", certificate }, 9), "certificate"), []);
  t.is(other.state().view, 2);
});

test("A6, A14: what was lost is said again to twice as many, until all hear it", (t) => {
  const voter = driven(nobodyOf(collectors("nullify", 1, 1)));
  voter.act({ kind: "certified", certificate: laneCertificate(5) });
  const reached: number[] = [];
  for (let times = 0; times < 12; times += 1) {
    for (const { to, message } of sentOf(voter.ring(), "vote")) {
      if (message.kind === "vote" && message.vote.vote.kind === "nullify") reached.push((to as number[]).length);
    }
  }
  const next = collectors("nullify", 1).includes(leaderOf(2)) ? 0 : 1;
  t.is(reached[0], 8 + next);
  t.is(Math.max(...reached), SIZE);
  t.deepEqual(
    reached,
    reached.toSorted((a, b) => a - b),
  );
});

test("A14: the owner offers its certificate to the leaders of three views, and to the next one as views go by", (t) => {
  const owner = driven(20);
  t.deepEqual(offersOf(owner.act({ kind: "certified", certificate: laneCertificate(20) })), [[1, 2, 3]]);
  const nullified = { kind: "certificate", certificate: certificateOf({ kind: "nullify", view: 1 }) } as const;
  t.deepEqual(offersOf(owner.receive(nullified, 5)), [[4]]);
  t.deepEqual(offersOf(driven(7).act({ kind: "certified", certificate: laneCertificate(20) })), [], "others do not");
});

test("A3, A14: when no proposal comes the owner tells everybody, so that all clocks run", (t) => {
  const owner = driven(20);
  owner.act({ kind: "certified", certificate: laneCertificate(20) });
  t.deepEqual(offersOf(owner.ring()), ["all"]);
});

test("A4, A14: a cut without certificates is notarized by whoever holds its bundles, and only by them", (t) => {
  const notarized = (effects: readonly Effect[]) =>
    sentOf(effects, "vote").some(({ message }) => message.kind === "vote" && message.vote.vote.kind === "notarize");
  const holder = driven(9);
  holder.act({ kind: "vouched", lane: 5, number: 0, hash: laneCertificate(5).hash });
  t.true(notarized(holder.receive(proposalOf(5, []), 1)));
  const late = driven(9);
  t.false(notarized(late.receive(proposalOf(5, []), 1)));
  t.true(notarized(late.act({ kind: "vouched", lane: 5, number: 0, hash: laneCertificate(5).hash })));
  const rival = driven(9);
  rival.act({ kind: "vouched", lane: 5, number: 0, hash: hashOfText("another bundle") });
  t.false(notarized(rival.receive(proposalOf(5, []), 1)));
  const disowned = driven(9);
  disowned.act({ kind: "vouched", lane: 5, number: 0, hash: laneCertificate(5).hash });
  disowned.act({ kind: "disowned", lane: 5 });
  t.false(notarized(disowned.receive(proposalOf(5, []), 1)));
});

test("A10, A14: who lacks a bundle asks the leader, who answers with the certificates", (t) => {
  const late = driven(9);
  late.receive(proposalOf(5, []), 1);
  const asked = sentOf(late.ring(), "fetch");
  t.deepEqual(
    asked.map(({ to }) => to),
    [leaderOf(1)],
  );
  const leader = driven(1);
  const proposed = sentOf(leader.act({ kind: "certified", certificate: laneCertificate(5) }), "propose");
  const [first] = proposed;
  t.deepEqual(first?.message.kind === "propose" ? first.message.proposal.laneCertificates : null, []);
  t.deepEqual(offersOf(leader.receive({ kind: "fetch", after: 0 }, 9)), [9]);
});
