import type { Decimal, MassUnit, Quantity } from "../../devices/quantity/index.ts";
import type { Measurement } from "../../ledger/statement/index.ts";

export type QuantityKind = Quantity["kind"];

/** A device as it is registered for a station in the site configuration, its limits in kilograms and metres. */
export type StationDevice = {
  readonly id: string;
  /** `stream`: repeats what it sees, many times a weighing. `event`: every message is a decision of the device's own (P7). */
  readonly delivery: "stream" | "event";
  /** P18: it says nothing below its zero. Absent: it says something. */
  readonly silentOutOfRange?: true;
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
  /** P13: how long what came before its load waits for it. */
  readonly earlyMs: number;
  readonly devices: readonly StationDevice[];
};

/** P4: the load that stands there was accepted for this item, with this mass. */
export type Weighed = { readonly item: string; readonly mass: MassValue };

/** What must survive a restart (P6). `weighed` is null when the load of the last weighing is known to have left. */
export type Memo = { readonly cycle: number; readonly weighed: Weighed | null };

export type Input =
  /** One raw frame with everything that was decoded from it. `reading` is its durable id when it was, or may be, acknowledged. */
  | {
      readonly kind: "frame";
      readonly device: string;
      /** Unix ms of reception: becomes the time of the measurement. */
      readonly at: number;
      /** ms of a clock that never jumps, from which the window counts (P16). */
      readonly since: number;
      /** P9: it was acknowledged before a restart; `since` is the restart. */
      readonly reloaded: boolean;
      readonly frame: Uint8Array;
      readonly quantities: readonly Quantity[];
      readonly reading: string | null;
    }
  /** A device said that it has no value: overload, busy, an error. */
  | { readonly kind: "status"; readonly device: string; readonly since: number; readonly status: string }
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
  /** P5: what stands on the scale is still the load of the last measurement. */
  | "previous-load"
  /** P13: nothing was put on the scale in time. */
  | "no-load"
  /** P13: the load left before it was measured. */
  | "load-left"
  /** P14: the scale said nothing, so nobody knows what stood on it. */
  | "scale-silent"
  /** P18: the scale rested below its zero, and has not shown zero since. */
  | "zero-off"
  | "unit-changed"
  /** P15: parts without a name that may belong to more than one item. */
  | "ambiguous"
  /** P8: the gateway took nothing at that moment. */
  | "not-accepting"
  /** P8: the gateway's own re-check said no, and why. */
  | `refused: ${string}`
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
  /** P5, P7: the item of this frame is the one that was just weighed, or the frame the one that just came. A durable reading is given up. */
  | { readonly kind: "repeated"; readonly item: string | null; readonly readings: readonly string[] }
  | { readonly kind: "remember"; readonly memo: Memo };

/** A usable value and the frame that proves it. */
export type Part<Value> = {
  readonly value: Value;
  readonly device: StationDevice;
  readonly at: number;
  readonly since: number;
  readonly reloaded: boolean;
  readonly frame: Uint8Array;
  /** P12: how many values (mass, dimensions) the frame gave; all of them are used, or none. */
  readonly values: number;
  readonly reading: string | null;
};

export type MassValue = { readonly kilograms: Decimal; readonly division: Decimal };
export type DimensionsValue = Measurement["dimensions"];

/** The parts of one load, or without a stream scale of no load, that name the same item; `item` null: that name none. */
export type Pending = {
  /** P13: the load cycle that they belong to; above the current one = of the next load. Null = of no load (P7, P9). */
  readonly cycle: number | null;
  readonly item: string | null;
  readonly identity: Part<string> | null;
  readonly mass: Part<MassValue> | null;
  readonly dimensions: Part<DimensionsValue> | null;
};

/**
 * P18: what is known of the zero of a stream scale. `unproven`: nothing speaks against it. `proven`: it was there again after a load.
 * `off`: the scale rested below it, so that a load would weigh too little.
 */
export type Zero = "unproven" | "proven" | "off";

/** What is known of the load on a `stream` scale. Times are of the clock of `since`. */
export type Load =
  | { readonly kind: "unseen" }
  /** P4: of an accepted load, the first sight of the empty scale. */
  | { readonly kind: "empty"; readonly seenAt: number }
  | {
      readonly kind: "loaded";
      readonly since: number;
      readonly seenAt: number;
      /** The newest frame, if it was stable. */
      readonly shown: Part<MassValue> | null;
      /** P3: what the newest two frames agree on; null while none may be used. */
      readonly mass: Part<MassValue> | null;
      /** P5: what this load last came to rest at. */
      readonly settled: MassValue | null;
      /** P5: since when the frames no longer show that. */
      readonly stirredAt: number | null;
      readonly reported: boolean;
    };

export type StationState = {
  readonly settings: StationSettings;
  /** Number of the load that stands on the scale, or of the last one. */
  readonly cycle: number;
  readonly load: Load;
  readonly zero: Zero;
  /** P4: not null = the load of this cycle is spent. */
  readonly weighed: Weighed | null;
  /** Oldest first; at most MAX_PENDING. */
  readonly pending: readonly Pending[];
  /** P7: what a line without acknowledgement brought within the window, to know it again. */
  readonly recent: readonly { readonly device: string; readonly since: number; readonly frame: Uint8Array }[];
  readonly trouble: { readonly reason: Reason; readonly since: number } | null;
  /** Of the last usable mass. */
  readonly unit: MassUnit | null;
};

export type Step = { readonly state: StationState; readonly effects: readonly Effect[] };
