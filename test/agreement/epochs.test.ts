/** A13: an epoch ends with the block that names the next configuration, and the next one begins with it. */
import test from "ava";
import { recoverState } from "../../ledger/agreement/index.ts";
import { decode } from "../../ledger/cbor/index.ts";
import { invariant } from "../../ledger/committee/index.ts";
import type { Write } from "../../ledger/store/port.ts";
import { committeeOf, hashOfText } from "../committee/fake.ts";
import {
  beats,
  blockOn,
  certified,
  certificateOf,
  type Driven,
  finalization,
  finalizationOf,
  finalizedViews,
  gateway,
  genesis,
  named,
  notarization,
  notarizationOf,
  proposalsSent,
  propose,
  SIZE,
  sentTo,
  tipOf,
  votesSigned,
} from "./gateway.ts";
import { type Block, blockHash, encodeBlock, type Message, readMessage } from "../../ledger/message/index.ts";

const next = hashOfText("the next configuration");
const approved = { kind: "approved", hash: next, propose: true } as const;
const known = { kind: "approved", hash: next, propose: false } as const;
/** View 1 with a cut, view 2 with the end of the epoch and another cut. */
const first = blockOn(genesis, 1, { 1: 0 });
const last: Block = { ...blockOn(named(first), 2, { 1: 1, 2: 0 }), next };
const carrier: Block = { ...blockOn(named(last), 3), next };

const kindsOf = (effects: ReturnType<Driven["step"]>): readonly string[] =>
  effects.map((effect) => (effect.kind === "persist" ? `persist ${effect.write.kind}` : effect.kind));

test("A13: a leader ends the epoch when it is time, with or without anything to order", (t) => {
  const leader = gateway(1);
  t.deepEqual(proposalsSent(leader.step(known)), [], "approved, but not yet time");
  const [idle] = proposalsSent(leader.step(approved));
  t.is(idle?.block.next, next);
  t.deepEqual(idle?.block.tips, genesis.tips);
  const busy = gateway(1);
  busy.step(known);
  const [plain] = proposalsSent(busy.step(certified(2, 0)));
  t.is(plain?.block.next, null);
  const both = gateway(1);
  both.setClock(0);
  both.step(certified(2, 0));
  t.is(proposalsSent([...both.step(approved)]).length, 0, "one proposal a view");
});

test("A13: nobody notarizes a configuration that it does not hold as approved; it asks, and votes when it has come", (t) => {
  const voter = gateway(0);
  const block: Block = { ...blockOn(genesis, 1, { 1: 0 }), next };
  const asked = voter.receive(propose(block));
  t.deepEqual(votesSigned(asked), []);
  t.true(asked.some((effect) => effect.kind === "successorWanted" && effect.hash === next));
  t.deepEqual(votesSigned(voter.step({ ...known, hash: hashOfText("another") })), []);
  t.deepEqual(votesSigned(voter.step(known)), ["notarize 1"]);
});

/** A gateway that has notarized `last` in view 2 and is in view 3. */
function atTheEnd(self: number): Driven {
  const driven = gateway(self);
  driven.step(known);
  driven.receive(propose(first));
  driven.receive(notarization(first));
  driven.receive(propose(last, { parent: notarizationOf(first) }));
  driven.receive(notarization(last));
  mustBeIn(driven, 3);
  return driven;
}

function mustBeIn(driven: Driven, view: number): void {
  invariant(driven.state().view === view, `the test is in view ${driven.state().view}, not ${view}`);
}

test("A13: above the block that ends the epoch only empty blocks that repeat it are notarized", (t) => {
  const parent = notarizationOf(last);
  t.deepEqual(votesSigned(atTheEnd(0).receive(propose(carrier, { parent }))), ["notarize 3"]);
  const refused: readonly (readonly [string, Block])[] = [
    ["another cut", { ...carrier, tips: carrier.tips.with(3, tipOf(3, 0)) }],
    ["no end", { ...carrier, next: null }],
    ["another end", { ...carrier, next: hashOfText("another") }],
  ];
  for (const [what, block] of refused) {
    const voter = atTheEnd(0);
    voter.step({ ...known, hash: hashOfText("another") });
    t.deepEqual(votesSigned(voter.receive(propose(block, { parent }))), ["nullify 3"], what);
  }
});

