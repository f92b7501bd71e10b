import { decodeFrame } from "../../devices/index.ts";
import type { Draft } from "../../ledger/replica/index.ts";
import type { Recovered, Store } from "../../ledger/store/index.ts";
import type { Measurement } from "../../ledger/statement/index.ts";
import type { EventBus, Metrics } from "../api/index.ts";
import type { GatewayConfig } from "../config/index.ts";
import { type Ingest, memoKey, startIngest } from "../ingest/index.ts";
import { stationsOf } from "../station/index.ts";
import type { Observer } from "./observer.ts";

/** The stations of a gateway with what they remember, tied to its store, lane and observers. */
export async function startMeasuring(parts: {
  readonly config: GatewayConfig;
  readonly store: Store;
  /** I3: acknowledged before, and not yet part of a measurement. */
  readonly readings: Recovered["readings"];
  readonly accept: (measurement: Measurement, writes: Draft["writes"]) => Promise<{ readonly number: number }>;
  readonly bus: EventBus;
  readonly metrics: Metrics;
  readonly observer: Observer;
  readonly closed: () => string | null;
}): Promise<Ingest> {
  const { config, store, bus, metrics, observer } = parts;
  const { site, settings } = config;
  const stations = stationsOf(site, settings.gateway, settings.station.windowMs);
  const memos = new Map<string, Uint8Array>();
  for (const { station } of stations) {
    const bytes = await store.memo(memoKey(station));
    if (bytes !== null) memos.set(station, bytes);
  }
  return startIngest({
    stations,
    accept: parts.accept,
    commit: store.commit,
    accepted: store.accepted,
    decode: (device, frame) => {
      const registered = site.devices.find(({ id }) => id === device);
      if (registered === undefined) return null;
      const decoded = decodeFrame(registered.protocol, frame, registered.settings);
      return decoded.kind === "quantities" ? decoded.quantities : null;
    },
    memos,
    readings: parts.readings,
    closed: parts.closed,
    clock: () => performance.now(),
    events: {
      reading: ({ device, at, quantities }) => {
        if (bus.listeners() > 0) bus.publish({ event: "reading", data: { device, at, quantities } });
      },
      accepted: ({ item, station, at }, number) => {
        observer.accepted(number);
        if (bus.listeners() === 0) return;
        bus.publish({ event: "measurement", data: { gateway: settings.gateway, number, item, station, at } });
      },
      incomplete: ({ station, item, missing, reason }) => {
        metrics.incomplete();
        const what = item === null ? "a load" : `item ${item}`;
        const lack = missing.length === 0 ? "" : `, ${missing.join(", ")} missing`;
        observer.alarm("incomplete", `station ${station}: ${what} was not measured${lack} (${reason})`);
      },
      failed: observer.fail,
    },
  });
}
