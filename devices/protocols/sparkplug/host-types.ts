import type { ProtocolSettings } from "../protocol.ts";
import type { Born } from "./frame.ts";
import type { Mapping } from "./mapping.ts";
import type { MessageType, NodeName, SparkplugName } from "./topic.ts";

/** A registered device and where it is found. */
export type HostDevice = {
  readonly id: string;
  readonly address: SparkplugName;
  readonly settings: ProtocolSettings;
};

export type HostTiming = {
  /** SP13: how long a gap in the sequence may be filled by a message that was overtaken. */
  readonly reorderMs: number;
  /** SP14: an edge node is asked for a rebirth at most once in this time. */
  readonly rebirthMs: number;
  /** SP14: how long after a connection an edge node may still say its birth unasked. */
  readonly graceMs: number;
};

export const defaultHostTiming: HostTiming = { reorderMs: 2_000, rebirthMs: 10_000, graceMs: 2_000 };

export type HostInput =
  | { readonly kind: "connected"; readonly atMs: number }
  | { readonly kind: "disconnected"; readonly atMs: number; readonly reason: string }
  /** A broker of our own saw the edge node leave without a will. */
  | { readonly kind: "gone"; readonly node: NodeName; readonly atMs: number }
  | { readonly kind: "message"; readonly topic: string; readonly payload: Uint8Array; readonly atMs: number }
  | { readonly kind: "tick"; readonly atMs: number };

export type HostEffect =
  | { readonly kind: "rebirth"; readonly to: NodeName }
  /** To be decoded and taken. */
  | { readonly kind: "frame"; readonly device: string; readonly frame: Uint8Array }
  | { readonly kind: "refused"; readonly device: string; readonly bytes: Uint8Array; readonly reason: string }
  /** A message of the device that is well and says nothing of a weighing. */
  | { readonly kind: "heard"; readonly device: string }
  | { readonly kind: "born"; readonly device: string }
  /** SP12: what the device said before is stale. `reason` null: its edge node is saying its births anew. */
  | { readonly kind: "stale"; readonly device: string; readonly reason: string | null };

export type Step = {
  readonly state: HostState;
  readonly effects: readonly HostEffect[];
  /** When the host wants its next tick. */
  readonly wakeAtMs: number | null;
};

export type HostState = {
  readonly timing: HostTiming;
  readonly nodes: ReadonlyMap<string, NodeState>;
  /** SP14: when the edge nodes that have not said their birth are asked for it. */
  readonly graceUntilMs: number | null;
};

export type NodeState = {
  readonly name: NodeName;
  readonly devices: readonly KnownDevice[];
  readonly session: Session | null;
  readonly askedAtMs: number | null;
};

export type KnownDevice = {
  readonly id: string;
  readonly device: string | null;
  readonly mapping: Mapping;
  readonly born: Born | null;
};

/** SP11: what an NBIRTH begins and its NDEATH ends. */
export type Session = {
  readonly bdSeq: bigint | null;
  /** The sequence number that comes next, 0 to 255. */
  readonly next: number;
  /** SP13: what came before its turn, oldest first. */
  readonly early: readonly Early[];
  readonly gapSinceMs: number | null;
};

export type Early = {
  readonly seq: number;
  readonly type: MessageType;
  readonly device: string | null;
  readonly payload: Uint8Array;
};
