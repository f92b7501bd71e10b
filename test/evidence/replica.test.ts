/** A running replica: what it notices, keeps, tells and finds again. */
import test from "ava";
import type { Bundle } from "../../ledger/bundle/index.ts";
import { courtOf, encodeEvidence, verifyEvidence } from "../../ledger/evidence/index.ts";
import { openMessage, sealMessage } from "../../ledger/replica/wire.ts";
import { openMemoryStore } from "../../ledger/store/memory.ts";
import type { Statement } from "../../ledger/statement/index.ts";
import { blockOn, genesis, propose, voteBy } from "../agreement/gateway.ts";
import { hashOfText } from "../committee/fake.ts";
import { ack, bundleOf, carry, certificate } from "../lane/gateway.ts";
import { settled, start, type Watched } from "../replica/site.ts";
import { simulatedSite } from "../sim/site.ts";
import { twoVotes } from "./letters.ts";
import { NO_PARENT } from "./site.ts";
import type { LaneMessage, Message } from "../../ledger/message/index.ts";

const SIZE = 4;
const { site, verify } = simulatedSite(SIZE);
const court = courtOf(site, falsehood, { verify });

/** Items that are called false are. */
function falsehood(_lane: number, { measurement: { item } }: Statement): string | null {
  return item.startsWith("false") ? `there is no ${item}` : null;
}

const STRICT = {
  falsehood,
  validate: (lane: number, statements: readonly Statement[]) => {
    const fault = statements.map((one) => falsehood(lane, one)).find((one) => one !== null) ?? null;
    return Promise.resolve(
      fault === null ? ({ kind: "accept" } as const) : ({ kind: "reject", reason: fault } as const),
    );
  },
};

const say = (message: Message): Uint8Array => sealMessage({ layer: "agreement", message });
const sayInLanes = (message: LaneMessage): Uint8Array => sealMessage({ layer: "lane", message });
const tell = (file: Uint8Array): Uint8Array => sealMessage({ layer: "evidence", message: { kind: "evidence", file } });
const vote = (voter: number, text: string, view = 1) =>
  say(voteBy(voter, { kind: "notarize", view, hash: hashOfText(text) }));

function deeds({ replica }: Watched): readonly string[] {
  return replica.evidence().map(({ gateway, about }) => `gw-${gateway + 1} ${about}`);
}

/** The files that a replica has sent, with whom it sent them to. */
function toldBy({ sent }: Watched): readonly { readonly to: number; readonly file: Uint8Array }[] {
  return sent.flatMap(({ to, bytes }) => {
    const opened = openMessage(bytes);
    const isFile = opened.kind === "accept" && opened.opened.layer === "evidence";
    const message = isFile ? opened.opened.message : null;
    return message?.kind === "evidence" ? [{ to, file: message.file }] : [];
  });
}

test("E9, R9: a double vote is kept before it is told, told to all but the voter, and shown once", async (t) => {
  const store = openMemoryStore({ lanes: SIZE });
  const watched = await start(SIZE, 0, store);
  for (const text of ["a", "b", "b", "c"]) watched.replica.receive(2, vote(2, text));
  await settled();
  t.deepEqual(deeds(watched), ["gw-3 voted to notarize two different blocks in view 1"]);
  t.deepEqual(
    watched.evidence.map(({ id }) => id),
    watched.replica.evidence().map(({ id }) => id),
  );
  const kept = (await store.recover()).evidence;
  t.is(kept.length, 1);
  t.deepEqual(
    toldBy(watched).map(({ to }) => to),
    [1, 3],
  );
  for (const { file: told } of toldBy(watched)) {
    t.deepEqual(told, kept[0]?.bytes);
    t.is(verifyEvidence(told, () => court).kind, "valid");
  }
});

test("E9, R9: evidence is found again after a restart, told to whoever comes back, and not taken for new", async (t) => {
  const store = openMemoryStore({ lanes: SIZE });
  const before = await start(SIZE, 0, store);
  for (const text of ["a", "b"]) before.replica.receive(2, vote(2, text));
  await settled();
  const after = await start(SIZE, 0, store.crash("kept"));
  t.deepEqual(after.replica.evidence(), before.replica.evidence());
  for (const text of ["a", "b"]) after.replica.receive(2, vote(2, text));
  for (const peer of [1, 2]) after.replica.linkUp(peer);
  await settled();
  t.deepEqual(after.evidence, [], "nothing is new");
  t.deepEqual(
    toldBy(after).map(({ to }) => to),
    [1],
  );
});

