import test from "ava";
import { cosign, formatCheckpoint, formatNote } from "../../ledger/log/index.ts";
import { sign } from "../../ledger/crypto/index.ts";
import { originOf, siteKeys } from "../../ledger/management/index.ts";
import { QueueFull } from "../../ledger/replica/index.ts";
import { makeCheckpoints } from "../../ledger/replica/checkpoints.ts";
import { startExecutor } from "../../ledger/replica/executor.ts";
import { makeOutbox } from "../../ledger/replica/outbox.ts";
import { openMessage, sealMessage } from "../../ledger/replica/wire.ts";
import { decodeStatement } from "../../ledger/statement/index.ts";
import { openMemoryStore } from "../../ledger/store/memory.ts";
import type { Store, Write } from "../../ledger/store/port.ts";
import { blockOn, genesis, SIZE } from "../agreement/gateway.ts";
import { committeeOf, hashOfText } from "../committee/fake.ts";
import { carry, chainOf } from "../lane/gateway.ts";
import { simulatedSite } from "../sim/site.ts";
import { draft, linked, pass, settled, start, START_MS } from "./site.ts";
import { type Block, blockHash, encodeBlock } from "../../ledger/message/index.ts";

/** A store whose commits end when the test says so. */
function heldStore(lanes: number) {
  const inner = openMemoryStore({ lanes });
  const waiting: { readonly writes: readonly Write[]; readonly end: (error: Error | null) => void }[] = [];
  const commit = (writes: readonly Write[]) =>
    new Promise<void>((resolve, reject) => {
      waiting.push({
        writes,
        end: (error) => {
          if (error === null) inner.commit(writes).then(resolve, reject);
          else reject(error);
        },
      });
    });
  const store: Store = { ...inner, commit };
  return { store, waiting };
}

const memo = (key: string): Write => ({ kind: "memo", key, bytes: new Uint8Array([1]) });

test("R1: what stands behind a write happens when that write and all before it are on disk, in order", async (t) => {
  const { store, waiting } = heldStore(1);
  const outbox = makeOutbox(store, () => t.fail());
  const done: string[] = [];
  outbox.behind(() => done.push("at once"));
  outbox.flush();
  for (const name of ["one", "two"]) {
    outbox.write(memo(name));
    outbox.behind(() => done.push(name));
    outbox.flush();
  }
  outbox.behind(() => done.push("no write of its own"));
  outbox.flush();
  waiting[1]?.end(null);
  await settled();
  t.deepEqual(done, ["at once"]);
  waiting[0]?.end(null);
  await settled();
  t.deepEqual(done, ["at once", "one", "two", "no write of its own"]);
  t.is(outbox.waiting(), 0);
});

test("R1: the writes of one turn are one commit", (t) => {
  const { store, waiting } = heldStore(1);
  const outbox = makeOutbox(store, () => t.fail());
  outbox.write(memo("one"));
  outbox.write(memo("two"));
  outbox.flush();
  outbox.write(memo("three"));
  outbox.flush();
  t.deepEqual(
    waiting.map(({ writes }) => writes.length),
    [2, 1],
  );
});

test("R1: after a failed commit nothing leaves any more, not even what a later commit made durable", async (t) => {
  const { store, waiting } = heldStore(1);
  const failures: Error[] = [];
  const done: string[] = [];
  const outbox = makeOutbox(store, (error) => failures.push(error));
  for (const name of ["one", "two"]) {
    outbox.write(memo(name));
    outbox.behind(() => done.push(name));
    outbox.flush();
  }
  waiting[1]?.end(null);
  waiting[0]?.end(new Error("the disk is gone"));
  await settled();
  outbox.behind(() => done.push("three"));
  outbox.flush();
  await settled();
  t.deepEqual(done, []);
  t.deepEqual(
    failures.map(({ message }) => message),
    ["the disk is gone"],
  );
});

