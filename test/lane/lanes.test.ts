/** L1 to L8, seen from gateway 0 of four. */
import test from "ava";
import { packBundles, packStatements } from "../../ledger/bundle/index.ts";
import { sealBundle } from "../../ledger/bundle/index.ts";
import { laneCertificateHolds, NO_HASH, WINDOW_BUNDLES } from "../../ledger/lane/index.ts";
import type { Recipients } from "../../ledger/committee/index.ts";
import { committeeOf } from "../committee/fake.ts";
import {
  ack,
  ackOf,
  acksSent,
  bundleOf,
  carry,
  certificate,
  certificateOf,
  chainOf,
  gateway,
  kindsOf,
  sent,
  SIZE,
  START_MS,
  statementOf,
  tips,
} from "./gateway.ts";

const [zero, one, two] = chainOf(2, 3) as [
  ReturnType<typeof bundleOf>,
  ReturnType<typeof bundleOf>,
  ReturnType<typeof bundleOf>,
];
const own = chainOf(0, 3);
const EMPTY = [0, 0, 0, 0];

/** Peers 1 to 3 have told that they hold nothing: the own lane may flow to them. */
function connected(driven: ReturnType<typeof gateway>): ReturnType<typeof gateway> {
  for (const peer of [1, 2, 3]) driven.receive(tips(false, EMPTY), peer);
  return driven;
}

test("L1: a bundle is taken into its owner's lane, whoever carries it", (t) => {
  const driven = gateway(0);
  driven.receive(carry(zero), 3);
  t.deepEqual(
    driven.lanes().lanes.map(({ held }) => held),
    [0, 0, 1, 0],
  );
});

test("L1: a bundle that another gateway signed, or for another site or configuration, or under another key's id, is rejected", (t) => {
  const driven = gateway(0);
  const { header } = zero;
  const { sign, keyIds } = committeeOf(SIZE, 2);
  const keyId = keyIds[2] as Uint8Array;
  const foreign = [
    { ...header, site: "other" },
    { ...header, configHash: "1".repeat(64) },
    { ...header, gateway: "gw-9" },
  ];
  for (const bundle of [
    bundleOf(2, 0, NO_HASH, "item 0", { signer: 3 }),
    ...foreign.map((other) => sealBundle(other, zero.statements, keyId, sign)),
    // Y3: a receipt names the key that its bundle does.
    sealBundle(header, zero.statements, keyIds[3] as Uint8Array, sign),
  ]) {
    t.deepEqual(kindsOf(driven.receive(carry(bundle), 3)), ["reject"]);
  }
  t.is(driven.lanes().lanes[2]?.held, 0);
});

test("L2: the own bundle is persisted before it is sent", (t) => {
  const driven = connected(gateway(0));
  t.deepEqual(kindsOf(driven.seal(own[0] as typeof zero)), [
    "persist bundle",
    "held",
    "vouched",
    "send bundle",
    "send bundle",
    "send bundle",
  ]);
});

test("L2: a second own bundle of a number is a broken invariant, also after a restart", async (t) => {
  const driven = gateway(0);
  driven.seal(own[0] as typeof zero);
  const rival = bundleOf(0, 0, NO_HASH, "rival");
  t.throws(() => driven.seal(rival), { name: "InvariantBroken", message: /L2/ });
  const again = await driven.restarted();
  t.throws(() => again.seal(rival), { name: "InvariantBroken", message: /L2/ });
  t.notThrows(() => again.seal(own[1] as typeof zero));
});

test("L2: of two headers of one number the first counts", (t) => {
  const driven = gateway(0, () => null);
  driven.receive(carry(zero));
  t.deepEqual(driven.receive(carry(bundleOf(2, 0, NO_HASH, "rival"))), []);
  t.is(driven.lanes().lanes[2]?.checking?.bundle.hash, zero.hash);
});