test("E9: what a peer tells is verified, kept and not told on; the same deed from another peer is no second one", async (t) => {
  const watched = await start(SIZE, 0);
  watched.replica.receive(1, tell(twoVotes(2)));
  watched.replica.receive(3, tell(twoVotes(2)));
  await settled();
  t.deepEqual(deeds(watched), ["gw-3 voted to notarize two different blocks in view 1"]);
  t.deepEqual(toldBy(watched), []);
  t.is(watched.replica.status().conduct[1]?.rejects, 0);
});

test("E6, E9: evidence that does not hold is charged to whoever tells it, and leaves nothing", async (t) => {
  const watched = await start(SIZE, 0);
  const forged = twoVotes(2);
  forged[forged.length - 1] = (forged.at(-1) ?? 0) ^ 1;
  watched.replica.receive(1, tell(forged));
  watched.replica.receive(1, tell(Uint8Array.of(1, 2, 3)));
  await settled();
  t.deepEqual(deeds(watched), []);
  t.is(watched.replica.status().conduct[1]?.rejects, 2);
});

test("E9: evidence of another epoch is not judged, and no fault of who tells it", async (t) => {
  const watched = await start(SIZE, 0);
  const { configHash } = court;
  const ballots = ["a", "b"].map(
    (text) => ({ kind: "notarize", hash: hashOfText(text), signature: new Uint8Array(64) }) as const,
  );
  const [first, second] = ballots;
  if (first === undefined || second === undefined) return t.fail();
  const offence = { kind: "two-votes", view: 1, votes: [first, second] } as const;
  const later = encodeEvidence({ site: court.site, epoch: court.epoch + 1, configHash, gateway: "gw-3", offence });
  watched.replica.receive(1, tell(later));
  await settled();
  t.is(watched.replica.status().conduct[1]?.rejects, 0);
  t.deepEqual(deeds(watched), []);
});

test("E9: sixteen pieces are kept for each fault of each gateway, and a flood of one hides no other", async (t) => {
  const store = openMemoryStore({ lanes: SIZE });
  const watched = await start(SIZE, 0, store);
  for (let view = 1; view <= 40; view += 1)
    for (const text of ["a", "b"]) watched.replica.receive(2, vote(2, text, view));
  for (const text of ["a", "b"]) watched.replica.receive(3, vote(3, text));
  const [one, other] = ["one", "other"].map((item) => bundleOf(2, 0, NO_PARENT, item)) as [Bundle, Bundle];
  for (const bundle of [one, other]) watched.replica.receive(2, sayInLanes(carry(bundle)));
  await settled();
  const counted = Map.groupBy(watched.replica.evidence(), ({ gateway, fault }) => `${gateway} ${fault}`);
  t.deepEqual(
    [...counted].map(([what, all]) => [what, all.length]),
    [
      ["2 two-votes", 16],
      ["3 two-votes", 1],
      ["2 two-bundles", 1],
    ],
  );
  t.is((await store.recover()).evidence.length, 18);
});

test("E5, E9: a bundle that is false by the site's rules is refused and is evidence; one that only the model doubts is refused", async (t) => {
  const store = openMemoryStore({ lanes: SIZE });
  const watched = await start(SIZE, 0, store, STRICT);
  watched.replica.receive(2, sayInLanes(carry(bundleOf(2, 0, NO_PARENT, "false weight"))));
  await settled();
  t.deepEqual(deeds(watched), ["gw-3 signed bundle 0, in which statement 0 is false: there is no false weight"]);
  const doubting = await start(SIZE, 0, openMemoryStore({ lanes: SIZE }), {
    falsehood,
    validate: () => Promise.resolve({ kind: "reject", reason: "this gateway's model gives 12 g" }),
  });
  doubting.replica.receive(2, sayInLanes(carry(bundleOf(2, 0, NO_PARENT, "weight"))));
  await settled();
  t.is(doubting.refusals.length, 1);
  t.deepEqual(deeds(doubting), []);
});

test("E5: a bundle that does not continue its parent is evidence, together with the parent on this disk", async (t) => {
  const watched = await start(SIZE, 0, openMemoryStore({ lanes: SIZE }), STRICT);
  const parent = bundleOf(2, 0, NO_PARENT, "one");
  watched.replica.receive(2, sayInLanes(carry(parent)));
  await settled();
  watched.replica.receive(2, sayInLanes(carry(bundleOf(2, 1, parent.hash, "two", { first: 5 }))));
  await settled();
  t.deepEqual(deeds(watched), ["gw-3 signed bundle 1, in which the first statement is 5, but its parent ends with 0"]);
});