test("R1, L2: no bundle is sent before its commit, and none after the commit failed: the replica halts", async (t) => {
  const { store, waiting } = heldStore(4);
  const watched = await start(4, 0, store);
  for (const peer of [1, 2, 3])
    watched.replica.receive(
      peer,
      sealMessage({ layer: "lane", message: { kind: "tips", again: false, held: [0, 0, 0, 0], certificates: [] } }),
    );
  const accepted = watched.replica.accept(draft("parcel"));
  let isAccepted = false;
  accepted.then(
    () => (isAccepted = true),
    () => undefined,
  );
  await watched.wait(20);
  t.is(waiting.length, 1);
  t.deepEqual(watched.sent, []);
  t.false(isAccepted);
  waiting[0]?.end(new Error("the disk is full"));
  await settled();
  t.deepEqual(watched.sent, []);
  t.is(watched.halts[0]?.message, "the disk is full");
  t.is(watched.replica.status().halted, "the disk is full");
  watched.replica.linkUp(1);
  await watched.wait(1000);
  t.deepEqual(watched.sent, []);
  t.false(isAccepted);
  await t.throwsAsync(watched.replica.accept(draft("another")), { message: "the disk is full" });
});

test("R2: accept resolves behind the commit that holds the bundle and the caller's writes, with numbers that have no gap", async (t) => {
  const { store, waiting } = heldStore(4);
  const watched = await start(4, 0, store);
  const answers: number[] = [];
  for (const item of ["a", "b", "c"])
    watched.replica.accept(draft(item)).then(
      ({ number }) => answers.push(number),
      () => undefined,
    );
  await watched.wait(20);
  t.deepEqual(answers, []);
  t.deepEqual(waiting[0]?.writes.map(({ kind }) => kind).sort(), ["accepted", "accepted", "accepted", "bundle"]);
  waiting[0]?.end(null);
  await settled();
  t.deepEqual(answers, [0, 1, 2]);
  t.is(await store.accepted("b"), 1);
});

test("R2: a gateway that stops still accepts what is sealed, when it is on disk, and refuses what only waited", async (t) => {
  const { store, waiting } = heldStore(4);
  const watched = await start(4, 0, store);
  const sealed = watched.replica.accept(draft("sealed"));
  await watched.wait(20);
  const unsealed = t.throwsAsync(watched.replica.accept(draft("waiting")), { message: /stopping/ });
  const stopping = watched.replica.stop();
  await unsealed;
  for (const { end } of waiting) end(null);
  await stopping;
  t.deepEqual(await sealed, { number: 0 });
  t.is(await store.accepted("sealed"), 0);
  t.is(await store.accepted("waiting"), null);
});

test("R2: a gateway that stops does not accept what its disk fails to take", async (t) => {
  const { store, waiting } = heldStore(4);
  const watched = await start(4, 0, store);
  const sealed = t.throwsAsync(watched.replica.accept(draft("sealed")), { message: "the disk is full" });
  await watched.wait(20);
  const stopping = watched.replica.stop();
  for (const { end } of waiting) end(new Error("the disk is full"));
  await stopping;
  await sealed;
});

test("R2: with 10,000 waiting the next one is not accepted, and says so", async (t) => {
  const watched = await start(1, 0);
  const accepted = Array.from({ length: 10_000 }, (_, number) => watched.replica.accept(draft(`item ${number}`)));
  const error = await t.throwsAsync(watched.replica.accept(draft("one too many")), { instanceOf: QueueFull });
  t.is(error.code, "QUEUE_FULL");
  const answers = Promise.all(accepted);
  while (watched.replica.status().queues.accept !== 0) await watched.wait(20);
  t.is(new Set((await answers).map(({ number }) => number)).size, 10_000);
});

test("R2: a disk that hangs fills the queue and then refuses: what is sealed but not on disk counts too", async (t) => {
  const { store } = heldStore(1);
  const watched = await start(1, 0, store);
  let refused = 0;
  for (let item = 0; item < 12_000; item += 1) {
    watched.replica.accept(draft(`item ${item}`)).catch(() => (refused += 1));
    if (item % 1000 === 999) await watched.wait(20);
  }
  await settled();
  t.true(refused > 0);
});