test("L3: a bundle is persisted before its ack is broadcast, and held from then on", (t) => {
  const driven = gateway(0);
  const effects = driven.receive(carry(zero));
  t.deepEqual(kindsOf(effects), ["check", "persist bundle", "held", "vouched", "send ack"]);
  t.deepEqual(acksSent(effects), ["ack 2/0"]);
  t.deepEqual(effects.at(-1)?.kind === "send" && effects.at(-1), { kind: "send", to: "all", message: ack(0, 2, zero) });
});

test("L3: bundles that come out of order wait for their parent and are acknowledged in order", (t) => {
  const driven = gateway(0);
  t.deepEqual(acksSent([...driven.receive(carry(two)), ...driven.receive(carry(one))]), []);
  t.deepEqual(acksSent(driven.receive(carry(zero))), ["ack 2/0", "ack 2/1", "ack 2/2"]);
});

test("L3: a bundle that comes twice is acknowledged once", (t) => {
  const driven = gateway(0);
  driven.receive(carry(zero));
  t.deepEqual(driven.receive(carry(zero)), []);
});

test("L3: a bundle whose re-assessment fails is never acknowledged: its bytes are kept with the reason and its owner is told", (t) => {
  const driven = gateway(0, () => ({ kind: "reject", reason: "the mass is not in its frames" }));
  const effects = driven.receive(carry(zero));
  t.deepEqual(kindsOf(effects), ["check", "persist refusal", "refused", "send refusal"]);
  const [refusal] = driven.writes.filter((write) => write.kind === "refusal");
  t.is(refusal?.reason, "the mass is not in its frames");
  t.true((refusal?.evidence.length ?? 0) > zero.cose.length);
  t.deepEqual(effects.at(-1)?.kind === "send" && effects.at(-1), {
    kind: "send",
    to: 2,
    message: { kind: "refusal", lane: 2, number: 0, hash: zero.hash, reason: "the mass is not in its frames" },
  });
  t.deepEqual(acksSent(driven.receive(carry(one))), [], "nor is anything above it");
});

for (const [what, bundle] of [
  ["a statement number that does not continue", bundleOf(2, 1, zero.hash, "gap", { first: 2 })],
  ["a statement that does not say its number", bundleOf(2, 1, zero.hash, "wrong", { statementNumber: 7 })],
  ["a statement older than the one before it", bundleOf(2, 1, zero.hash, "old", { at: START_MS - 1 })],
  ["a statement younger than its bundle", bundleOf(2, 1, zero.hash, "young", { created: START_MS - 1 })],
  ["a parent that is not held", bundleOf(2, 1, one.hash, "stranger")],
] as const) {
  test(`L3: ${what} is refused, and the honest bundle before it stays acknowledged`, (t) => {
    const driven = gateway(0);
    driven.receive(carry(zero));
    const effects = driven.receive(carry(bundle));
    t.deepEqual(acksSent(effects), []);
    t.true(kindsOf(effects).includes("persist refusal"));
    t.is(driven.lanes().lanes[2]?.held, 1);
  });
}

test("L3: statements that are not those of the root, or do not decode, are never acknowledged", (t) => {
  const driven = gateway(0);
  t.deepEqual(kindsOf(driven.receive({ kind: "bundle", cose: zero.cose, statements: [statementOf(0, "another")] })), [
    "reject",
  ]);
  const { sign, keyIds } = committeeOf(SIZE, 2);
  const nonsense = sealBundle(zero.header, [new Uint8Array([1, 2, 3])], keyIds[2] as Uint8Array, sign);
  t.deepEqual(acksSent(driven.receive(carry(nonsense))), []);
  t.is(driven.lanes().lanes[2]?.held, 0);
});

test("L3: after a restart the highest stored bundle is acknowledged again, to whom asks", async (t) => {
  const driven = gateway(0);
  driven.receive(carry(zero));
  driven.receive(carry(one));
  const again = await driven.restarted();
  t.deepEqual(acksSent(again.receive(tips(true, EMPTY), 1)), ["ack 2/1"]);
  t.deepEqual(acksSent(again.receive(carry(two))), ["ack 2/2"]);
});

