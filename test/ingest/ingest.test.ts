import { setTimeout as sleep } from "node:timers/promises";
import test from "ava";
import type { Quantity } from "../../devices/quantity/index.ts";
import {
  type DeviceFrame,
  type Incomplete,
  IngestFailure,
  memoKey,
  readingId,
  startIngest,
} from "../../gateway/ingest/index.ts";
import { stationsOf } from "../../gateway/station/index.ts";
import { devicesOf } from "../../gateway/site/plan.ts";
import type { Measurement } from "../../ledger/statement/index.ts";
import type { Write } from "../../ledger/store/port.ts";

const plan = { site: "demo", gateways: 3, basePort: 30_000, stations: "simulated" } as const;
const stations = ["gw-1", "gw-3"].flatMap((gateway) =>
  stationsOf({ devices: devicesOf(plan) } as never, gateway, 5_000).map((station) => ({
    ...station,
    station: `${gateway}-dock`,
  })),
);

const mass: Quantity = {
  kind: "mass",
  value: { mantissa: 5_000, exponent: 0 },
  unit: "g",
  stability: "stable",
  mode: "net",
};
const side = { mantissa: 300, exponent: 0 };
const box: Quantity = { kind: "dimensions", length: side, width: side, height: side, unit: "mm" };
const named = (item: string): Quantity => ({ kind: "item", item });

/** A disk that holds what was committed, and can be slow or broken. */
class Disk {
  readonly writes: Write[] = [];
  broken = false;
  delayMs = 0;

  async commit(writes: readonly Write[]): Promise<void> {
    await sleep(this.delayMs);
    if (this.broken) throw new Error("the disk is gone");
    this.writes.push(...writes);
  }

  accepted(key: string): number | null {
    const found = this.writes.find((write) => write.kind === "accepted" && write.key === key);
    return found?.kind === "accepted" ? found.number : null;
  }

  readings(): { id: string; bytes: Uint8Array }[] {
    const done = new Set(this.writes.flatMap((write) => (write.kind === "readingsDone" ? write.ids : [])));
    return this.writes.flatMap((write) =>
      write.kind === "reading" && !done.has(write.id) ? [{ id: write.id, bytes: write.bytes }] : [],
    );
  }

  memos(): Map<string, Uint8Array> {
    return new Map(
      this.writes.flatMap((write) => (write.kind === "memo" ? [[write.key.replace("station/", ""), write.bytes]] : [])),
    );
  }
}

function gateway(
  disk: Disk,
  quantitiesOf: (frame: Uint8Array) => readonly Quantity[] = () => [],
  closed: () => string | null = () => null,
  refuse: (measurement: Measurement) => string | null = () => null,
) {
  const measured: Measurement[] = [];
  const incomplete: Incomplete[] = [];
  const failed: Error[] = [];
  let number = disk.writes.filter((write) => write.kind === "accepted").length;
  const ingest = startIngest({
    stations,
    accept: async (measurement, writes) => {
      const reason = refuse(measurement);
      if (reason !== null) throw new IngestFailure("REFUSED", { reason });
      const mine = number;
      number += 1;
      await disk.commit(writes(mine));
      measured.push(measurement);
      return { number: mine };
    },
    commit: (writes) => disk.commit(writes),
    accepted: async (key) => disk.accepted(key),
    decode: (_device, bytes) => quantitiesOf(bytes),
    memos: disk.memos(),
    readings: disk.readings(),
    closed,
    clock: () => performance.now(),
    events: {
      reading: () => undefined,
      accepted: () => undefined,
      incomplete: (one) => void incomplete.push(one),
      failed: (error) => void failed.push(error),
    },
  });
  return { ingest, measured, incomplete, failed };
}

const message = (bytes: string, quantities: readonly Quantity[], device = "sensor-3"): DeviceFrame => ({
  device,
  at: Date.now(),
  frame: Buffer.from(bytes),
  quantities,
});

test("I1: a message that completes a measurement is acknowledged after the commit, not before", async (t) => {
  const disk = new Disk();
  disk.delayMs = 50;
  const { ingest } = gateway(disk);
  t.teardown(ingest.stop);
  const acknowledged = ingest.onMessage(message("a", [named("A"), mass, box]));
  t.is(await Promise.race([acknowledged.then(() => "acknowledged"), sleep(20).then(() => "waiting")]), "waiting");
  await acknowledged;
  t.is(disk.accepted(readingId(message("a", []))), 0);
});

test("I1, I2, I3: a part is stored before its acknowledgement, survives a restart, and ends in the commit of its statement", async (t) => {
  const disk = new Disk();
  const first = gateway(disk);
  await first.ingest.onMessage(message("a", [named("A"), mass]));
  t.is(disk.readings().length, 1);
  await first.ingest.stop();
  const second = gateway(disk, () => [named("A"), mass]);
  t.teardown(second.ingest.stop);
  await second.ingest.onMessage(message("b", [named("A"), box]));
  t.deepEqual(
    second.measured.map(({ item, frames }) => [item, frames.length]),
    [["A", 2]],
  );
  t.deepEqual(disk.readings(), []);
});

test("I4: the same message again is acknowledged and not taken again, at once, later and after a restart", async (t) => {
  const disk = new Disk();
  disk.delayMs = 10;
  const first = gateway(disk);
  const same = message("a", [named("A"), mass, box]);
  await Promise.all([first.ingest.onMessage(same), first.ingest.onMessage(same)]);
  await first.ingest.onMessage(same);
  t.is(first.measured.length, 1);
  await first.ingest.stop();
  const second = gateway(disk);
  t.teardown(second.ingest.stop);
  await second.ingest.onMessage(same);
  t.is(second.measured.length, 0);
  await second.ingest.onMessage(message("b", [named("A"), mass, box]));
  t.is(second.measured.length, 1);
});