test("R2: a measurement that cannot be encoded is not accepted, and those beside it are", async (t) => {
  const watched = await start(1, 0);
  const good = watched.replica.accept(draft("good"));
  const bad = watched.replica.accept(draft("\u0000"));
  const outcome = Promise.allSettled([good, bad]);
  await watched.wait(20);
  await watched.wait(20);
  t.deepEqual(
    (await outcome).map(({ status }) => status),
    ["fulfilled", "rejected"],
  );
});

test("R2: the time of a measurement stays what it was when it is later than the one before", async (t) => {
  const watched = await start(1, 0);
  const first = watched.replica.accept(draft("first", START_MS - 100));
  await watched.wait(20);
  await first;
  const second = watched.replica.accept(draft("second", START_MS - 50));
  await watched.wait(20);
  await second;
  const { bytes } = (await watched.store.statement(0, 1)) ?? { bytes: new Uint8Array() };
  const decoded = decodeStatement(bytes);
  t.is(decoded.kind === "accept" && decoded.statement.measurement.at, START_MS - 50);
});

test("R3: a site executes what was accepted anywhere, in one order, and every gateway ends with one root", async (t) => {
  const all = await linked(4);
  const accepted = Promise.all(all.map(({ replica }, index) => replica.accept(draft(`parcel ${index}`))));
  await pass(all, 500);
  await accepted;
  const roots = new Set(all.map(({ replica }) => JSON.stringify(replica.status().log)));
  t.is(roots.size, 1);
  t.is(all[0]?.replica.status().log.statements, 4);
  t.deepEqual(
    all.flatMap(({ halts }) => halts),
    [],
  );
});

test("R3: a held body that is not the one agreed on is asked for, not looked up without end", async (t) => {
  const inner = openMemoryStore({ lanes: 1 });
  const { executed } = await inner.recover();
  let lookups = 0;
  const execute: Store["execute"] = () => {
    lookups += 1;
    if (lookups > 100) return Promise.reject(new Error("looked up without end"));
    return Promise.resolve([{ kind: "waiting", lane: 0, number: 0, upTo: 0 }]);
  };
  const wanted: number[] = [];
  const executor = startExecutor({
    store: { ...inner, execute },
    executed,
    finalizedView: 0,
    done: () => t.fail(),
    wanted: (lane) => wanted.push(lane),
    failed: () => undefined,
  });
  await settled();
  executor.bodyHeld(0);
  executor.push([blockOn(genesis, 1, { 0: 0 })]);
  await settled();
  t.deepEqual(wanted, [0]);
});

test("R3: however many blocks become final while a body is missing, 256 wait in memory, and all are executed once, in order, many at a time", async (t) => {
  const BLOCKS = 700;
  const inner = openMemoryStore({ lanes: SIZE });
  const blocks: Block[] = [];
  for (let view = 1; view <= BLOCKS; view += 1) {
    const parent = blocks.at(-1);
    blocks.push(blockOn(parent === undefined ? genesis : { ...parent, hash: blockHash(parent) }, view));
  }
  let isHeld = false;
  let calls = 0;
  const execute: Store["execute"] = async (cuts) => {
    calls += 1;
    return isHeld ? inner.execute(cuts) : [{ kind: "waiting", lane: 0, number: 0, upTo: 0 }];
  };
  const views: number[] = [];
  const executor = startExecutor({
    store: { ...inner, execute },
    executed: (await inner.recover()).executed,
    finalizedView: 0,
    done: ({ state }) => views.push(state.view),
    wanted: () => undefined,
    failed: (error) => t.fail(error.message),
  });
  for (const block of blocks) {
    const { view } = block;
    const [hash, bytes] = [blockHash(block), encodeBlock(block)];
    await inner.commit([{ kind: "finalized", view, hash, finalization: bytes, chain: [{ view, hash, bytes }] }]);
    executor.push([block]);
    t.true(executor.waiting() <= 256);
  }
  t.deepEqual(views, []);
  isHeld = true;
  calls = 0;
  executor.bodyHeld(0);
  for (let round = 0; round < 10; round += 1) await settled();
  t.deepEqual(
    views,
    blocks.map(({ view }) => view),
  );
  t.true(calls < 20, `${calls} calls`);
});