for (const order of ["before", "after"] as const) {
  test(`E5, E9: who acknowledges a false bundle is accused, whether the ack comes ${order} the bundle`, async (t) => {
    const watched = await start(SIZE, 0, openMemoryStore({ lanes: SIZE }), STRICT);
    const bundle = bundleOf(2, 0, NO_PARENT, "false weight");
    const messages = [
      { from: 2, bytes: sayInLanes(carry(bundle)) },
      { from: 3, bytes: sayInLanes(ack(3, 2, bundle)) },
    ];
    for (const { from, bytes } of order === "after" ? messages : messages.toReversed()) {
      watched.replica.receive(from, bytes);
      await settled();
    }
    t.deepEqual(deeds(watched), [
      "gw-3 signed bundle 0, in which statement 0 is false: there is no false weight",
      "gw-4 acknowledged bundle 0 of gw-3, in which statement 0 is false: there is no false weight",
    ]);
  });
}

test("E5, E9: who stands in the certificate of a false bundle is accused", async (t) => {
  const watched = await start(SIZE, 0, openMemoryStore({ lanes: SIZE }), STRICT);
  const bundle = bundleOf(2, 0, NO_PARENT, "false weight");
  watched.replica.receive(2, sayInLanes(carry(bundle)));
  await settled();
  watched.replica.receive(2, sayInLanes(certificate(2, bundle, [1, 3])));
  await settled();
  t.deepEqual(
    watched.replica.evidence().map(({ gateway, fault }) => `${gateway} ${fault}`),
    ["2 false-bundle", "1 false-ack", "3 false-ack"],
  );
});

test("E7, L9: who held the losing half has both halves when the certified one comes, also over a restart", async (t) => {
  const [lost, won] = ["lost", "won"].map((item) => bundleOf(3, 0, NO_PARENT, item)) as [Bundle, Bundle];
  for (const restarts of [false, true]) {
    const store = openMemoryStore({ lanes: SIZE });
    const first = await start(SIZE, 0, store);
    first.replica.receive(3, sayInLanes(carry(lost)));
    await settled();
    const watched = restarts ? await start(SIZE, 0, store.crash("kept")) : first;
    watched.replica.receive(1, sayInLanes(certificate(3, won, [1, 2])));
    await settled();
    watched.replica.receive(1, sayInLanes(carry(won)));
    await settled();
    t.deepEqual(deeds(watched), ["gw-4 signed two different bundles numbered 0"], restarts ? "restarted" : "");
  }
});

/** What two gateways say to each other and to nobody else, until they have nothing more to say. */
async function introduce(one: Watched, other: Watched, [a, b]: readonly [number, number]): Promise<void> {
  for (let round = 0; round < 6; round += 1) {
    for (const [from, to, name, target] of [
      [one, other, a, b],
      [other, one, b, a],
    ] as const) {
      for (const { bytes } of from.sent.splice(0).filter((letter) => letter.to === target))
        to.replica.receive(name, bytes);
      await settled();
    }
  }
}

test("E8: a leader that shows one block to one and another to another is found out by their votes", async (t) => {
  const [one, other] = [await start(SIZE, 0), await start(SIZE, 2)];
  for (const [watched, number] of [
    [one, 0],
    [other, 1],
  ] as const)
    watched.replica.receive(1, say(propose(blockOn(genesis, 1, { 3: number }))));
  await settled();
  await introduce(one, other, [0, 2]);
  for (const watched of [one, other]) t.deepEqual(deeds(watched), ["gw-2 proposed two different blocks in view 1"]);
});

test("E8: an owner that shows one bundle to one and another to another is found out by their acks", async (t) => {
  const owner = 3;
  const [one, other] = [await start(SIZE, 0), await start(SIZE, 2)];
  one.replica.receive(owner, sayInLanes(carry(bundleOf(owner, 0, NO_PARENT, "one"))));
  other.replica.receive(owner, sayInLanes(carry(bundleOf(owner, 0, NO_PARENT, "other"))));
  await settled();
  await introduce(one, other, [0, 2]);
  for (const watched of [one, other]) t.deepEqual(deeds(watched), ["gw-4 signed two different bundles numbered 0"]);
});

test("E8: a peer is told a half once, however often it votes", async (t) => {
  const watched = await start(SIZE, 0);
  watched.replica.receive(1, say(propose(blockOn(genesis, 1, { 3: 0 }))));
  watched.sent.length = 0;
  for (let again = 0; again < 5; again += 1) watched.replica.receive(2, vote(2, "another block"));
  await settled();
  const heard = watched.sent.filter(({ bytes }) => {
    const opened = openMessage(bytes);
    return opened.kind === "accept" && opened.opened.layer === "evidence";
  });
  t.deepEqual(
    heard.map(({ to }) => to),
    [2],
  );
});
