import { type Executed, genesis, type LeafRow, type StoredBundle } from "../execution/index.ts";
import type { Recovered, StoredEpoch, Write } from "./port.ts";

type Of<K extends Write["kind"]> = Extract<Write, { kind: K }>;
type Block = { readonly view: number; readonly hash: string; readonly bytes: Uint8Array };

/** The tables of the memory store. Only `set`, `remove`, `append` and `replace` below change it, so that all can be undone. */
export type MemoryState = {
  /** By lane, then by number. */
  readonly lanes: StoredBundle[][];
  readonly laneCertificates: Map<number, { readonly number: number; readonly bytes: Uint8Array }>;
  /** Key: view and kind. */
  readonly votes: Map<string, Recovered["votes"][number]>;
  readonly proposals: Map<number, Recovered["proposals"][number]>;
  readonly certificates: Map<string, Recovered["certificates"][number]>;
  readonly blocks: Map<string, Block>;
  /** By view, ascending. */
  readonly chain: (Block & { readonly finalization: Uint8Array | null })[];
  /** By epoch, ascending. */
  readonly epochs: StoredEpoch[];
  readonly unsealed: { readonly first: number; readonly statements: readonly Uint8Array[] }[];
  readonly nodes: Map<string, Uint8Array>;
  readonly leaves: LeafRow[];
  /** By lane, then by number: the leaf of each executed bundle. */
  readonly laneLeaves: number[][];
  readonly twins: Map<string, Uint8Array>;
  /** By size, ascending. */
  readonly anchors: { readonly ledger: string; readonly size: number; readonly note: string }[];
  readonly refusals: Of<"refusal">[];
  readonly evidence: Of<"evidence">[];
  readonly readings: Map<string, Uint8Array>;
  readonly accepted: Map<string, number>;
  readonly memos: Map<string, Uint8Array>;
  readonly single: {
    checkpoint: { readonly size: number; readonly note: string } | null;
    executed: Executed;
  };
};

/** S8: how to take back what is not durable yet, oldest first. */
export type Undo = (() => void)[];

export function newState(lanes: number): MemoryState {
  return {
    lanes: Array.from({ length: lanes }, () => []),
    laneCertificates: new Map(),
    votes: new Map(),
    proposals: new Map(),
    certificates: new Map(),
    blocks: new Map(),
    chain: [],
    epochs: [],
    unsealed: [],
    nodes: new Map(),
    leaves: [],
    laneLeaves: Array.from({ length: lanes }, () => []),
    twins: new Map(),
    anchors: [],
    refusals: [],
    evidence: [],
    readings: new Map(),
    accepted: new Map(),
    memos: new Map(),
    single: { checkpoint: null, executed: genesis(lanes) },
  };
}

/** Entries are never changed, only replaced: copying the tables is enough. */
export function copyState(state: MemoryState): MemoryState {
  return {
    lanes: state.lanes.map((held) => [...held]),
    laneCertificates: new Map(state.laneCertificates),
    votes: new Map(state.votes),
    proposals: new Map(state.proposals),
    certificates: new Map(state.certificates),
    blocks: new Map(state.blocks),
    chain: [...state.chain],
    epochs: [...state.epochs],
    unsealed: [...state.unsealed],
    nodes: new Map(state.nodes),
    leaves: [...state.leaves],
    laneLeaves: state.laneLeaves.map((leaves) => [...leaves]),
    twins: new Map(state.twins),
    anchors: [...state.anchors],
    refusals: [...state.refusals],
    evidence: [...state.evidence],
    readings: new Map(state.readings),
    accepted: new Map(state.accepted),
    memos: new Map(state.memos),
    single: { ...state.single },
  };
}

/** A13: gateways join. A lane that nothing was written to is as good as none, so nothing is to be undone. */
export function grow(state: MemoryState, lanes: number): void {
  while (state.lanes.length < lanes) {
    state.lanes.push([]);
    state.laneLeaves.push([]);
  }
}

export function set<K, V>(map: Map<K, V>, undo: Undo, key: K, value: V): void {
  const before = map.get(key);
  map.set(key, value);
  undo.push(() => void (before === undefined ? map.delete(key) : map.set(key, before)));
}

/** Undoing puts the entry at the end: only there the order of recovered readings differs from that of a disk. */
export function remove<K, V>(map: Map<K, V>, undo: Undo, key: K): void {
  const before = map.get(key);
  if (before === undefined) return;
  map.delete(key);
  undo.push(() => void map.set(key, before));
}

export function append<T>(list: T[], undo: Undo, value: T): void {
  list.push(value);
  undo.push(() => void list.pop());
}

/** Replaces `count` entries from `at` on. */
export function splice<T>(list: T[], undo: Undo, at: number, count: number, ...values: readonly T[]): void {
  const removed = list.splice(at, count, ...values);
  undo.push(() => void list.splice(at, values.length, ...removed));
}

export function assign<K extends keyof MemoryState["single"]>(
  state: MemoryState,
  undo: Undo,
  key: K,
  value: MemoryState["single"][K],
): void {
  const before = state.single[key];
  state.single[key] = value;
  undo.push(() => {
    state.single[key] = before;
  });
}
