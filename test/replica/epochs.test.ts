import test, { type ExecutionContext } from "ava";
import { openBundle } from "../../ledger/bundle/index.ts";
import { decode } from "../../ledger/cbor/index.ts";
import { readBlock } from "../../ledger/message/index.ts";
import { openMemoryStore } from "../../ledger/store/memory.ts";
import { gatewayIn, replaced } from "../sim/lives.ts";
import { finalOf, makeTown, type Resident, type Town } from "./town.ts";
import { draft, START_MS } from "./site.ts";

async function townOf(gateways: number): Promise<Town> {
  const town = makeTown(gateways);
  for (let index = 0; index < gateways; index += 1) await town.open(index);
  return town;
}

/** Everything accepted is final once, everywhere in one order, and nobody was taken for a liar. */
async function allIsWell(
  t: ExecutionContext,
  town: Town,
  who: readonly number[] = [...town.residents.keys()],
): Promise<void> {
  const expected = town.accepted.length;
  await town.until("all that was accepted is final", () =>
    who.every((index) => town.at(index).replica.status().log.statements >= expected),
  );
  const logs = await Promise.all(who.map((index) => finalOf(town.at(index))));
  const [log = []] = logs;
  for (const other of logs) t.deepEqual(other, log);
  const final = new Set(log);
  t.is(final.size, log.length);
  for (const { gateway, number, item } of town.accepted) t.true(final.has(`${gateway} ${number} ${item}`), item);
  t.is(final.size, expected);
  for (const index of who) t.deepEqual(town.at(index).halts, []);
}

const model = { sha256: "ab".repeat(32), toleranceMilli: 9 };

test("R11: a new configuration takes effect on every gateway between two blocks, under load, and nothing accepted is lost", async (t) => {
  const town = await townOf(4);
  for (let at = 0; at < 8; at += 1) await town.offer(at % 4, `before ${at}`);
  const changed = town.change({ model }, [0, 1, 2]);
  for (let at = 0; at < 8; at += 1) await town.offer(at % 4, `meanwhile ${at}`);
  const site = await changed;
  await town.until("epoch 1 everywhere", () =>
    [0, 1, 2, 3].every((index) => town.at(index).replica.status().epoch === 1),
  );
  for (let at = 0; at < 8; at += 1) await town.offer(at % 4, `after ${at}`);
  await allIsWell(t, town);
  for (const index of [0, 1, 2, 3]) {
    t.is(town.at(index).replica.lineage().at(-1)?.site.configHash, site.configHash);
    t.deepEqual(town.at(index).epochs, [0, 1]);
    const bundles = await town.at(index).store.bundles(index, 0, 1e9);
    const named = bundles.map(({ cose }) => {
      const opened = openBundle(cose, null);
      return opened.kind === "accept" ? opened.bundle.header.epoch : -1;
    });
    t.deepEqual(
      named,
      named.toSorted((a, b) => a - b),
      "L12: never back",
    );
    t.deepEqual([named.at(0), named.at(-1)], [0, 1]);
  }
});

/** Views of the finalized blocks of a gateway that brought statements, oldest first. */
async function viewsWithStatements({ store }: Resident): Promise<readonly number[]> {
  const views: number[] = [];
  let before = "";
  for (let after = 0; ; ) {
    const { blocks } = await store.finalizedAfter(after, 1_000);
    const last = blocks.at(-1);
    if (last === undefined) return views;
    for (const { view, bytes } of blocks) {
      const decoded = decode(bytes);
      if (decoded.kind === "reject") throw new Error(decoded.reason);
      const tips = JSON.stringify(readBlock(decoded.value).tips.map(({ number }) => number));
      if (tips !== before) views.push(view);
      before = tips;
    }
    after = last.view;
  }
}

test("A13: no change makes a pause above one view: under load no two views in a row are without statements, through five changes", async (t) => {
  const town = await townOf(4);
  const ticks = 150;
  for (let tick = 0; tick < ticks; tick += 1) {
    // Something to order is always there: a block without statements is owed to the change alone.
    for (const [index, { replica }] of town.residents)
      void replica.accept(draft(`item ${tick} of ${index}`, START_MS + 10 * tick));
    if (tick % 30 === 15) await town.change({ model: { ...model, toleranceMilli: tick } }, [0, 1, 2]);
    await town.pass(10);
  }
  await town.until("all is final", () =>
    [0, 1, 2, 3].every((index) => town.at(index).replica.status().log.statements === 4 * ticks),
  );
  t.is(town.at(0).replica.status().epoch, 5);
  const views = await viewsWithStatements(town.at(0));
  for (const [at, view] of views.slice(1).entries()) t.true(view - (views[at] ?? 0) <= 2, `after view ${views[at]}`);
});