test("A11: a calendar clock that is set back stops no timer: the others' silence is noticed all the same", async (t) => {
  let wallMs = START_MS;
  const witness = await start(4, 1, openMemoryStore({ lanes: 4 }), { now: () => wallMs });
  for (const peer of [0, 2, 3]) witness.replica.linkUp(peer);
  witness.replica.accept(draft("parcel")).catch(() => t.fail());
  await witness.wait(20);
  wallMs -= 3_600_000;
  witness.sent.length = 0;
  await witness.wait(600);
  // A jump of 600 ms is a late alarm: first it hears what has come.
  await witness.wait(0);
  t.true(witness.sent.length > 0, "the standstill of the own lane (L7) went unnoticed");
});

test("R4: a quorum of cosignatures over the executed log is a checkpoint at every gateway", async (t) => {
  const all = await linked(4);
  all[1]?.replica.accept(draft("parcel")).catch(() => t.fail());
  await pass(all, 500);
  for (const { replica } of all) t.is(replica.status().checkpoint?.size, 1);
});

function cosignature(voter: number, size: number, root: string): Uint8Array {
  const { site, checkpointKeys } = simulatedSite(4);
  const [key, secret] = [siteKeys(site).gateways[voter]?.checkpointKey, checkpointKeys[voter]];
  if (key === undefined || secret === undefined) throw new Error(`there is no gateway ${voter}`);
  const body = formatCheckpoint({ origin: originOf(site.site), size, root });
  const signature = cosign(key, (message) => sign(secret, message), body, 1_767_225_600);
  return sealMessage({
    layer: "checkpoint",
    message: { kind: "cosignature", size, note: formatNote({ body, signatures: [signature] }) },
  });
}

test("R4: a quorum that cosigned another root at an executed size halts the gateway, which then says so and sends nothing", async (t) => {
  const all = await linked(4);
  const witness = all[0];
  if (witness === undefined) return t.fail();
  const other = hashOfText("another log");
  for (const voter of [1, 2]) witness.replica.receive(voter, cosignature(voter, 1, other));
  witness.replica.receive(3, cosignature(3, 1, other));
  t.deepEqual(witness.halts, [], "nothing was executed here yet");
  all[1]?.replica.accept(draft("parcel")).catch(() => t.fail());
  await pass(all, 500);
  t.is(witness.halts.length, 1);
  t.is((witness.halts[0] as Error & { code: string }).code, "LOG_DIVERGED");
  t.true(witness.replica.status().halted?.includes(other));
});

test("R4: fewer than a quorum with another root change nothing", async (t) => {
  const all = await linked(4);
  const witness = all[0];
  if (witness === undefined) return t.fail();
  witness.replica.receive(3, cosignature(3, 1, hashOfText("another log")));
  all[1]?.replica.accept(draft("parcel")).catch(() => t.fail());
  await pass(all, 500);
  t.deepEqual(witness.halts, []);
  t.is(witness.replica.status().checkpoint?.size, 1);
});

test("R4: a bad peer's cosignatures for sizes far ahead do not push out the honest ones", async (t) => {
  const { site, checkpointKeys } = simulatedSite(4);
  const [secret] = checkpointKeys;
  if (secret === undefined) return t.fail();
  const checkpoints = makeCheckpoints(site, committeeOf(4, 0), (message) => sign(secret, message));
  const noteOf = (voter: number, size: number, root: string) => {
    const opened = openMessage(cosignature(voter, size, root));
    return opened.kind === "accept" && opened.opened.layer === "checkpoint" ? opened.opened.message.note : "";
  };
  for (let size = 0; size < 300; size += 1) checkpoints.add(3, noteOf(3, 1_000_000 + size, hashOfText("junk")));
  const root = hashOfText("the log");
  checkpoints.cosignExecuted(1, root, 1_767_225_600);
  for (const voter of [1, 2]) checkpoints.add(voter, noteOf(voter, 1, root));
  t.is(checkpoints.take(1)?.size, 1);
});

