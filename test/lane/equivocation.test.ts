/** A lane's owner that signs two bundles of one number: the only bad gateway of four. The honest ones must all end with the certified one. */
import test from "ava";
import type { Bundle } from "../../ledger/bundle/index.ts";
import { NO_HASH } from "../../ledger/lane/index.ts";
import type { Recipients } from "../../ledger/committee/index.ts";
import { openMemoryStore } from "../../ledger/store/memory.ts";
import { executeOne } from "../store/bundles.ts";
import {
  acksSent,
  bundleOf,
  carry,
  certificate,
  chainOf,
  type DrivenLanes,
  gateway,
  kindsOf,
  sent,
  START_MS,
  tips,
} from "./gateway.ts";

const OWNER = 3;
/** The half that this gateway saw, and the half that the others certified, with its successor. */
const lost = bundleOf(OWNER, 0, NO_HASH, "lost");
const won = bundleOf(OWNER, 0, NO_HASH, "won");
const next = bundleOf(OWNER, 1, won.hash, "next");
const none = { number: -1, hash: NO_HASH };

async function rootOf(driven: DrivenLanes, tip: Bundle): Promise<string> {
  const store = openMemoryStore({ lanes: 4 });
  await store.commit(driven.writes);
  const cut = [none, none, none, { number: tip.header.number, hash: tip.hash }];
  const execution = await executeOne(store, 5, cut);
  return execution.kind === "executed" ? execution.state.root : execution.kind;
}

function honest(): DrivenLanes {
  const driven = gateway(0);
  for (const bundle of [won, next]) driven.receive(carry(bundle), OWNER);
  return driven;
}

test("L2: who acknowledged one half of an equivocation never acknowledges the other", (t) => {
  const driven = gateway(0);
  t.deepEqual(acksSent(driven.receive(carry(lost), OWNER)), [`ack ${OWNER}/0`]);
  t.deepEqual(acksSent(driven.receive(carry(won), OWNER)), []);
});

test("L4, L8: a gateway that holds the losing half never executes it under a cut that descends from the winning one", async (t) => {
  const driven = gateway(0);
  driven.receive(carry(lost), OWNER);
  driven.receive(certificate(OWNER, won, [1, 2]), 1);
  driven.receive(carry(next), OWNER);
  driven.receive(certificate(OWNER, next, [1, 2]), 1);
  const root = await rootOf(driven, next);
  t.true(root === "waiting" || root === (await rootOf(honest(), next)), "another log was executed");
});

test("L9, L6: a gateway that holds the losing half fetches the winning one and goes on", async (t) => {
  const driven = gateway(0);
  driven.receive(carry(lost), OWNER);
  const effects = driven.receive(certificate(OWNER, won, [1, 2]), 1);
  t.true(sent(effects).some(({ kind }) => kind === "fetchBundles"));
  driven.receive(carry(won), OWNER);
  t.is(driven.lanes().lanes[OWNER]?.held, 0, "the owner of a disputed lane is not asked");
  driven.receive(carry(won), 1);
  t.is(await rootOf(driven, won), await rootOf(honest(), won));
});

test("L6: a gateway that refused one half takes the other, which the others certified", (t) => {
  const driven = gateway(0, (item) => (item === "lost" ? { kind: "reject", reason: "no" } : { kind: "accept" }));
  driven.receive(carry(lost), OWNER);
  driven.receive(certificate(OWNER, won, [1, 2]), 1);
  driven.receive(carry(won), 1);
  t.is(driven.lanes().lanes[OWNER]?.held, 1);
});

test("L8: a refused bundle is stored also when only a certificate above it is known", (t) => {
  const [zero, one, two] = chainOf(OWNER, 3) as [Bundle, Bundle, Bundle];
  const driven = gateway(0, (item) => (item === "item 0" ? { kind: "reject", reason: "no" } : { kind: "accept" }));
  driven.receive(certificate(OWNER, two, [1, 2]), 1);
  for (const bundle of [zero, one, two]) driven.receive(carry(bundle), 1);
  t.is(driven.lanes().lanes[OWNER]?.held, 3);
});

test("L2: another signature over the same content is ignored, and leaves nothing behind", (t) => {
  const driven = gateway(0, () => null);
  const again = bundleOf(OWNER, 0, NO_HASH, "lost", { isSignedAgain: true });
  t.true(again.root === lost.root && again.hash !== lost.hash);
  driven.receive(carry(lost), OWNER);
  t.deepEqual(driven.receive(carry(again), OWNER), []);
  driven.step({ kind: "checked", lane: OWNER, number: 0, hash: lost.hash, verdict: { kind: "accept" } });
  t.is(driven.lanes().lanes[OWNER]?.held, 1);
  t.is(driven.lanes().lanes[OWNER]?.waiting.size, 0);
});

test("L2: another header over the same statements is a rival like any other, and counts for nothing", (t) => {
  const driven = gateway(0, () => null);
  const younger = bundleOf(OWNER, 0, NO_HASH, "lost", { created: START_MS + 1 });
  t.is(younger.root, lost.root);
  driven.receive(carry(lost), OWNER);
  t.deepEqual(driven.receive(carry(younger), OWNER), []);
  t.is(driven.lanes().lanes[OWNER]?.checking?.bundle.hash, lost.hash);
});