test("L4: a quorum of acks, the owner's signature counted, certifies a bundle", (t) => {
  const driven = gateway(0);
  driven.receive(carry(zero));
  t.is(driven.lanes().lanes[2]?.certificate, null, "the owner and this gateway are two of four");
  const effects = driven.receive(ack(1, 2, zero), 1);
  t.deepEqual(kindsOf(effects), ["persist laneCertificate", "certified"]);
  const found = driven.lanes().lanes[2]?.certificate ?? null;
  t.true(found !== null && laneCertificateHolds(committeeOf(SIZE, 3), found));
});

test("L4: acks for two bundles of a number do not add up", (t) => {
  const driven = gateway(0, () => null);
  const rival = bundleOf(2, 0, NO_HASH, "rival");
  driven.receive(ack(1, 2, zero), 1);
  driven.receive(ack(3, 2, rival), 3);
  driven.receive(ack(3, 2, zero), 3);
  t.is(driven.lanes().lanes[2]?.certificate, null);
});

test("L4: an owner's ack of its own bundle, too few acks and repeated ones make no certificate", (t) => {
  const committee = committeeOf(SIZE, 0);
  t.true(laneCertificateHolds(committee, certificateOf(2, zero, [0, 1])));
  for (const voters of [[1], [1, 1], [1, 2], [1, 4]]) {
    t.false(
      laneCertificateHolds(committee, {
        ...certificateOf(2, zero, [0, 1]),
        acks: voters.map((voter) => ({
          voter,
          signature: certificateOf(2, zero, [voter % 4]).acks[0]?.signature ?? new Uint8Array(64),
        })),
      }),
    );
  }
  const driven = gateway(0);
  t.deepEqual(kindsOf(driven.receive(certificate(2, zero, [1]), 1)), ["reject"]);
  t.deepEqual(kindsOf(driven.receive({ kind: "ack", ack: ackOf(1, 1, 0, zero.hash) }, 1)), ["reject"]);
});

test("L4: a certificate covers all below it, and a lower one is no news", (t) => {
  const driven = gateway(0);
  t.deepEqual(kindsOf(driven.receive(certificate(2, two, [1, 3]), 1)), ["persist laneCertificate", "certified"]);
  t.deepEqual(driven.receive(certificate(2, zero, [1, 3]), 1), []);
  t.is(driven.lanes().lanes[2]?.certificate?.number, 2);
});

test("L4: an ack whose signature does not hold is rejected and leaves room for the true one", (t) => {
  const driven = gateway(0);
  driven.receive(carry(zero));
  const forged = ack(1, 2, one);
  if (forged.kind !== "ack") return t.fail();
  t.deepEqual(kindsOf(driven.receive({ kind: "ack", ack: { ...forged.ack, number: 0, hash: zero.hash } }, 3)), [
    "reject",
  ]);
  t.true(kindsOf(driven.receive(ack(1, 2, zero), 1)).includes("certified"));
});

test("L5: at most 64 bundles are on their way without a certificate; the rest leaves when one comes", (t) => {
  const driven = connected(gateway(0));
  const chain = chainOf(0, WINDOW_BUNDLES + 10);
  const leaving = chain.map((bundle) => sent(driven.seal(bundle)).length / 3);
  t.is(
    leaving.reduce((sum, count) => sum + count, 0),
    WINDOW_BUNDLES,
  );
  const tenth = chain[9];
  if (tenth === undefined) return t.fail();
  const effects = [1, 2, 3].flatMap((voter) => driven.receive(ack(voter, 0, tenth), voter));
  t.deepEqual(
    effects.filter((effect) => effect.kind === "stream").sort((a, b) => a.to - b.to),
    [1, 2, 3].map((to) => ({ kind: "stream", to, lane: 0, from: WINDOW_BUNDLES, upTo: WINDOW_BUNDLES + 9 })),
  );
});