test("R4, A14: a cosignature without a checkpoint goes to 7 of 17, then 14, then all, after 1, 2, 4 s, and in the end every 256 s", async (t) => {
  const store = openMemoryStore({ lanes: 17 });
  const [bundle] = chainOf(2, 1);
  if (bundle === undefined) return t.fail();
  const { hash, cose, statements, header } = bundle;
  const { number, first } = header;
  await store.commit([{ kind: "bundle", lane: 2, number, hash, cose, statements, first }]);
  const tips = Array.from({ length: 17 }, (_, lane) =>
    lane === 2 ? { number, hash } : { number: -1, hash: "00".repeat(32) },
  );
  await store.execute([{ view: 1, tips }]);
  const watched = await start(17, 0, store);
  const told = (): number =>
    watched.sent.splice(0).filter(({ bytes }) => {
      const message = openMessage(bytes);
      return message.kind === "accept" && message.opened.layer === "checkpoint";
    }).length;
  const counts = [told()];
  for (const ms of [1, 2, 4, 8, 16, 32, 64, 128, 256, 256, 256, 256].map((seconds) => seconds * 1000)) {
    await watched.wait(ms - 1);
    t.is(told(), 0);
    await watched.wait(1);
    counts.push(told());
  }
  const self = [6, 7, 13, 14, 16];
  t.true(
    counts.every((count) => self.includes(count)),
    String(counts),
  );
  t.true(
    (counts[0] ?? 0) <= 7 && (counts[1] ?? 0) >= 13 && counts.slice(2).every((count) => count === 16),
    String(counts),
  );
});

test("R4: a cosignature that was lost is given again, so that a site at rest still has its checkpoint", async (t) => {
  let lossy = true;
  const all: Awaited<ReturnType<typeof linked>>[number][] = [];
  const isCosignature = (bytes: Uint8Array) => {
    const opened = openMessage(bytes);
    return opened.kind === "accept" && opened.opened.layer === "checkpoint";
  };
  const made = await linked(4, (self) => ({
    send: (to, bytes) =>
      void setImmediate(() => (lossy && isCosignature(bytes) ? undefined : all[to]?.replica.receive(self, bytes))),
  }));
  all.push(...made);
  for (const [self, { replica }] of all.entries())
    for (const peer of all.keys()) if (peer !== self) replica.linkUp(peer);
  all[1]?.replica.accept(draft("parcel")).catch(() => t.fail());
  await pass(all, 500);
  t.is(all[0]?.replica.status().log.size, 1);
  lossy = false;
  for (const [self, { replica }] of all.entries()) {
    for (const peer of all.keys()) {
      if (peer === self) continue;
      replica.linkDown(peer);
      replica.linkUp(peer);
    }
  }
  await pass(all, 3000);
  t.is(all[0]?.replica.status().checkpoint?.size, 1);
});

test("R5: a checkpoint without a quorum, or an anchor that no ledger countersigned, is not believed and counts against its sender", async (t) => {
  const watched = await start(4, 0);
  const opened = openMessage(cosignature(1, 1, hashOfText("a log")));
  if (opened.kind === "reject" || opened.opened.layer !== "checkpoint") return t.fail();
  const { note } = opened.opened.message;
  watched.replica.receive(2, sealMessage({ layer: "checkpoint", message: { kind: "checkpoint", note } }));
  watched.replica.receive(
    3,
    sealMessage({ layer: "checkpoint", message: { kind: "anchor", ledger: "embedded", note } }),
  );
  t.deepEqual(
    watched.replica.status().conduct.map(({ rejects }) => rejects),
    [0, 0, 1, 1],
  );
  t.is(watched.replica.status().checkpoint, null);
});

test("R6: bytes that are no message count against their sender and change nothing else", async (t) => {
  const watched = await start(4, 0);
  for (const bytes of [new Uint8Array(), new Uint8Array([0xff]), new Uint8Array(2 ** 20 + 1)])
    watched.replica.receive(2, bytes);
  t.deepEqual(
    watched.replica.status().conduct.map(({ rejects }) => rejects),
    [0, 0, 3, 0],
  );
  t.deepEqual(watched.halts, []);
});