test("A13: a leader above the end waits with new tips, and carries the end to finality", (t) => {
  const leader = atTheEnd(3);
  t.deepEqual(proposalsSent(leader.step(certified(3, 4))), []);
  const [proposal] = proposalsSent(beats(leader, 2));
  t.deepEqual([proposal?.block.next, proposal?.block.tips], [next, last.tips]);
});

test("A13: when the end is final everything up to it is delivered, and nothing happens in the epoch any more", (t) => {
  const driven = atTheEnd(0);
  const effects = driven.receive(finalization(last));
  t.deepEqual(finalizedViews(effects), [1, 2]);
  const ended = effects.find((effect) => effect.kind === "epochEnded");
  t.is(ended?.kind === "epochEnded" ? ended.last.hash : null, blockHash(last));
  t.true(kindsOf(effects).indexOf("persist finalized") < kindsOf(effects).indexOf("epochEnded"));
  for (const input of [certified(3, 9), { kind: "wake" } as const]) t.deepEqual(driven.step(input), []);
  t.deepEqual(driven.receive(propose(carrier, { parent: notarizationOf(last) })), []);
});

/** The proof that was stored with the end of the epoch. */
function storedProof(writes: readonly Write[]): Message | null {
  const write = writes.findLast((one) => one.kind === "finalized");
  const decoded = decode(write?.kind === "finalized" ? write.finalization : new Uint8Array());
  return decoded.kind === "accept" && Array.isArray(decoded.value) ? readMessage(decoded.value) : null;
}

test("A13: the first block that names the configuration ends the epoch, and its proof keeps what carried it", (t) => {
  const driven = atTheEnd(0);
  driven.receive(propose(carrier, { parent: notarizationOf(last) }));
  driven.receive(notarization(carrier));
  const effects = driven.receive(finalization(carrier));
  t.deepEqual(finalizedViews(effects), [1, 2], "the carrier is forgotten");
  const written = driven.writes.findLast((write) => write.kind === "finalized");
  t.is(written?.kind === "finalized" ? written.hash : null, blockHash(last));
  t.deepEqual(storedProof(driven.writes), {
    kind: "finalized",
    blocks: [carrier],
    finalization: finalizationOf(carrier),
  });

  const late = gateway(3);
  late.step(known);
  const told: Message = { kind: "finalized", blocks: [first, last, carrier], finalization: finalizationOf(carrier) };
  t.deepEqual(finalizedViews(late.receive(told)), [1, 2]);
  t.true(late.state().ended);
});

test("A13: without the configuration the end is not delivered; when it comes, it is", (t) => {
  const late = gateway(3);
  const told: Message = { kind: "finalized", blocks: [first, last], finalization: finalizationOf(last) };
  const effects = late.receive(told);
  t.deepEqual(finalizedViews(effects), []);
  t.true(effects.some((effect) => effect.kind === "successorWanted" && effect.hash === next));
  t.false(
    sentTo(effects).some(({ kind }) => kind === "fetch"),
    "the same answer again would bring nothing",
  );
  t.deepEqual(finalizedViews(late.step(known)), [1, 2]);
});

test("A13: the next epoch begins with that block: its views, its parent, its cut, and nothing of the votes before", (t) => {
  const size = SIZE + 1;
  const committee = { ...committeeOf(size, 0), epoch: 1, configHash: next };
  const finalized = { view: 2, hash: blockHash(last), block: encodeBlock(last), finalization: new Uint8Array() };
  const epochs = [{ epoch: 1, view: 2, tips: [], document: new Uint8Array() }];
  const nothing = { chain: [encodeBlock(last)], votes: [], proposals: [], certificates: [], blocks: [] };
  const state = recoverState(
    committee,
    { epochs, finalized, ...nothing },
    Array.from({ length: size }, () => null),
  );
  t.is(state.view, 3);
  t.deepEqual(state.delivered, {
    view: 2,
    hash: blockHash(last),
    tips: [...last.tips, { number: -1, hash: "0".repeat(64) }],
    seed: last.seed,
    next: null,
    finalization: null,
  });
  t.is(state.highest, null);
  const old = certificateOf({ kind: "nullify", view: 3 });
  t.false(committee.verify(0, new Uint8Array(), old.signatures[0]?.signature ?? new Uint8Array()));
});