test("L5: one peer's acks alone do not open the window: what it has is not yet certified", (t) => {
  const driven = connected(gateway(0));
  let reached = 0;
  for (const bundle of chainOf(0, 2 * WINDOW_BUNDLES)) {
    const effects = [...driven.seal(bundle), ...driven.receive(ack(1, 0, bundle), 1)];
    for (const effect of effects) {
      if (effect.kind === "stream" && effect.to === 1) reached += effect.upTo - effect.from + 1;
      if (effect.kind === "send" && effect.to === 1 && effect.message.kind === "bundle") reached += 1;
    }
  }
  t.is(reached, WINDOW_BUNDLES);
});

test("L5: a peer that lags does not hold up the others", (t) => {
  const driven = connected(gateway(0));
  let reached = 0;
  for (const bundle of chainOf(0, 2 * WINDOW_BUNDLES)) {
    for (const message of driven.seal(bundle))
      if (message.kind === "send" && message.to === 1 && message.message.kind === "bundle") reached += 1;
    for (const voter of [1, 2]) driven.receive(ack(voter, 0, bundle), voter);
  }
  t.is(reached, 2 * WINDOW_BUNDLES);
  t.is(driven.lanes().copies[3]?.sent, WINDOW_BUNDLES);
});

test("L6: bodies that a certificate vouches for are asked of those who have them, one request at a time, in turn", (t) => {
  const driven = gateway(0);
  driven.receive(certificate(2, two, [1, 3]), 1);
  const asked = new Set<Recipients>();
  for (let attempt = 0; attempt < 6; attempt += 1) {
    driven.setClock(START_MS + attempt * 10_000);
    const requests = [
      ...driven.step({ kind: "wanted", lane: 2, upTo: 0, onDisk: 0 }),
      ...driven.step({ kind: "wanted", lane: 2, upTo: 0, onDisk: 0 }),
    ].filter((effect) => effect.kind === "send" && effect.message.kind === "fetchBundles");
    t.is(requests.length, 1);
    const [request] = requests;
    if (request?.kind === "send") asked.add(request.to);
  }
  t.is(asked.size, 3, "the owner and both signers");
});

test("L6: what was fetched passes L3 like any bundle, and a request is answered a window at a time", (t) => {
  const driven = gateway(0, () => ({ kind: "reject", reason: "no" }));
  driven.receive(certificate(2, two, [1, 3]), 1);
  driven.step({ kind: "wanted", lane: 2, upTo: 0, onDisk: 0 });
  t.deepEqual(acksSent(driven.receive(carry(zero), 1)), []);
  const holder = gateway(1);
  for (const bundle of chainOf(2, 100)) holder.receive(carry(bundle));
  t.deepEqual(holder.receive({ kind: "fetchBundles", lane: 2, from: 10, count: WINDOW_BUNDLES }, 0), [
    { kind: "stream", to: 0, lane: 2, from: 10, upTo: 10 + WINDOW_BUNDLES - 1 },
  ]);
  t.deepEqual(holder.receive({ kind: "fetchBundles", lane: 2, from: 100, count: 1 }, 0), []);
});

test("L7: a link that comes up starts with tips, and the answer starts the own lane where the other's copy ends", (t) => {
  const driven = gateway(0);
  for (const bundle of own) driven.seal(bundle);
  t.deepEqual(sent(driven.step({ kind: "linkUp", peer: 1 })), [tips(true, [3, 0, 0, 0])]);
  const effects = driven.receive(tips(false, [1, 0, 0, 0]), 1);
  t.deepEqual(effects, [{ kind: "stream", to: 1, lane: 0, from: 1, upTo: 2 }]);
});

