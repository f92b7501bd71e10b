import type { Decimal, Quantity } from "../../devices/quantity/index.ts";
import type { Measurement } from "../../ledger/statement/index.ts";

export type QuantityKind = Quantity["kind"];

/** A device as it is registered for a station in the site configuration, its limits in kilograms and metres. */
export type StationDevice = {
  readonly id: string;
  /** `stream`: repeats what it sees, many times a weighing. `event`: every message is a decision of the device's own (P7). */
  readonly delivery: "stream" | "event";
  readonly measures: readonly QuantityKind[];
  readonly mass: Limits | null;
  readonly dimensions: Limits | null;
};

/** Registered range and resolution, inclusive. */
export type Limits = { readonly min: Decimal; readonly max: Decimal; readonly division: Decimal };

export type StationSettings = {
  readonly station: string;
  /** P2: readings further apart than this never become one measurement. */
  readonly windowMs: number;
  readonly devices: readonly StationDevice[];
};

/** What must survive a restart (P6). `item` is null when the load of the last weighing is known to have left. */
export type Memo = { readonly cycle: number; readonly item: string | null };

export type Input =
  /** One raw frame with everything that was decoded from it. `reading` is its durable id when it was, or may be, acknowledged. */
  | {
      readonly kind: "frame";
      readonly device: string;
      /** Unix ms of reception: becomes the time of the measurement. */
      readonly at: number;
      /** Unix ms from which the window counts: the same, except for a reading reloaded after a restart (P9). */
      readonly since: number;
      readonly frame: Uint8Array;
      readonly quantities: readonly Quantity[];
      readonly reading: string | null;
    }
  /** A device said that it has no value: overload, busy, an error. */
  | { readonly kind: "status"; readonly device: string; readonly at: number; readonly status: string }
  | { readonly kind: "tick"; readonly now: number }
  /** P8: the measurement could not be accepted; its load may be weighed again. */
  | { readonly kind: "refused"; readonly cycle: number };

/** Why there is no measurement, in the order in which a person would look. */
export type Reason =
  | "nothing-received"
  | "not-stable"
  | "stability-unknown"
  | "below-minimum"
  | "above-maximum"
  | "off-division"
  | "frame-too-long"
  | "item-unprintable"
  | "superseded"
  | "too-many-items"
  | "previous-load"
  | `device-${string}`;

export type Effect =
  | {
      readonly kind: "measure";
      readonly measurement: Measurement;
      /** Durable readings that are consumed by it, in the same commit. */
      readonly readings: readonly string[];
      /** To be durable in the same commit (P6); null when only event devices took part. */
      readonly memo: Memo | null;
      readonly cycle: number;
    }
  | {
      readonly kind: "incomplete";
      readonly station: string;
      readonly item: string | null;
      readonly missing: readonly QuantityKind[];
      readonly reason: Reason;
      /** Durable readings that are given up. */
      readonly readings: readonly string[];
    }
  /** P5: the item of this frame is the one that was just weighed. Its durable reading, if any, is given up. */
  | { readonly kind: "repeated"; readonly item: string; readonly readings: readonly string[] }
  | { readonly kind: "remember"; readonly memo: Memo };

/** A usable value and the frame that proves it. */
export type Part<Value> = {
  readonly value: Value;
  readonly device: StationDevice;
  readonly at: number;
  readonly since: number;
  readonly frame: Uint8Array;
  /** P12: how many values (mass, dimensions) the frame gave; all of them are used, or none. */
  readonly values: number;
  readonly reading: string | null;
};

export type MassValue = { readonly kilograms: Decimal; readonly division: Decimal };
export type DimensionsValue = Measurement["dimensions"];

/** The parts that name the same item; `item` null holds the parts that name none. */
export type Pending = {
  readonly item: string | null;
  readonly identity: Part<string> | null;
  readonly mass: Part<MassValue> | null;
  readonly dimensions: Part<DimensionsValue> | null;
};

/** What is known of the load on a `stream` scale. */
export type Load =
  | { readonly kind: "unseen" }
  | { readonly kind: "empty" }
  | {
      readonly kind: "loaded";
      readonly since: number;
      readonly seenAt: number;
      /** The newest stable mass, null while none may be used. */
      readonly mass: Part<MassValue> | null;
      /** P4: the item that this load was accepted for. */
      readonly spentBy: string | null;
      /** P5: the load was seen to change, or was not watched, since it was accepted. */
      readonly moved: boolean;
      readonly reported: boolean;
    };

export type StationState = {
  readonly settings: StationSettings;
  readonly cycle: number;
  readonly load: Load;
  readonly memo: Memo | null;
  /** Oldest first; at most MAX_PENDING. */
  readonly pending: readonly Pending[];
  readonly trouble: { readonly reason: Reason; readonly at: number } | null;
};

export type Step = { readonly state: StationState; readonly effects: readonly Effect[] };
