import type { GatewayIndex, Hash } from "../committee/index.ts";

export type { GatewayIndex, Hash } from "../committee/index.ts";

/** A bundle as it is held: see ledger/lane. */
export type StoredBundle = {
  readonly lane: GatewayIndex;
  readonly number: number;
  readonly hash: Hash;
  /** The COSE_Sign1 with the root attached: the leaf of the log. */
  readonly cose: Uint8Array;
  readonly statements: readonly Uint8Array[];
  /** Number of the first statement in it. */
  readonly first: number;
};

/** A lane's entry in a cut. Number -1 = nothing of the lane yet; its hash means nothing. */
export type Tip = { readonly number: number; readonly hash: Hash };

/** What execution takes of a finalized block. */
export type Cut = { readonly view: number; readonly tips: readonly Tip[] };

/** The state of execution: a pure function of the finalized chain. */
export type Executed = {
  /** View of the last executed block; 0 = nothing. */
  readonly view: number;
  /** Leaves of the log. */
  readonly size: number;
  readonly root: Hash;
  /** Statements folded so far = index of the next one. */
  readonly statements: number;
  /** Highest executed bundle number of each lane, -1 = none. */
  readonly tips: readonly number[];
};

/** Where a bundle stands in the log: leaf `leaf`, its statements from log index `index` on. */
export type LeafRow = {
  readonly lane: GatewayIndex;
  readonly number: number;
  /** Statement number of its first statement. */
  readonly first: number;
  readonly count: number;
  readonly leaf: number;
  readonly index: number;
};

/** The outcome of executing one finalized block. `waiting` names the first body that is not held. */
export type Execution =
  | { readonly kind: "executed"; readonly state: Executed; readonly bundles: readonly LeafRow[] }
  | { readonly kind: "waiting"; readonly lane: GatewayIndex; readonly number: number; readonly upTo: number };

/** What execution reads and writes. All writes of one call become durable together, or in order when it is stepped. */
export type Tables = {
  readonly executed: () => Executed;
  readonly putExecuted: (state: Executed) => void;
  /** Hash of the held bundle, null when it is not held. */
  readonly hashOf: (lane: GatewayIndex, number: number) => Hash | null;
  readonly bundle: (lane: GatewayIndex, number: number) => StoredBundle;
  /** Complete subtrees of the log, see ledger/log `Node`. */
  readonly node: (level: number, index: number) => Uint8Array;
  readonly putNode: (level: number, index: number, hash: Uint8Array) => void;
  readonly twin: (item: string) => Uint8Array | null;
  readonly putTwin: (item: string, bytes: Uint8Array) => void;
  readonly putLeaf: (row: LeafRow) => void;
};
