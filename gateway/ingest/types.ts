import type { Quantity } from "../../devices/quantity/index.ts";
import type { Measurement } from "../../ledger/statement/index.ts";
import type { Write } from "../../ledger/store/port.ts";
import type { QuantityKind, Reason, StationSettings } from "../station/index.ts";

/** Everything of one raw frame. */
export type DeviceFrame = {
  readonly device: string;
  readonly at: number;
  readonly frame: Uint8Array;
  readonly quantities: readonly Quantity[];
};

export type Incomplete = {
  readonly station: string;
  readonly item: string | null;
  readonly missing: readonly QuantityKind[];
  readonly reason: Reason;
};

export type IngestOptions = {
  readonly stations: readonly StationSettings[];
  /**
   * Assesses, seals and fsyncs; `writes` become durable in the same commit. Rejects with an error whose `remedy` is
   * "retry" when it is worth trying again, with IngestFailure REFUSED when it never is (I8), with any other when the gateway cannot go on (I7).
   */
  readonly accept: (
    measurement: Measurement,
    writes: (number: number) => readonly Write[],
  ) => Promise<{ readonly number: number }>;
  readonly commit: (writes: readonly Write[]) => Promise<void>;
  /** The statement number accepted under a durable key, or null. */
  readonly accepted: (key: string) => Promise<number | null>;
  /** Decodes a reading of before a restart (I3); null when the device is no longer registered or the frame not readable. */
  readonly decode: (device: string, frame: Uint8Array) => readonly Quantity[] | null;
  /** By station. */
  readonly memos: ReadonlyMap<string, Uint8Array>;
  readonly readings: readonly { readonly id: string; readonly bytes: Uint8Array }[];
  /** Why nothing may be accepted now, as a sentence; null = go on. */
  readonly closed: () => string | null;
  /** P16: ms of a clock that never jumps. */
  readonly clock: () => number;
  readonly events: {
    readonly reading: (frame: DeviceFrame) => void;
    readonly accepted: (measurement: Measurement, number: number) => void;
    readonly incomplete: (incomplete: Incomplete) => void;
    /** I7. */
    readonly failed: (error: Error) => void;
  };
};

export type Ingest = {
  /** A frame of a stream device. Nothing to wait for: what is not accepted stays on the scale. */
  readonly onStream: (frame: DeviceFrame) => void;
  readonly onStatus: (device: string, at: number, status: string) => void;
  /** A message of an event device. Resolves = may be acknowledged (I1); rejects = must be sent again. */
  readonly onMessage: (frame: DeviceFrame) => Promise<void>;
  /** A measurement made outside of the stations (API). `key` = its durable key, or null. */
  readonly onMeasurement: (measurement: Measurement, key: string | null) => Promise<{ readonly number: number }>;
  /** `repeated`: messages that were recognised and not taken again, since the start (I4). */
  readonly queues: () => { readonly accepting: number; readonly readingsHeld: number; readonly repeated: number };
  /** Stops taking; resolves when what is on its way has arrived. */
  readonly stop: () => Promise<void>;
};