test("R7: a broken invariant halts: nothing is sent and nothing accepted afterwards", async (t) => {
  const watched = await start(4, 0, openMemoryStore({ lanes: 4 }), {
    validate: () => Promise.reject(new Error("the model is gone")),
  });
  const owner = await start(4, 1);
  owner.replica.receive(
    0,
    sealMessage({ layer: "lane", message: { kind: "tips", again: false, held: [0, 0, 0, 0], certificates: [] } }),
  );
  owner.replica.accept(draft("parcel")).catch(() => t.fail());
  await owner.wait(20);
  for (const { to, bytes } of owner.sent) if (to === 0) watched.replica.receive(1, bytes);
  await settled();
  t.is(watched.halts[0]?.message, "the model is gone");
  const before = watched.sent.length;
  watched.replica.linkUp(1);
  await watched.wait(5000);
  t.is(watched.sent.length, before);
  await t.throwsAsync(watched.replica.accept(draft("another")));
});

test("R7: what waits behind a commit when the replica halts is not sent when the commit ends", async (t) => {
  const { store, waiting } = heldStore(4);
  const watched = await start(4, 0, store, { validate: () => Promise.reject(new Error("the model is gone")) });
  const nothing = { kind: "tips", again: false, held: [0, 0, 0, 0], certificates: [] } as const;
  for (const peer of [1, 2, 3]) watched.replica.receive(peer, sealMessage({ layer: "lane", message: nothing }));
  watched.replica.accept(draft("parcel")).catch(() => undefined);
  await watched.wait(20);
  t.is(waiting.length, 1);
  const [bundle] = chainOf(1, 1);
  if (bundle === undefined) return t.fail();
  watched.replica.receive(1, sealMessage({ layer: "lane", message: carry(bundle) }));
  await settled();
  t.is(watched.halts.length, 1);
  waiting[0]?.end(null);
  await settled();
  t.deepEqual(watched.sent, []);
});

test("a falsified measurement: peers that re-assess refuse it, no certificate comes about, and both sides can see why", async (t) => {
  const refuse = { validate: () => Promise.resolve({ kind: "reject", reason: "the frames say 12.340 kg" } as const) };
  const all = await linked(4, (self) => (self === 2 || self === 3 ? refuse : {}));
  const [honest, falsifier, peer] = all;
  if (honest === undefined || falsifier === undefined || peer === undefined) return t.fail();
  falsifier.replica.accept(draft("parcel")).catch(() => t.fail());
  await pass(all, 2000);
  for (const { replica } of all) {
    t.is(replica.status().lanes[1]?.certified, 0);
    t.is(replica.status().log.size, 0);
  }
  t.deepEqual(
    peer.refusals.map(({ lane, by, reason }) => ({ lane, by, reason })),
    [{ lane: 1, by: 2, reason: "the frames say 12.340 kg" }],
  );
  const refusing = new Set(falsifier.refusals.map(({ by }) => by));
  t.true(refusing.size === 2 && refusing.has(2) && refusing.has(3));
  t.is((await peer.store.refusals(10)).length, 1);
  const own = honest.replica.accept(draft("honest parcel"));
  await pass(all, 2000);
  await t.notThrowsAsync(own);
});

test("one peer that refuses what a quorum accepts does not stop it", async (t) => {
  const refuse = { validate: () => Promise.resolve({ kind: "reject", reason: "no" } as const) };
  const all = await linked(4, (self) => (self === 3 ? refuse : {}));
  all[1]?.replica.accept(draft("parcel")).catch(() => t.fail());
  await pass(all, 2000);
  for (const { replica } of all) t.is(replica.status().log.size, 1);
  t.is(new Set(all.map(({ replica }) => replica.status().log.root)).size, 1);
});

test("a statement as large as its rules allow can be carried to the peers", async (t) => {
  const all = await linked(4);
  const { measurement, ...rest } = draft("parcel");
  const frames = Array.from({ length: 16 }, () => ({ device: "scale", bytes: new Uint8Array(512) }));
  all[1]?.replica.accept({ ...rest, measurement: { ...measurement, frames } }).catch(() => t.fail());
  await pass(all, 1000);
  t.is(all[0]?.replica.status().log.size, 1);
});