test("L6, L9: a gateway that refused a bundle for its header takes the one that a quorum certified over the same statements", (t) => {
  const driven = gateway(0);
  const tooOld = bundleOf(OWNER, 0, NO_HASH, "won", { created: START_MS - 1 });
  t.is(tooOld.root, won.root);
  driven.receive(carry(tooOld), OWNER);
  driven.receive(certificate(OWNER, next, [1, 2]), 1);
  fetchedFrom(driven, 1, [won, next]);
  t.is(driven.lanes().lanes[OWNER]?.heldHash, next.hash);
});

test("L6, L9: a bundle that was refused, and then a worse rival of it, is taken when it turns out to be the certified one", (t) => {
  const driven = gateway(0);
  const other = bundleOf(OWNER, 1, lost.hash, "nonsense", { first: 7 });
  driven.receive(carry(lost), OWNER);
  // It stands on the half that this gateway did not get; then comes one that stands on nothing.
  for (const bundle of [next, other]) driven.receive(carry(bundle), OWNER);
  t.is(driven.lanes().lanes[OWNER]?.held, 1);
  driven.receive(certificate(OWNER, next, [1, 2]), 1);
  fetchedFrom(driven, 1, [won, next]);
  t.is(driven.lanes().lanes[OWNER]?.heldHash, next.hash);
});

test("L9: rivals of a refused bundle that nobody certified change nothing", (t) => {
  const driven = gateway(0, () => ({ kind: "reject", reason: "no" }));
  driven.receive(carry(lost), OWNER);
  for (let rival = 0; rival < 10; rival += 1) {
    t.deepEqual(driven.receive(carry(bundleOf(OWNER, 0, NO_HASH, `rival ${rival}`)), OWNER), []);
  }
});

test("L7: traffic in one lane does not put off the repair of another", (t) => {
  const driven = gateway(0);
  for (const peer of [1, 2, 3]) driven.receive(tips(false, [0, 0, 0, 0]), peer);
  driven.seal(bundleOf(0, 0, NO_HASH, "whose acks are lost"));
  const busy = chainOf(OWNER, 50);
  const told = busy.flatMap((bundle, at) => {
    driven.setClock(START_MS + at * 100);
    const effects = driven.step({ kind: "wake" });
    driven.receive(carry(bundle), OWNER);
    return at < 10 ? [] : sent(effects).filter(({ kind }) => kind === "tips");
  });
  t.true(told.length > 0, "four seconds, and nobody was told");
});

test("A9, L2: a gateway restored from an old disk image does not sign into its lane again once it learns of a higher own bundle", (t) => {
  const driven = gateway(0);
  const [zero, one] = chainOf(0, 2) as [Bundle, Bundle];
  driven.seal(zero);
  t.throws(() => {
    driven.receive(certificate(0, one, [1, 2]), 1);
    driven.seal(bundleOf(0, 1, zero.hash, "rival of what was signed before"));
  });
});

test("L9: a bundle that was refused because it stands on the winning half is taken once it is certified", (t) => {
  const driven = gateway(0);
  driven.receive(carry(lost), OWNER);
  driven.receive(carry(next), OWNER);
  t.is(driven.lanes().lanes[OWNER]?.held, 1, "it does not stand on what is held");
  driven.receive(certificate(OWNER, next, [1, 2]), 1);
  t.is(driven.lanes().lanes[OWNER]?.held, 0, "back to what is executed");
  for (const bundle of [won, next]) driven.receive(carry(bundle), 1);
  t.is(driven.lanes().lanes[OWNER]?.heldHash, next.hash);
});

test("L3: a refusal is told once, however often the refused bundle comes back or its owner is told", (t) => {
  const driven = gateway(0, () => ({ kind: "reject", reason: "no" }));
  const told = [1, 2, 3].map(
    () => kindsOf(driven.receive(carry(lost), OWNER)).filter((kind) => kind === "refused").length,
  );
  t.deepEqual(told, [1, 0, 0]);
  const own = bundleOf(0, 0, NO_HASH, "own");
  driven.seal(own);
  const heard = [1, 2, 3].map(() => {
    const refusal = { kind: "refusal", lane: 0, number: 0, hash: own.hash, reason: "no" } as const;
    return kindsOf(driven.receive(refusal, 2)).filter((kind) => kind === "refused").length;
  });
  t.deepEqual(heard, [1, 0, 0]);
});

/** Lets time pass, and has this signer answer whenever it is asked for the lane's bodies. */
function fetchedFrom(driven: DrivenLanes, signer: number, bundles: readonly Bundle[]): void {
  for (let round = 1; round < 10; round += 1) {
    driven.setClock(START_MS + round * 1000);
    driven.step({ kind: "wake" });
    if (driven.lanes().lanes[OWNER]?.fetching?.from !== signer) continue;
    for (const bundle of bundles) driven.receive(carry(bundle), signer);
  }
}