test("R11: after a restart the store says which configuration is in force, and the gateway goes on in its epoch", async (t) => {
  const town = await townOf(4);
  await town.offer(0, "before");
  await town.change({ model }, [0, 1, 2]);
  await town.until("epoch 1", () => town.at(3).replica.status().epoch === 1);
  town.close(3);
  await town.offer(1, "while it is away");
  await town.pass(200);
  await town.open(3, { store: town.diskOf(3) });
  t.is(town.at(3).replica.status().epoch, 1);
  await town.offer(3, "back");
  await allIsWell(t, town);
});

test("R11: a gateway that was away for two epochs gets chain, configurations and bodies from the others", async (t) => {
  const town = await townOf(4);
  await town.offer(3, "before");
  await town.pass(100);
  for (const peer of [0, 1, 2]) town.cut(peer, 3, true);
  await town.offer(3, "offline");
  for (const toleranceMilli of [7, 8]) {
    await town.change({ model: { ...model, toleranceMilli } }, [0, 1, 2]);
    await town.until("the epoch", () => town.at(0).replica.status().epoch === toleranceMilli - 6);
    await town.offer(0, `in ${toleranceMilli}`);
  }
  t.is(town.at(3).replica.status().epoch, 0);
  for (const peer of [0, 1, 2]) town.cut(peer, 3, false);
  await town.until("gw-4 is back", () => town.at(3).replica.status().epoch === 2);
  await allIsWell(t, town);
});

test("R11: messages of another epoch cost nobody its good name", async (t) => {
  const town = await townOf(4);
  town.cut(0, 3, true);
  town.cut(1, 3, true);
  await town.change({ model }, [0, 1, 2]);
  for (let at = 0; at < 20; at += 1) await town.offer(at % 4, `item ${at}`);
  town.cut(0, 3, false);
  town.cut(1, 3, false);
  await allIsWell(t, town);
  for (const index of [0, 1, 2, 3])
    for (const { rejects, last } of town.at(index).replica.status().conduct) t.is(rejects, 0, last ?? "");
});

test("R12: fewer approvals than a quorum change nothing; a restart forgets neither the own approval nor an approved text", async (t) => {
  const town = await townOf(4);
  const site = await town.change({ model }, [0, 1]);
  await town.pass(1000);
  t.is(town.at(0).replica.status().epoch, 0);
  const pending = town.at(2).replica.status().successors[0];
  t.deepEqual([pending?.site.configHash, pending?.approvers, pending?.approved], [site.configHash, [0, 1], false]);
  town.close(0);
  await town.open(0, { store: town.diskOf(0) });
  const again = town.at(0).replica.status().successors[0];
  t.true(again?.approvers.includes(0));
  town.at(2).replica.approve(site.configHash);
  await town.until("epoch 1", () => [0, 1, 2, 3].every((index) => town.at(index).replica.status().epoch === 1));
});

test("R12: what does not follow the configuration in force is refused with the reason, and approved by nobody", async (t) => {
  const town = await townOf(4);
  const gateway = town.at(0).replica;
  t.regex(gateway.approve("00".repeat(32)) ?? "", /nobody has proposed/);
  const next = await town.change({ model }, [0, 1, 2]);
  await town.until("epoch 1", () => town.at(0).replica.status().epoch === 1);
  t.regex(gateway.propose(next) ?? "", /its epoch is 1; the next one is 2/);
  t.regex(gateway.propose(town.first) ?? "", /its epoch is 0/);
});

test("R11, L12: a gateway joins, gets the whole log, and its statements become final", async (t) => {
  const town = await townOf(4);
  for (let at = 0; at < 6; at += 1) await town.offer(at % 4, `before ${at}`);
  const newcomer = await town.open(4);
  t.regex(newcomer.replica.closed() ?? "", /no vote in epoch 0/);
  await t.throwsAsync(town.offer(4, "too early"), { message: /no vote/ });
  await town.change({ gateways: [...town.first.gateways, gatewayIn("gw-5", 0)] }, [0, 1, 2]);
  await town.until("gw-5 is in", () => newcomer.replica.closed() === null);
  for (let at = 0; at < 10; at += 1) await town.offer(at % 5, `after ${at}`);
  await allIsWell(t, town);
  t.is(newcomer.replica.status().lanes.length, 5);
  // Five gateways, four of them a quorum: without two of the old ones nothing goes on, without one it does.
  town.close(0);
  await town.offer(4, "with four");
  await allIsWell(t, town, [1, 2, 3, 4]);
});

test("R12: a gateway that leaves accepts nothing more once that is approved, brings its last statements in, and has no vote", async (t) => {
  const town = await townOf(4);
  await town.offer(3, "last words");
  await town.change({ gateways: replaced(town.first, 3, { left: true }) }, [0, 1, 2]);
  t.regex(town.at(3).replica.closed() ?? "", /leaving/);
  await town.until("gw-4 has left", () => [0, 1, 2].every((index) => town.at(index).replica.status().epoch === 1));
  await town.until("it knows", () => /has left/.test(town.at(3).replica.closed() ?? ""));
  town.close(3);
  // Three gateways, two of them a quorum.
  town.close(2);
  await town.offer(0, "without it");
  await allIsWell(t, town, [0, 1]);
});