test("P6: a load that was accepted before a restart is not accepted again", async (t) => {
  const disk = new Disk();
  const first = gateway(disk);
  const weigh = message("S S 5000 g", [mass], "scale-1");
  const telegram = message("telegram A", [named("A"), box], "dimensioner-1");
  first.ingest.onStream(weigh);
  first.ingest.onStream(weigh);
  first.ingest.onStream(telegram);
  await first.ingest.stop();
  t.is(first.measured.length, 1);
  t.true(disk.writes.some((write) => write.kind === "memo" && write.key === memoKey("gw-1-dock")));
  const second = gateway(disk);
  for (let poll = 0; poll < 3; poll += 1) {
    second.ingest.onStream(weigh);
    second.ingest.onStream(telegram);
  }
  await second.ingest.stop();
  t.is(second.measured.length, 0);
});

test("I5: while nothing may be accepted, messages are refused and a load stays to be weighed", async (t) => {
  const disk = new Disk();
  let reason: string | null = "the disk budget is used up";
  const { ingest, measured, incomplete, failed } = gateway(disk, undefined, () => reason);
  await t.throwsAsync(ingest.onMessage(message("a", [named("A"), mass, box])), { code: "NOT_ACCEPTING" });
  await t.throwsAsync(ingest.onMeasurement({} as Measurement, null), { code: "NOT_ACCEPTING" });
  ingest.onStream(message("w", [mass], "scale-1"));
  ingest.onStream(message("w", [mass], "scale-1"));
  ingest.onStream(message("t", [named("B"), box], "dimensioner-1"));
  await sleep(10);
  t.is(measured.length, 0);
  t.like(incomplete[0], { item: "B", reason: "not-accepting" });
  reason = null;
  await ingest.onMessage(message("a", [named("A"), mass, box]));
  ingest.onStream(message("t2", [named("B"), box], "dimensioner-1"));
  await ingest.stop();
  t.deepEqual(
    measured.map(({ item }) => item),
    ["A", "B"],
  );
  t.deepEqual(failed, []);
});

test("I7: a failed disk acknowledges nothing and stops the gateway", async (t) => {
  const disk = new Disk();
  disk.broken = true;
  const { ingest, failed } = gateway(disk);
  t.teardown(ingest.stop);
  await t.throwsAsync(ingest.onMessage(message("a", [named("A"), mass, box])), { message: "the disk is gone" });
  await t.throwsAsync(ingest.onMessage(message("b", [named("B"), mass])), { message: "the disk is gone" });
  t.is(failed.length, 1);
});

test("I8: what every peer would refuse is told, acknowledged and given up, and frees its load; the gateway goes on", async (t) => {
  const disk = new Disk();
  const { ingest, measured, incomplete, failed } = gateway(disk, undefined, undefined, ({ item }) =>
    item === "A" ? "mass has too many digits" : null,
  );
  await ingest.onMessage(message("a1", [named("A"), mass]));
  await ingest.onMessage(message("a2", [named("A"), box]));
  t.like(incomplete[0], { item: "A", missing: [], reason: "refused: mass has too many digits" });
  t.deepEqual(disk.readings(), []);
  for (const name of ["A", "B"]) {
    ingest.onStream(message("w", [mass], "scale-1"));
    ingest.onStream(message("w", [mass], "scale-1"));
    ingest.onStream(message(`t${name}`, [named(name), box], "dimensioner-1"));
    await sleep(20);
  }
  await t.throwsAsync(ingest.onMeasurement({ item: "A" } as Measurement, null), { code: "REFUSED" });
  await ingest.stop();
  t.deepEqual(
    measured.map(({ item }) => item),
    ["B"],
  );
  t.deepEqual(failed, []);
});

test("I4: what was recognised and not taken again is counted", async (t) => {
  const { ingest } = gateway(new Disk());
  t.teardown(ingest.stop);
  const same = message("a", [named("A"), mass, box]);
  await Promise.all([ingest.onMessage(same), ingest.onMessage(same)]);
  await ingest.onMessage(same);
  t.is(ingest.queues().repeated, 2);
});

test("I6: a memo that waited for a slow disk does not overwrite the one of a later weighing", async (t) => {
  const disk = new Disk();
  disk.delayMs = 150;
  const { ingest, measured } = gateway(disk);
  const weigh = (grams: number) =>
    ingest.onStream(message(`w${grams}`, [{ ...mass, value: { mantissa: grams, exponent: 0 } }], "scale-1"));
  const show = (grams: number) => [grams, grams].forEach(weigh);
  show(5_000);
  ingest.onStream(message("tA", [named("A"), box], "dimensioner-1"));
  await sleep(20);
  show(0);
  await sleep(20);
  show(7_000);
  ingest.onStream(message("tB", [named("B"), box], "dimensioner-1"));
  await ingest.stop();
  t.deepEqual(
    measured.map(({ item }) => item),
    ["A", "B"],
  );
  t.like(JSON.parse(Buffer.from(disk.memos().get("gw-1-dock") ?? []).toString()), { weighed: { item: "B" } });
});

test("I5: while the lane is full a telegram that is said only once is not passed over", async (t) => {
  const disk = new Disk();
  disk.delayMs = 100;
  const { ingest, measured } = gateway(disk);
  ingest.onStream(message("w", [mass], "scale-1"));
  ingest.onStream(message("w", [mass], "scale-1"));
  const crowd = Array.from({ length: 4_096 }, (_, n) => ingest.onMeasurement({ item: `M${n}` } as Measurement, null));
  await sleep(5);
  ingest.onStream(message("t", [named("A"), box], "dimensioner-1"));
  await Promise.all(crowd);
  await ingest.stop();
  t.true(measured.some(({ item }) => item === "A"));
});