/** Two chains that the owner signed. This gateway got the first, the others certified the second. */
const lostChain = chainOf(OWNER, 5, "lost");
const wonChain = chainOf(OWNER, 5, "won");

test("L9, L4: who held the losing chain acknowledges nothing of the winning one, because it has acknowledged its rivals", (t) => {
  const driven = gateway(0);
  for (const bundle of lostChain.slice(0, 4)) driven.receive(carry(bundle), OWNER);
  driven.receive(certificate(OWNER, wonChain[1] as Bundle, [1, 2]), 1);
  const acks = wonChain.flatMap((bundle) => acksSent(driven.receive(carry(bundle), 1)));
  t.is(driven.lanes().lanes[OWNER]?.heldHash, wonChain[4]?.hash);
  t.deepEqual(acks, []);
});

test("L9: a restart does not make a gateway forget which chain it holds", async (t) => {
  const driven = gateway(0);
  for (const bundle of lostChain.slice(0, 4)) driven.receive(carry(bundle), OWNER);
  const again = await driven.restarted();
  again.receive(certificate(OWNER, wonChain[1] as Bundle, [1, 2]), 1);
  t.is(again.lanes().lanes[OWNER]?.held, 0);
  const acks = wonChain.flatMap((bundle) => acksSent(again.receive(carry(bundle), 1)));
  t.is(again.lanes().lanes[OWNER]?.heldHash, wonChain[4]?.hash);
  t.deepEqual(acks, []);
});

test("L9: when execution lacks what is held, what is held is not the certified chain", (t) => {
  const driven = gateway(0);
  for (const bundle of lostChain.slice(0, 4)) driven.receive(carry(bundle), OWNER);
  driven.step({ kind: "wanted", lane: OWNER, upTo: 2, onDisk: 2 });
  t.is(driven.lanes().lanes[OWNER]?.held, 4, "what is on its way to the disk proves nothing");
  driven.step({ kind: "wanted", lane: OWNER, upTo: 2, onDisk: 4 });
  t.is(driven.lanes().lanes[OWNER]?.held, 0);
});

test("L8: a refused rival is not stored because something above it is certified that does not stand on it", async (t) => {
  const driven = gateway(0, (item) =>
    item.startsWith("lost") ? { kind: "reject", reason: "no" } : { kind: "accept" },
  );
  driven.receive(carry(lostChain[0] as Bundle), OWNER);
  driven.receive(certificate(OWNER, wonChain[1] as Bundle, [1, 2]), 1);
  t.is(driven.lanes().lanes[OWNER]?.held, 0);
  fetchedFrom(driven, 1, wonChain.slice(0, 2));
  t.is(driven.lanes().lanes[OWNER]?.held, 2);
  t.is((await driven.restarted()).lanes().lanes[OWNER]?.held, 2);
});

test("L6: a fetch that nobody answers is repeated to the next signer, however busy the lane is", (t) => {
  const driven = gateway(0);
  const asked = new Set<Recipients>();
  for (const [at, bundle] of chainOf(OWNER, 12).entries()) {
    driven.setClock(START_MS + at * 400);
    const effects = [
      ...driven.receive(certificate(OWNER, bundle, [1, 2]), 1),
      ...driven.step({ kind: "wanted", lane: OWNER, upTo: 0, onDisk: 4 }),
      ...driven.step({ kind: "wake" }),
    ];
    for (const effect of effects)
      if (effect.kind === "send" && effect.message.kind === "fetchBundles") asked.add(effect.to);
  }
  t.deepEqual(asked, new Set([OWNER, 1, 2]));
});

test("L6, L9: on a long way, the answer of a signer still finds the disputed lane that asked for it", (t) => {
  const driven = gateway(0);
  for (const bundle of lostChain.slice(0, 4)) driven.receive(carry(bundle), OWNER);
  const onTheWay: { readonly arrivesMs: number; readonly from: number }[] = [];
  const WAY_MS = 700;
  for (let ms = 0; ms < 10_000; ms += 100) {
    driven.setClock(START_MS + ms);
    const effects = [
      ...(ms === 0 ? driven.receive(certificate(OWNER, wonChain[1] as Bundle, [1, 2]), 1) : []),
      ...driven.step({ kind: "wake" }),
    ];
    for (const effect of effects)
      if (effect.kind === "send" && effect.message.kind === "fetchBundles" && typeof effect.to === "number")
        onTheWay.push({ arrivesMs: ms + WAY_MS, from: effect.to });
    for (const { arrivesMs, from } of onTheWay)
      if (arrivesMs === ms) for (const bundle of wonChain.slice(0, 2)) driven.receive(carry(bundle), from);
  }
  t.is(driven.lanes().lanes[OWNER]?.heldHash, wonChain[1]?.hash);
});

test("L5: what waits for its turn is bounded, however far behind the certificate this gateway is", (t) => {
  const driven = gateway(0);
  const chain = chainOf(OWNER, 200);
  driven.receive(certificate(OWNER, chain.at(-1) as Bundle, [1, 2]), 1);
  for (const bundle of chain.slice(1)) driven.receive(carry(bundle), 1);
  t.true((driven.lanes().lanes[OWNER]?.waiting.size ?? 0) < 128);
});
