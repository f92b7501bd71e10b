import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Measurement } from "../../ledger/statement/index.ts";
import type { Write } from "../../ledger/store/port.ts";
import {
  type Effect,
  heldReadings,
  type Input,
  type Memo,
  type Reason,
  type StationState,
  startStation,
  step,
} from "../station/index.ts";
import { IngestFailure, isClosed, isRefusal, isRetry } from "./failures.ts";
import { makeGate } from "./gate.ts";
import { decodeMemo, encodeMemo, memoKey } from "./memo.ts";
import { decodeReading, encodeReading } from "./stored-reading.ts";
import type { DeviceFrame, Ingest, IngestOptions } from "./types.ts";

/** I5. */
const MAX_ACCEPTING = 4_096;
/** P2: how often windows are looked at. */
const TICK_MS = 250;
const RETRY_MS = 20;

type Measure = Extract<Effect, { kind: "measure" }>;

type Station = {
  state: StationState;
  /** I6: resolves when everything that this station wrote so far is durable. */
  written: Promise<unknown>;
  /** I6: number of the newest memo, whether written or on its way. */
  memos: number;
};

/** Starts the stations with what they remember and takes the stored readings in again (I3). */
export function startIngest(options: IngestOptions): Ingest {
  const { events, clock } = options;
  const gate = makeGate(MAX_ACCEPTING);
  const stations = new Map<string, Station>();
  const stationOf = new Map<string, Station>();
  /** I4: messages that are on their way, by durable key. */
  const onTheirWay = new Map<string, Promise<void>>();
  let stopped = false;
  let broken: Error | null = null;
  let repeated = 0;

  for (const settings of options.stations) {
    const bytes = options.memos.get(settings.station);
    const state = startStation(settings, bytes === undefined ? null : decodeMemo(bytes));
    const station: Station = { state, written: Promise.resolve(), memos: 0 };
    stations.set(settings.station, station);
    for (const device of settings.devices) stationOf.set(device.id, station);
  }

  /** I7. */
  function fail(error: unknown): Error {
    const failure = error instanceof Error ? error : new Error(String(error));
    if (broken === null && !stopped) {
      broken = failure;
      events.failed(failure);
    }
    return failure;
  }

  /** Runs one input; the promise is of the accepts and writes that it caused. */
  function run(station: Station, input: Input): { readonly effects: readonly Effect[]; readonly done: Promise<void> } {
    const next = step(station.state, input);
    station.state = next.state;
    const parts = next.effects.map((effect) => perform(station, effect));
    const [only] = parts;
    const done = parts.length === 1 && only !== undefined ? only : Promise.all(parts).then(() => undefined);
    return { effects: next.effects, done };
  }

  async function perform(station: Station, effect: Effect): Promise<void> {
    switch (effect.kind) {
      case "measure": {
        if (effect.memo === null) return acceptMeasured(station, effect);
        station.memos += 1;
        const accepting = acceptMeasured(station, effect);
        station.written = Promise.allSettled([station.written, accepting]);
        return accepting;
      }
      case "remember":
        return remember(station, effect.memo);
      case "incomplete":
        events.incomplete(effect);
        return giveUp(effect.readings);
      case "repeated":
        repeated += 1;
        return giveUp(effect.readings);
    }
  }

  /** I6: a memo that waited for a slow disk must not overwrite a newer one. */
  async function remember(station: Station, memo: Memo): Promise<void> {
    station.memos += 1;
    const mine = station.memos;
    const write: Write = { kind: "memo", key: memoKey(station.state.settings.station), bytes: encodeMemo(memo) };
    const writing = station.written.then(() => (mine === station.memos ? options.commit([write]) : undefined));
    station.written = Promise.allSettled([writing]);
    return writing.catch((error: unknown) => Promise.reject(fail(error)));
  }

  async function giveUp(readings: readonly string[]): Promise<void> {
    if (readings.length === 0) return;
    await options
      .commit([{ kind: "readingsDone", ids: readings }])
      .catch((error: unknown) => Promise.reject(fail(error)));
  }

  async function acceptMeasured(station: Station, effect: Measure): Promise<void> {
    const { measurement, memo, readings } = effect;
    const closed = options.closed();
    if (closed !== null) {
      // The acknowledged parts of a load cannot wait: the load will not. Those of events stay on disk (I3).
      if (memo !== null) await free(station, effect, "not-accepting");
      throw new IngestFailure("NOT_ACCEPTING", { reason: closed });
    }
    const key = memoKey(measurement.station);
    const writes = (number: number): readonly Write[] => [
      // I4, I2: all of it in the commit of the statement.
      ...readings.map((id): Write => ({ kind: "accepted", key: id, number })),
      ...(readings.length > 0 ? [{ kind: "readingsDone", ids: readings } as const] : []),
      ...(memo === null ? [] : [{ kind: "memo", key, bytes: encodeMemo(memo) } as const]),
    ];
    try {
      await acceptWithRetries(measurement, writes);
    } catch (error) {
      if (isClosed(error) && memo !== null) await free(station, effect, "not-accepting");
      if (!isRefusal(error)) throw error;
      // I8: acknowledged, because no repetition would mend it, and told.
      await free(station, effect, `refused: ${error.details.reason}`);
    }
  }

  /** P8: the load may be weighed again, what it consumed is given up, and people are told. */
  async function free(
    station: Station,
    { measurement, memo, readings, cycle }: Measure,
    reason: Reason,
  ): Promise<void> {
    // Not waited for: the memo is written behind everything that is on its way, which this acceptance may be part of (I6).
    if (memo !== null) watched(run(station, { kind: "refused", cycle }).done);
    events.incomplete({ station: measurement.station, item: measurement.item, missing: [], reason });
    await giveUp(readings);
  }

  /** A full queue further down is waited for (I5); any other failure stops the gateway (I7). */
  async function acceptWithRetries(
    measurement: Measurement,
    writes: (number: number) => readonly Write[],
  ): Promise<{ readonly number: number }> {
    await gate.enter();
    try {
      for (;;) {
        try {
          const { number } = await options.accept(measurement, writes);
          events.accepted(measurement, number);
          return { number };
        } catch (error) {
          if (isRefusal(error)) throw error;
          if (!isRetry(error) || stopped) throw fail(error);
          // It may have closed meanwhile, for good.
          const closed = options.closed();
          if (closed !== null) throw new IngestFailure("NOT_ACCEPTING", { reason: closed });
          await sleep(RETRY_MS);
        }
      }
    } finally {
      gate.leave();
    }
  }

  async function take(station: Station, id: string, frame: DeviceFrame): Promise<void> {
    if ((await options.accepted(id)) !== null) {
      repeated += 1;
      return;
    }
    const closed = options.closed();
    if (closed !== null) throw new IngestFailure("NOT_ACCEPTING", { reason: closed });
    const { at, device, quantities } = frame;
    const { done } = run(station, {
      kind: "frame",
      device,
      at,
      since: clock(),
      reloaded: false,
      frame: frame.frame,
      quantities,
      reading: id,
    });
    // I1: a part that waits for its partners is stored before anything is acknowledged.
    const waits = heldReadings(station.state).includes(id);
    const stored = waits ? options.commit([{ kind: "reading", id, bytes: encodeReading(frame) }]) : Promise.resolve();
    await Promise.all([done, stored.catch((error: unknown) => Promise.reject(fail(error)))]);
  }

  function reload(): void {
    const since = clock();
    for (const { id, bytes } of options.readings) {
      const { device, at, frame } = decodeReading(bytes);
      const station = stationOf.get(device);
      const quantities = options.decode(device, frame);
      if (station === undefined || quantities === null) {
        // The configuration changed under it: nothing can be made of it any more, and that must be seen.
        events.incomplete({ station: device, item: null, missing: [], reason: "device-unregistered" });
        watched(giveUp([id]));
        continue;
      }
      const input: Input = { kind: "frame", device, at, since, reloaded: true, frame, quantities, reading: id };
      watched(run(station, input).done);
    }
  }

  /** For what nobody waits for: its failures have already been told by `fail`, or free a load (P8). */
  function watched(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!isRetry(error)) fail(error);
    });
  }

  const timer = setInterval(() => {
    const now = clock();
    for (const station of stations.values()) watched(run(station, { kind: "tick", now }).done);
  }, TICK_MS);
  reload();

  return {
    onStream: (frame) => {
      const station = stationOf.get(frame.device);
      if (station === undefined || stopped) return;
      events.reading(frame);
      const { at, device, quantities } = frame;
      // I5: while nothing can be accepted a load stays on its scale, unweighed. What is said only once is never passed over.
      if (gate.isFull() && isPolled(station, device)) return;
      const since = clock();
      watched(
        run(station, {
          kind: "frame",
          device,
          at,
          since,
          reloaded: false,
          frame: frame.frame,
          quantities,
          reading: null,
        }).done,
      );
    },
    onStatus: (device, _at, status) => {
      const station = stationOf.get(device);
      if (station === undefined || stopped) return;
      watched(run(station, { kind: "status", device, since: clock(), status }).done);
    },
    onMessage: async (frame) => {
      const station = stationOf.get(frame.device);
      if (station === undefined || stopped)
        throw new IngestFailure("NOT_ACCEPTING", { reason: "the gateway is stopping" });
      events.reading(frame);
      const id = readingId(frame);
      const earlier = onTheirWay.get(id);
      if (earlier !== undefined) {
        repeated += 1;
        return earlier;
      }
      const taking = take(station, id, frame).finally(() => onTheirWay.delete(id));
      onTheirWay.set(id, taking);
      return taking;
    },
    onMeasurement: async (measurement, key) => {
      const closed = stopped ? "the gateway is stopping" : options.closed();
      if (closed !== null) throw new IngestFailure("NOT_ACCEPTING", { reason: closed });
      if (gate.isFull()) throw new IngestFailure("ACCEPTING_FULL", { waiting: gate.inside() });
      return acceptWithRetries(measurement, (number) => (key === null ? [] : [{ kind: "accepted", key, number }]));
    },
    queues: () => ({
      accepting: gate.inside(),
      readingsHeld: [...stations.values()].reduce((sum, { state }) => sum + heldReadings(state).length, 0),
      repeated,
    }),
    stop: async () => {
      clearInterval(timer);
      stopped = true;
      const left = [...onTheirWay.values(), ...[...stations.values()].map(({ written }) => written)];
      await Promise.allSettled(left);
    },
  };
}

function isPolled({ state }: Station, device: string): boolean {
  return state.settings.devices.some(({ id, delivery }) => id === device && delivery === "stream");
}

/** I4: the durable name of a message. */
export function readingId({ device, frame }: Pick<DeviceFrame, "device" | "frame">): string {
  return `${device}/${createHash("sha256").update(frame).digest("hex")}`;
}
