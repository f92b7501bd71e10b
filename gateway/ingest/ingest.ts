import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Measurement } from "../../ledger/statement/index.ts";
import type { Write } from "../../ledger/store/port.ts";
import { type Effect, heldReadings, type Input, type StationState, startStation, step } from "../station/index.ts";
import { IngestFailure, isRetry } from "./failures.ts";
import { makeGate } from "./gate.ts";
import { decodeMemo, encodeMemo, memoKey } from "./memo.ts";
import { decodeReading, encodeReading } from "./stored-reading.ts";
import type { DeviceFrame, Ingest, IngestOptions } from "./types.ts";

/** I5. */
const MAX_ACCEPTING = 4_096;
/** P2: how often windows are looked at. */
const TICK_MS = 250;
const RETRY_MS = 20;

type Station = {
  state: StationState;
  /** I6: resolves when everything that this station wrote so far is durable. */
  written: Promise<unknown>;
};

/** Starts the stations with what they remember and takes the stored readings in again (I3). */
export function startIngest(options: IngestOptions): Ingest {
  const { events } = options;
  const gate = makeGate(MAX_ACCEPTING);
  const stations = new Map<string, Station>();
  const stationOf = new Map<string, Station>();
  /** I4: messages that are on their way, by durable key. */
  const onTheirWay = new Map<string, Promise<void>>();
  let stopped = false;
  let broken: Error | null = null;

  for (const settings of options.stations) {
    const bytes = options.memos.get(settings.station);
    const state = startStation(settings, bytes === undefined ? null : decodeMemo(bytes));
    const station: Station = { state, written: Promise.resolve() };
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
    const parts: Promise<void>[] = [];
    for (const effect of next.effects) parts.push(perform(station, effect));
    return { effects: next.effects, done: Promise.all(parts).then(() => undefined) };
  }

  async function perform(station: Station, effect: Effect): Promise<void> {
    switch (effect.kind) {
      case "measure": {
        const accepting = acceptMeasured(station, effect);
        station.written = accepting.catch(() => undefined);
        return accepting;
      }
      case "remember": {
        const write: Write = {
          kind: "memo",
          key: memoKey(station.state.settings.station),
          bytes: encodeMemo(effect.memo),
        };
        const writing = station.written.then(() => options.commit([write]));
        station.written = writing;
        return writing.catch((error: unknown) => Promise.reject(fail(error)));
      }
      case "incomplete":
        events.incomplete(effect);
        return giveUp(effect.readings);
      case "repeated":
        return giveUp(effect.readings);
    }
  }

  async function giveUp(readings: readonly string[]): Promise<void> {
    if (readings.length === 0) return;
    await options
      .commit([{ kind: "readingsDone", ids: readings }])
      .catch((error: unknown) => Promise.reject(fail(error)));
  }

  async function acceptMeasured(station: Station, effect: Extract<Effect, { kind: "measure" }>): Promise<void> {
    const closed = options.closed();
    if (closed !== null) {
      if (effect.memo !== null) run(station, { kind: "refused", cycle: effect.cycle });
      throw new IngestFailure("NOT_ACCEPTING", { reason: closed });
    }
    const writes = (number: number): readonly Write[] => [
      // I4, I2: all of it in the commit of the statement.
      ...effect.readings.map((key): Write => ({ kind: "accepted", key, number })),
      ...(effect.readings.length > 0 ? [{ kind: "readingsDone", ids: effect.readings } as const] : []),
      ...(effect.memo === null
        ? []
        : [{ kind: "memo", key: memoKey(effect.measurement.station), bytes: encodeMemo(effect.memo) } as const]),
    ];
    await acceptWithRetries(effect.measurement, writes);
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
          if (!isRetry(error) || stopped) throw fail(error);
          await sleep(RETRY_MS);
        }
      }
    } finally {
      gate.leave();
    }
  }

  async function take(station: Station, id: string, frame: DeviceFrame): Promise<void> {
    if ((await options.accepted(id)) !== null) return;
    const closed = options.closed();
    if (closed !== null) throw new IngestFailure("NOT_ACCEPTING", { reason: closed });
    const { at, device, quantities } = frame;
    const { done } = run(station, {
      kind: "frame",
      device,
      at,
      since: at,
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
    const now = options.now();
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
      watched(run(station, { kind: "frame", device, at, since: now, frame, quantities, reading: id }).done);
    }
  }

  /** For what nobody waits for: its failures have already been told by `fail`, or free a load (P8). */
  function watched(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if (!isRetry(error)) fail(error);
    });
  }

  const timer = setInterval(() => {
    const now = options.now();
    for (const station of stations.values()) watched(run(station, { kind: "tick", now }).done);
  }, TICK_MS);
  reload();

  return {
    onStream: (frame) => {
      const station = stationOf.get(frame.device);
      if (station === undefined || stopped) return;
      events.reading(frame);
      const { at, device, quantities } = frame;
      // I5: while nothing can be accepted the load stays on the scale, unweighed.
      if (gate.isFull()) return;
      watched(
        run(station, { kind: "frame", device, at, since: at, frame: frame.frame, quantities, reading: null }).done,
      );
    },
    onStatus: (device, at, status) => {
      const station = stationOf.get(device);
      if (station !== undefined && !stopped) watched(run(station, { kind: "status", device, at, status }).done);
    },
    onMessage: async (frame) => {
      const station = stationOf.get(frame.device);
      if (station === undefined || stopped)
        throw new IngestFailure("NOT_ACCEPTING", { reason: "the gateway is stopping" });
      events.reading(frame);
      const id = readingId(frame);
      const earlier = onTheirWay.get(id);
      if (earlier !== undefined) return earlier;
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
    }),
    stop: async () => {
      clearInterval(timer);
      stopped = true;
      const left = [...onTheirWay.values(), ...[...stations.values()].map(({ written }) => written)];
      await Promise.allSettled(left);
    },
  };
}

/** I4: the durable name of a message. */
export function readingId({ device, frame }: Pick<DeviceFrame, "device" | "frame">): string {
  return `${device}/${createHash("sha256").update(frame).digest("hex")}`;
}