test("L7: own acks and certificates that the other lacks are repeated, and no others", (t) => {
  const driven = gateway(0);
  driven.receive(carry(zero));
  driven.receive(ack(1, 2, zero), 1);
  driven.receive(carry(one));
  const missing = sent(driven.receive(tips(true, EMPTY), 3)).map(({ kind }) => kind);
  t.deepEqual([...missing].sort(), ["ack", "laneCertificate", "tips"]);
  t.deepEqual(sent(driven.receive(tips(true, EMPTY), 3)), [], "asking without pause is answered once in 100 ms");
  driven.setClock(START_MS + 100);
  const known = sent(driven.receive(tips(true, [0, 0, 2, 0], [certificateOf(2, zero, [0, 1])]), 3)).map(
    ({ kind }) => kind,
  );
  t.deepEqual([...known].sort(), ["ack", "tips"]);
});

test("L7: after half a second of standstill with something uncertified, all are told again", (t) => {
  const driven = connected(gateway(0));
  driven.seal(own[0] as typeof zero);
  const { wakeAtMs } = driven.lanes();
  t.not(wakeAtMs, null);
  driven.setClock(wakeAtMs ?? 0);
  t.deepEqual(sent(driven.step({ kind: "wake" })), [tips(true, [1, 0, 0, 0])]);
});

test("L7: a lane in which nothing is missing needs no clock", (t) => {
  const driven = gateway(0);
  t.is(driven.lanes().wakeAtMs, null);
  driven.receive(carry(zero));
  driven.receive(ack(1, 2, zero), 1);
  t.is(driven.lanes().wakeAtMs, null);
});

test("L8: a refused bundle that the others certify is stored, and from then on nothing in that lane is acknowledged, also after a restart", async (t) => {
  const driven = gateway(0, (item) => (item === "item 0" ? { kind: "reject", reason: "no" } : { kind: "accept" }));
  driven.receive(carry(zero));
  t.deepEqual(kindsOf(driven.receive(certificate(2, zero, [1, 3]), 1)), [
    "persist laneCertificate",
    "certified",
    "persist memo",
    "persist bundle",
    "held",
  ]);
  t.deepEqual(acksSent(driven.receive(carry(one))), []);
  t.is(driven.lanes().lanes[2]?.held, 2);
  const again = await driven.restarted();
  t.deepEqual(acksSent([...again.receive(carry(two)), ...again.receive(tips(true, EMPTY), 1)]), []);
  t.is(again.lanes().lanes[2]?.held, 3);
});

test("L8: other lanes are acknowledged as before", (t) => {
  const driven = gateway(0, (item) => (item === "item 0" ? { kind: "reject", reason: "no" } : { kind: "accept" }));
  driven.receive(carry(zero));
  driven.receive(certificate(2, zero, [1, 3]), 1);
  t.deepEqual(acksSent(driven.receive(carry(bundleOf(3, 0, NO_HASH, "fine")))), ["ack 3/0"]);
});

test("L2, A9: an own bundle that is not on this disk was signed by a later life of this gateway, which asks to be shown it and stops", (t) => {
  const [first, second] = own;
  if (first === undefined || second === undefined) return t.fail();
  const driven = gateway(0);
  driven.seal(first);
  const told = sent(driven.receive(tips(true, [2, 0, 0, 0]), 1));
  t.deepEqual(told.at(-1), { kind: "fetchBundles", lane: 0, from: 1, count: 1 });
  const packed = packBundles([{ cose: second.cose, body: packStatements(second.statements) }]);
  const forged = bundleOf(0, 1, first.hash, "forged", { signer: 2 });
  driven.receive(carry(first), 1);
  driven.receive(carry(forged), 1);
  t.is(driven.lanes().lanes[0]?.held, 1, "what it did not sign itself proves nothing");
  const message = /A9: own bundle 1 is not on this disk, which is an old copy; stop this gateway and give it a new key/;
  t.throws(() => driven.receive(carry(second), 1), { name: "InvariantBroken", message });
  t.throws(() => driven.receive({ kind: "bundles", lane: 0, from: 1, packed }, 1), {
    name: "InvariantBroken",
    message,
  });
});
