import test, { type ExecutionContext } from "ava";
import { toHex } from "../../ledger/crypto/index.ts";
import { leafHash, treeRoot, verifyConsistency, verifyInclusion } from "../../ledger/log/index.ts";
import { openMemoryStore, type Store, type Write } from "../../ledger/store/index.ts";
import { decodeTwin } from "../../ledger/twin/index.ts";
import { bundleWrite, cutOf, executeOne, LANES, laneOf, nextBundle } from "./bundles.ts";
import { diskStore } from "./stores.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (found: Uint8Array | null): string | null => (found === null ? null : new TextDecoder().decode(found));

const kinds: readonly {
  readonly name: string;
  readonly open: (t: ExecutionContext) => Promise<Store>;
}[] = [
  { name: "disk", open: (t) => diskStore(t) },
  { name: "memory", open: () => Promise.resolve(openMemoryStore({ lanes: LANES })) },
];

for (const { name, open } of kinds) {
  test(`${name}: X1 executing a cut appends the bundles lane by lane and gives the tree's root`, async (t) => {
    const store = await open(t);
    const lanes = [laneOf(0, 2, 3), laneOf(1, 3, 1), [], laneOf(3, 1, 2)];
    await store.commit(lanes.flatMap((lane, index) => lane.map((bundle) => bundleWrite(index, bundle))));
    const done = await executeOne(store, 1, cutOf(lanes));
    if (done.kind !== "executed") return t.fail(done.kind);
    t.deepEqual(
      done.bundles.map(({ lane, number, leaf, index, first, count }) => [lane, number, leaf, index, first, count]),
      [
        [0, 0, 0, 0, 0, 3],
        [0, 1, 1, 3, 3, 3],
        [1, 0, 2, 6, 0, 1],
        [1, 1, 3, 7, 1, 1],
        [1, 2, 4, 8, 2, 1],
        [3, 0, 5, 9, 0, 2],
      ],
    );
    const leaves = lanes.flat().map(({ cose }) => leafHash(cose));
    t.is(done.state.root, toHex(treeRoot(leaves)));
    t.deepEqual(done.state, { view: 1, size: 6, root: done.state.root, statements: 11, tips: [1, 2, -1, 0] });
    t.deepEqual((await store.recover()).executed, done.state);
    const found = await store.statementsAfter(-1, 100);
    t.deepEqual(found.map(({ index, lane, number }) => [index, lane, number]).slice(5, 8), [
      [5, 0, 5],
      [6, 1, 0],
      [7, 1, 1],
    ]);
    t.deepEqual(
      found.map(({ bytes: each }) => toHex(each)),
      lanes.flat().flatMap(({ statements }) => statements.map(toHex)),
    );
    t.deepEqual(await store.statementsAfter(3, 2), found.slice(4, 6));
    t.deepEqual(await store.statementsAfter(10, 5), []);
  });

  test(`${name}: X3 a missing body changes nothing, and the same cut executes when it has come`, async (t) => {
    const store = await open(t);
    const lanes = [laneOf(0, 2, 1), laneOf(1, 3, 1), [], []];
    const [first, second, third] = lanes[1] ?? [];
    if (first === undefined || second === undefined || third === undefined) return t.fail();
    await store.commit([...(lanes[0] ?? []).map((bundle) => bundleWrite(0, bundle)), bundleWrite(1, first)]);
    t.deepEqual(await executeOne(store, 1, cutOf(lanes)), { kind: "waiting", lane: 1, number: 1, upTo: 2 });
    t.is((await store.recover()).executed.size, 0);
    t.deepEqual(await store.statementsAfter(-1, 10), []);
    await store.commit([bundleWrite(1, second), bundleWrite(1, third)]);
    const done = await executeOne(store, 1, cutOf(lanes));
    t.is(done.kind === "executed" ? done.state.size : null, 5);
  });

  test(`${name}: S4 the losing half of an equivocation counts as missing and gives way to the agreed bundle`, async (t) => {
    const store = await open(t);
    const [root] = laneOf(0, 1, 1);
    if (root === undefined) return t.fail();
    const [lost, won] = [nextBundle(0, root, 2, 5000), nextBundle(0, root, 1, 6000)];
    const onLost = nextBundle(0, lost, 1);
    await store.commit([root, lost, onLost].map((bundle) => bundleWrite(0, bundle)));
    const cut = cutOf([[root, won], [], [], []]);
    t.deepEqual(await executeOne(store, 1, cut), { kind: "waiting", lane: 0, number: 1, upTo: 1 });
    await store.commit([bundleWrite(0, won)]);
    t.deepEqual(
      (await store.bundles(0, 0, 1 << 20)).map(({ hash }) => hash),
      [root.hash, won.hash],
    );
    t.is((await executeOne(store, 1, cut)).kind, "executed");
    t.is(await store.statement(0, 2), null);
    await t.throwsAsync(store.commit([bundleWrite(0, lost)]), { message: /already in the log/ });
  });

  test(`${name}: S4 a bundle above a gap is a bug and stops the store`, async (t) => {
    const store = await open(t);
    const [, second] = laneOf(0, 2, 1);
    if (second === undefined) return t.fail();
    await t.throwsAsync(store.commit([bundleWrite(0, second)]), { message: /before its parent/ });
    await t.throwsAsync(store.commit([]), undefined, "S1: nothing is accepted after a failure");
  });

  test(`${name}: X5 executing a view again changes nothing`, async (t) => {
    const store = await open(t);
    const lanes = [laneOf(0, 3, 2), [], [], []];
    await store.commit((lanes[0] ?? []).map((bundle) => bundleWrite(0, bundle)));
    await executeOne(store, 2, cutOf([lanes[0]?.slice(0, 2) ?? [], [], [], []]));
    const before = await store.recover();
    const again = await executeOne(store, 2, cutOf(lanes));
    t.deepEqual(again, { kind: "executed", state: before.executed, bundles: [] });
    const next = await executeOne(store, 3, cutOf(lanes));
    t.deepEqual(next.kind === "executed" ? next.bundles.map(({ number }) => number) : [], [2]);
  });

  test(`${name}: receipts go from accepted to final to anchored, with a path to the anchored root`, async (t) => {
    const store = await open(t);
    const lanes = [laneOf(0, 5, 2), laneOf(1, 4, 3), [], []];
    await store.commit(lanes.flatMap((lane, index) => lane.map((bundle) => bundleWrite(index, bundle))));
    t.deepEqual(await store.receipt(0, 3), { kind: "pending", stage: "accepted" });
    t.deepEqual(await store.receipt(0, 10), { kind: "unknown" });
    t.deepEqual(await store.receipt(2, 0), { kind: "unknown" });
    await executeOne(store, 1, cutOf(lanes));
    t.deepEqual(await store.receipt(0, 3), { kind: "pending", stage: "final" });
    await store.commit([
      { kind: "anchor", ledger: "a", size: 9, note: "nine" },
      { kind: "anchor", ledger: "a", size: 1, note: "one" },
      { kind: "anchor", ledger: "b", size: 7, note: "seven" },
      { kind: "anchor", ledger: "a", size: 7, note: "another seven" },
    ]);
    const leaves = lanes.flat().map(({ cose }) => leafHash(cose));
    for (const [lane, number, leaf, size] of [
      [0, 1, 0, 1],
      [0, 9, 4, 7],
      [1, 11, 8, 9],
    ] as const) {
      const answer = await store.receipt(lane, number);
      if (answer.kind !== "parts") return t.fail(answer.kind);
      const { parts } = answer;
      t.is(parts.leaf, leaf);
      t.is(parts.anchor.size, size);
      t.true(verifyInclusion(leafHash(parts.bundle.cose), size, leaf, parts.path, treeRoot(leaves.slice(0, size))));
      t.deepEqual(parts.bundle.statements[number - parts.bundle.first], parts.statement);
    }
    for (const [from, to] of [
      [0, 5],
      [3, 9],
      [4, 8],
      [9, 9],
    ] as const) {
      const proof = await store.consistency(from, to);
      t.true(verifyConsistency(from, to, treeRoot(leaves.slice(0, from)), treeRoot(leaves.slice(0, to)), proof));
    }
    await t.throwsAsync(store.consistency(3, 10), { message: /9 leaves/ });
    t.is((await store.stats()).commits > 0, true, "a question without answer does not stop the store");
  });

  test(`${name}: a receipt waits while the anchor is ahead of this gateway's execution`, async (t) => {
    const store = await open(t);
    const lanes = [laneOf(0, 2, 1), [], [], []];
    await store.commit((lanes[0] ?? []).map((bundle) => bundleWrite(0, bundle)));
    await executeOne(store, 1, cutOf([lanes[0]?.slice(0, 1) ?? [], [], [], []]));
    await store.commit([{ kind: "anchor", ledger: "a", size: 2, note: "two" }]);
    t.deepEqual(await store.receipt(0, 0), { kind: "pending", stage: "final" });
    await executeOne(store, 2, cutOf(lanes));
    t.is((await store.receipt(0, 0)).kind, "parts");
  });

  test(`${name}: T2 the twin is the fold of the item's statements in log order`, async (t) => {
    const store = await open(t);
    const lanes = [laneOf(0, 2, 2, 1000), laneOf(1, 1, 3, 2000), [], []];
    await store.commit(lanes.flatMap((lane, index) => lane.map((bundle) => bundleWrite(index, bundle))));
    await executeOne(store, 1, cutOf(lanes));
    const encoded = await store.twin("item-2");
    if (encoded === null) return t.fail();
    const twin = decodeTwin(encoded);
    t.is(twin.count, 2);
    t.is(twin.latest.lane, 1);
    t.deepEqual(
      twin.history.map(({ lane, number, massGrams }) => [lane, number, massGrams]),
      [
        [0, 2, "1002"],
        [1, 2, "2002"],
      ],
    );
    t.is(twin.latest.index, 6);
    t.is(await store.twin("item-9"), null);
  });

  test(`${name}: A7 finalizing prunes what is below and keeps the chain`, async (t) => {
    const store = await open(t);
    const writes: Write[] = [1, 2, 3].flatMap((view): Write[] => [
      { kind: "vote", view, vote: "notarize", bytes: bytes(`n${view}`) },
      { kind: "vote", view, vote: "finalize", bytes: bytes(`f${view}`) },
      { kind: "proposal", view, bytes: bytes(`p${view}`) },
      { kind: "certificate", view, certificate: "notarization", bytes: bytes(`c${view}`) },
      { kind: "block", view, hash: `h${view}`, bytes: bytes(`b${view}`) },
    ]);
    await store.commit(writes);
    await store.commit(writes);
    const finalize = (view: number, views: readonly number[]): Write => ({
      kind: "finalized",
      view,
      hash: `h${view}`,
      finalization: bytes(`final${view}`),
      chain: views.map((each) => ({ view: each, hash: `h${each}`, bytes: bytes(`b${each}`) })),
    });
    await store.commit([finalize(2, [1, 2])]);
    // S3: told again, nothing moves.
    await store.commit([finalize(2, [1, 2])]);
    const found = await store.recover();
    t.is(found.finalized?.view, 2);
    t.is(text(found.finalized?.block ?? null), "b2");
    t.is(text(found.finalized?.finalization ?? null), "final2");
    t.deepEqual(
      found.votes.map(({ view, vote }) => `${view} ${vote}`),
      ["3 finalize", "3 notarize"],
    );
    t.deepEqual(
      found.proposals.map(({ view }) => view),
      [3],
    );
    t.deepEqual(
      found.certificates.map(({ view }) => view),
      [3],
    );
    t.deepEqual(
      found.blocks.map(({ hash }) => hash),
      ["h3"],
    );
    const all = await store.finalizedAfter(0, 10);
    t.deepEqual(
      all.blocks.map(({ view, hash }) => [view, hash]),
      [
        [1, "h1"],
        [2, "h2"],
      ],
    );
    t.deepEqual(await store.finalizedAfter(2, 10), { blocks: [], finalization: null });
    t.is(text(all.finalization), "final2");
  });

  test(`${name}: S11 an epoch begins with nothing of the one before that is not final, once, and across a restart`, async (t) => {
    const store = await open(t);
    const chain = [{ view: 3, hash: "h3", bytes: bytes("b3") }];
    const epoch: Write = {
      kind: "epoch",
      epoch: 1,
      view: 3,
      tips: [{ number: -1, hash: "" }],
      document: bytes("one"),
      ends: [],
      self: 0,
    };
    const vote = (text_: string): Write => ({ kind: "vote", view: 4, vote: "notarize", bytes: bytes(text_) });
    await store.commit([
      vote("of the old epoch"),
      { kind: "proposal", view: 5, bytes: bytes("p") },
      { kind: "certificate", view: 4, certificate: "nullify", bytes: bytes("c") },
      { kind: "block", view: 4, hash: "h4", bytes: bytes("b4") },
      { kind: "laneCertificate", lane: 1, number: 7, bytes: bytes("l") },
      { kind: "finalized", view: 3, hash: "h3", finalization: bytes("f3"), chain },
      epoch,
      vote("of the new epoch"),
    ]);
    await store.commit([epoch]);
    const found = await store.recover();
    t.deepEqual(
      found.epochs.map((one) => [one.epoch, one.view, one.tips, text(one.document)]),
      [[1, 3, [{ number: -1, hash: "" }], "one"]],
    );
    t.deepEqual([found.proposals, found.certificates, found.blocks, found.lanes], [[], [], [], []]);
    t.deepEqual(
      found.votes.map((one) => text(one.bytes)),
      ["of the new epoch"],
    );
    t.is(found.finalized?.view, 3);
  });

  test(`${name}: S11 a lane whose key went ends at the cut; own statements are set aside until they are in a new bundle`, async (t) => {
    const store = await open(t);
    const lanes = [laneOf(0, 4, 2), laneOf(1, 3, 1), laneOf(2, 2, 1), []];
    await store.commit(lanes.flatMap((lane, index) => lane.map((bundle) => bundleWrite(index, bundle))));
    const silent = (lane: number): Write => ({ kind: "memo", key: `lane/${lane}/silent`, bytes: bytes("1") });
    await store.commit([silent(1), silent(2)]);
    const tips = [1, 0, 0, -1].map((number) => ({ number, hash: "" }));
    await store.commit([{ kind: "epoch", epoch: 1, view: 3, tips, document: bytes("one"), ends: [0, 1], self: 0 }]);
    const found = await store.recover();
    t.deepEqual(
      found.lanes.map(({ lane, number }) => [lane, number]),
      [
        [0, 1],
        [1, 0],
        [2, 1],
      ],
    );
    t.deepEqual(found.silentLanes, [2]);
    t.is(found.unsealed, 2);
    const aside = await store.unsealed(10);
    t.deepEqual(
      aside.map(({ statements }) => statements.map(toHex)),
      (lanes[0] ?? []).slice(2).map(({ statements }) => statements.map(toHex)),
    );
    t.is((await store.unsealed(1)).length, 1);
    await store.commit([{ kind: "resealed", first: aside[0]?.first ?? -1 }]);
    t.deepEqual(await store.unsealed(10), aside.slice(1));
    t.is((await store.recover()).unsealed, 1);
  });

  test(`${name}: S11 the chain is told epoch by epoch, and gateways that join have lanes`, async (t) => {
    const store = await open(t);
    const finalize = (view: number): Write => ({
      kind: "finalized",
      view,
      hash: `h${view}`,
      finalization: bytes(`final${view}`),
      chain: [{ view, hash: `h${view}`, bytes: bytes(`b${view}`) }],
    });
    const epoch = (number: number, view: number): Write => ({
      kind: "epoch",
      epoch: number,
      view,
      tips: [],
      document: bytes(`${number}`),
      ends: [],
      self: 0,
    });
    await store.commit([epoch(0, 0), finalize(1), finalize(2), epoch(1, 2), finalize(4), finalize(5)]);
    const piece = async (after: number) => {
      const found = await store.finalizedAfter(after, 10);
      return [found.blocks.map(({ view }) => view), text(found.finalization)];
    };
    t.deepEqual(await piece(0), [[1, 2], "final2"]);
    t.deepEqual(await piece(2), [[4, 5], "final5"]);
    const joined = laneOf(LANES, 2, 3);
    await store.commit(joined.map((bundle) => bundleWrite(LANES, bundle)));
    const held = (await store.recover()).lanes;
    t.deepEqual(
      held.map(({ lane, number }) => [lane, number]),
      [[LANES, 1]],
    );
    const done = await executeOne(store, 4, cutOf([[], [], [], [], joined]));
    t.is(done.kind === "executed" ? done.state.statements : null, 6);
    t.deepEqual((await store.countsAt(2)).lanes, [0, 0, 0, 0, 6]);
  });

  test(`${name}: S9 a piece of the chain ends at a block that was finalized by name`, async (t) => {
    const store = await open(t);
    const block = (view: number) => ({ view, hash: `h${view}`, bytes: bytes(`b${view}`) });
    const finalize = (view: number, views: readonly number[]): Write => ({
      kind: "finalized",
      view,
      hash: `h${view}`,
      finalization: bytes(`final${view}`),
      chain: views.map(block),
    });
    await store.commit([finalize(2, [1, 2]), finalize(7, [4, 5, 6, 7]), finalize(8, [8])]);
    const piece = async (after: number, limit: number) => {
      const found = await store.finalizedAfter(after, limit);
      return [found.blocks.map(({ view }) => view), text(found.finalization)];
    };
    t.deepEqual(await piece(0, 3), [[1, 2], "final2"]);
    t.deepEqual(await piece(0, 1), [[1, 2], "final2"], "none within the limit: the first one beyond");
    t.deepEqual(await piece(0, 100), [[1, 2, 4, 5, 6, 7, 8], "final8"]);
    t.deepEqual(await piece(4, 2), [[5, 6, 7], "final7"]);
    t.deepEqual(await piece(8, 2), [[], null]);
    await store.commit([finalize(4, [])]);
    t.deepEqual(await piece(2, 2), [[4], "final4"], "an ancestor that is finalized by name later keeps it");
    t.is((await store.recover()).finalized?.view, 8);
  });

  test(`${name}: statements are counted by lane for every prefix of the log`, async (t) => {
    const store = await open(t);
    const lanes = [laneOf(0, 3, 2), laneOf(1, 2, 3), [], laneOf(3, 1, 1)];
    await store.commit(lanes.flatMap((lane, index) => lane.map((bundle) => bundleWrite(index, bundle))));
    await executeOne(store, 1, cutOf([lanes[0]?.slice(0, 1) ?? [], lanes[1]?.slice(0, 1) ?? [], [], []]));
    await executeOne(store, 2, cutOf(lanes));
    const counts = [
      [0, 0, 0, 0],
      [2, 0, 0, 0],
      [2, 3, 0, 0],
      [4, 3, 0, 0],
      [6, 3, 0, 0],
      [6, 6, 0, 0],
      [6, 6, 0, 1],
    ];
    for (const [size, expected] of counts.entries()) {
      const statements = expected.reduce((sum, count) => sum + count, 0);
      t.deepEqual(await store.countsAt(size), { statements, lanes: expected });
    }
    await store.commit([
      { kind: "anchor", ledger: "a", size: 3, note: "three" },
      { kind: "memo", key: "lane/3/silent", bytes: bytes("1") },
    ]);
    const found = await store.recover();
    t.deepEqual(found.executedCounts, counts[6] ?? []);
    t.deepEqual(found.anchoredCounts, counts[3] ?? []);
    t.deepEqual(found.silentLanes, [3]);
  });

  test(`${name}: A9 a second, different vote of a view is never stored`, async (t) => {
    const store = await open(t);
    await store.commit([{ kind: "vote", view: 7, vote: "notarize", bytes: bytes("first") }]);
    await t.throwsAsync(store.commit([{ kind: "vote", view: 7, vote: "notarize", bytes: bytes("second") }]), {
      message: /second, different notarize vote in view 7/,
    });
  });

  test(`${name}: everything of the gateway's own is found again`, async (t) => {
    const store = await open(t);
    const [first, second] = laneOf(2, 2, 2);
    if (first === undefined || second === undefined) return t.fail();
    const refusal = {
      kind: "refusal",
      lane: 1,
      number: 4,
      hash: "aa",
      by: 0,
      reason: "bad",
      evidence: bytes("x"),
      atMs: 5,
    } as const;
    const evidence = {
      kind: "evidence",
      fault: "two-votes",
      gateway: 3,
      about: "view 9",
      bytes: bytes("both"),
    } as const;
    await store.commit([
      bundleWrite(2, first),
      bundleWrite(2, second),
      { kind: "laneCertificate", lane: 2, number: 1, bytes: bytes("high") },
      { kind: "laneCertificate", lane: 2, number: 0, bytes: bytes("low") },
      { kind: "laneCertificate", lane: 3, number: 0, bytes: bytes("early") },
      { kind: "checkpoint", size: 5, root: "r5", note: "five" },
      { kind: "checkpoint", size: 4, root: "r4", note: "four" },
      { kind: "anchor", ledger: "a", size: 3, note: "three" },
      { kind: "anchor", ledger: "a", size: 5, note: "five+" },
      { kind: "reading", id: "one", bytes: bytes("1") },
      { kind: "reading", id: "two", bytes: bytes("2") },
      { kind: "reading", id: "three", bytes: bytes("3") },
      { kind: "readingsDone", ids: ["two", "unknown"] },
      { kind: "accepted", key: "k", number: 7 },
      { kind: "accepted", key: "k", number: 8 },
      { kind: "memo", key: "m", bytes: bytes("old") },
      { kind: "memo", key: "m", bytes: bytes("new") },
      refusal,
      refusal,
      { ...refusal, number: 5 },
      evidence,
      evidence,
    ]);
    const found = await store.recover();
    t.deepEqual(
      found.lanes.map(({ lane, number, nextStatement, certificate }) => [
        lane,
        number,
        nextStatement,
        text(certificate),
      ]),
      [
        [2, 1, 4, "high"],
        [3, -1, 0, "early"],
      ],
    );
    t.deepEqual(found.lanes[0]?.cose, second.cose);
    t.deepEqual(found.lanes[0]?.lastStatement, second.statements[1]);
    t.deepEqual(found.checkpoint, { size: 5, note: "five" });
    t.deepEqual(found.anchors, [{ ledger: "a", size: 5, note: "five+" }]);
    t.deepEqual(
      found.readings.map(({ id, bytes: each }) => [id, text(each)]),
      [
        ["one", "1"],
        ["three", "3"],
      ],
    );
    t.is(await store.accepted("k"), 7);
    t.is(await store.accepted("other"), null);
    t.is(text(await store.memo("m")), "new");
    t.is(await store.memo("other"), null);
    t.deepEqual(
      (await store.refusals(10)).map(({ number }) => number),
      [5, 4],
    );
    t.deepEqual((await store.refusals(1)).length, 1);
    t.is(text((await store.refusals(10))[0]?.evidence ?? null), "x");
    t.deepEqual(
      found.evidence.map(({ fault, gateway, about, bytes: file }) => [fault, gateway, about, text(file)]),
      [["two-votes", 3, "view 9", "both"]],
    );
    t.is(text(await store.evidence(3, "two-votes", "view 9")), "both");
    t.is(await store.evidence(3, "two-votes", "view 10"), null);
    t.deepEqual(await store.statement(2, 1), { bytes: first.statements[1] ?? bytes(""), index: null });
    const held = await store.bundles(2, 0, 1);
    t.deepEqual(
      held.map(({ number }) => number),
      [0],
      "at least one bundle whatever the byte limit",
    );
    t.deepEqual(
      (await store.bundles(2, 1, 1 << 20)).map(({ hash, cose }) => [hash, toHex(cose)]),
      [[second.hash, toHex(second.cose)]],
    );
    t.deepEqual(await store.bundles(2, 2, 1 << 20), []);
  });

  test(`${name}: S7 one lane's refusals are bounded and push out none of another lane`, async (t) => {
    const store = await open(t);
    const refusal = (lane: number, number: number): Write => ({
      kind: "refusal",
      lane,
      number,
      hash: "aa",
      by: 0,
      reason: "bad",
      evidence: new Uint8Array(70_000),
      atMs: number,
    });
    await store.commit([refusal(1, 0)]);
    await store.commit(Array.from({ length: 1005 }, (_, number) => refusal(2, number)));
    const found = await store.refusals(5000);
    t.is(found.filter(({ lane }) => lane === 2).length, 1000);
    t.is(found[0]?.number, 1004);
    t.is(found[0]?.evidence.length, 65_536);
    t.is(found.at(-1)?.lane, 1);
  });

  test(`${name}: S7 the first sixteen pieces of evidence of each fault of each gateway are kept`, async (t) => {
    const store = await open(t);
    const evidence = (gateway: number, fault: string, about: number): Write => ({
      kind: "evidence",
      fault,
      gateway,
      about: String(about),
      bytes: new Uint8Array(1),
    });
    await store.commit(Array.from({ length: 40 }, (_, about) => evidence(1, "two-votes", about)));
    await store.commit([evidence(1, "two-bundles", 0), evidence(2, "two-votes", 0)]);
    const kept = (await store.recover()).evidence.map(({ gateway, fault, about }) => `${gateway} ${fault} ${about}`);
    const first = Array.from({ length: 16 }, (_, about) => `1 two-votes ${about}`);
    t.deepEqual(kept, [...first, "1 two-bundles 0", "2 two-votes 0"]);
  });
}