test("R13, L12: a gateway that changes its key seals again what was not certified with the old one, under the same numbers", async (t) => {
  const town = await townOf(4);
  town.close(3);
  await town.open(3, { store: town.diskOf(3), lives: [0, 1] });
  await town.offer(3, "certified");
  for (const peer of [0, 1, 2]) town.cut(peer, 3, true);
  for (let at = 0; at < 5; at += 1) await town.offer(3, `offline ${at}`);
  await town.change({ gateways: replaced(town.first, 3, gatewayIn("gw-4", 1)) }, [0, 1, 2]);
  await town.until("epoch 1", () => town.at(0).replica.status().epoch === 1);
  for (const peer of [0, 1, 2]) town.cut(peer, 3, false);
  await town.until("gw-4 has its new key", () => town.at(3).replica.status().epoch === 1);
  await town.offer(3, "with the new key");
  await allIsWell(t, town);
  t.is(town.at(3).replica.status().unsealed, 0);
  t.deepEqual(await town.at(3).store.unsealed(10), []);
});

test("L12: what the old key signs above the cut is void everywhere, also when it was about to be certified", async (t) => {
  const town = await townOf(4);
  town.close(3);
  await town.open(3, { store: town.diskOf(3), lives: [0, 1] });
  await town.offer(3, "certified");
  // gw-3 alone gets it: one ack is no certificate.
  for (const peer of [0, 1]) town.cut(peer, 3, true);
  await town.offer(3, "with the old key");
  t.is(town.at(2).replica.status().lanes[3]?.held, 2);
  await town.change({ gateways: replaced(town.first, 3, gatewayIn("gw-4", 1)) }, [0, 1, 2]);
  await town.until("epoch 1", () => town.at(2).replica.status().epoch === 1);
  for (const peer of [0, 1]) town.cut(peer, 3, false);
  await allIsWell(t, town);
  const [, second] = await town.at(0).store.bundles(3, 0, 1e9);
  const opened = second === undefined ? null : openBundle(second.cose, null);
  t.is(opened?.kind === "accept" ? opened.bundle.header.epoch : null, 1);
});

test("L12: a gateway that lost its disk gets a new key, its own lane from the others, and goes on with the next number", async (t) => {
  const town = await townOf(4);
  for (let at = 0; at < 6; at += 1) await town.offer(at % 4, `before ${at}`);
  await allIsWell(t, town);
  town.close(3);
  await town.change({ gateways: replaced(town.first, 3, gatewayIn("gw-4", 1)) }, [0, 1, 2]);
  await town.offer(0, "without it");
  const reborn = await town.open(3, { lives: [1] });
  t.not(reborn.replica.closed(), null);
  await town.until("it is back", () => reborn.replica.closed() === null);
  const number = await town.offer(3, "with a new disk");
  t.is(number, 1, "its lane had statement 0");
  await allIsWell(t, town);
});

test("L12: also after three epochs, when its SITE.json knows them all and nobody else needs to be asked", async (t) => {
  const town = await townOf(4);
  for (let at = 0; at < 6; at += 1) await town.offer(at % 4, `before ${at}`);
  await allIsWell(t, town);
  town.close(3);
  for (const [epoch, change] of [{ model }, { devices: [] }].entries()) {
    await town.change(change, [0, 1, 2]);
    await town.until("it has begun", () =>
      [0, 1, 2].every((index) => town.at(index).replica.status().epoch === epoch + 1),
    );
    await town.offer(epoch, `in epoch ${epoch + 1}`);
  }
  await town.change({ gateways: replaced(town.first, 3, gatewayIn("gw-4", 1)) }, [0, 1, 2]);
  await town.until("it has begun", () => [0, 1, 2].every((index) => town.at(index).replica.status().epoch === 3));
  await town.offer(2, "without it");
  const reborn = await town.open(3, { lives: [1], known: town.at(0).replica.lineage() });
  await town.until("it is back", () => reborn.replica.closed() === null);
  t.is(await town.offer(3, "with a new disk"), 1, "its lane had statement 0");
  t.deepEqual(
    reborn.replica.status().conduct.map(({ rejects }) => rejects),
    [0, 0, 0, 0],
    "and nobody was blamed for what it could not judge yet",
  );
  await allIsWell(t, town);
});

test("C6: a gateway whose key is not the one in force follows, and signs nothing", async (t) => {
  const town = await townOf(4);
  town.close(3);
  const stranger = await town.open(3, { lives: [7], store: openMemoryStore({ lanes: 4 }) });
  await town.offer(0, "seen by all");
  await town.until("it has it", () => stranger.replica.status().log.statements === 1);
  t.regex(stranger.replica.closed() ?? "", /no vote/);
  t.deepEqual((await stranger.store.recover()).votes, []);
});
