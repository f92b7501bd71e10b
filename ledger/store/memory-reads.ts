import { packBundles, packStatements } from "../bundle/index.ts";
import type { LeafRow } from "../execution/index.ts";
import { consistencyProof, inclusionProof } from "../log/index.ts";
import type { MemoryState } from "./memory-state.ts";
import { memoryTables } from "./memory-tables.ts";
import type { FinalStatement, Recovered, StoredBundle } from "./port.ts";
import type { Reads } from "./reads.ts";
import { recoverLane } from "./recover-lane.ts";

/** The same answers as reads.ts and recover.ts, over maps. */
export function memoryReads(state: MemoryState): Omit<Reads, "executed"> & { readonly recover: () => Recovered } {
  const { node } = memoryTables(state, []);
  return {
    recover: () => recover(state),
    ...statementReads(state),
    bundles: (lane, from, maxBytes) => bundles(state, lane, from, maxBytes),
    history: (lane, from, upTo, maxBytes) => {
      const found = bundles(state, lane, from, maxBytes).filter(({ number }) => number <= upTo);
      const packed = packBundles(found.map(({ cose, statements }) => ({ cose, body: packStatements(statements) })));
      return { packed, next: from + found.length };
    },
    finalizedAfter: (after, limit) => finalizedAfter(state, after, limit),
    countsAt: (size) => countsAt(state, size),
    unsealed: (limit) => state.unsealed.slice(0, limit),
    twin: (item) => state.twins.get(item) ?? null,
    accepted: (key) => state.accepted.get(key) ?? null,
    memo: (key) => state.memos.get(key) ?? null,
    refusals: (limit) => state.refusals.toReversed().slice(0, limit),
    evidence: (gateway, fault, about) =>
      state.evidence.find((kept) => kept.gateway === gateway && kept.fault === fault && kept.about === about)?.bytes ??
      null,
    consistency: (from, to) => {
      const { size } = state.single.executed;
      if (to > size) throw new RangeError(`the log has ${size} leaves, not ${to}`);
      return consistencyProof(node, from, to);
    },
  };
}

function statementReads(state: MemoryState): Pick<Reads, "statementsAfter" | "statement" | "receipt"> {
  const { node } = memoryTables(state, []);
  const find = (lane: number, number: number) => {
    const held = state.lanes[lane] ?? [];
    const bundle = held[lastWhere(held, ({ first }) => first <= number)];
    const bytes = bundle?.statements[number - bundle.first];
    if (bundle === undefined || bytes === undefined) return null;
    const executed = bundle.number <= (state.single.executed.tips[lane] ?? -1);
    return { bundle, bytes, leaf: executed ? leafOf(state, bundle) : null };
  };
  return {
    statementsAfter: (index, limit) => statementsAfter(state, index, limit),
    statement: (lane, number) => {
      const found = find(lane, number);
      if (found === null) return null;
      return { bytes: found.bytes, index: found.leaf === null ? null : found.leaf.index + number - found.bundle.first };
    },
    receipt: (lane, number) => {
      const found = find(lane, number);
      if (found === null) return { kind: "unknown" };
      if (found.leaf === null) return { kind: "pending", stage: "accepted" };
      const { leaf } = found.leaf;
      const anchor = state.anchors.find(({ size }) => size > leaf);
      if (anchor === undefined || anchor.size > state.single.executed.size) return { kind: "pending", stage: "final" };
      const path = inclusionProof(node, anchor.size, leaf);
      return { kind: "parts", parts: { statement: found.bytes, bundle: found.bundle, leaf, anchor, path } };
    },
  };
}

function statementsAfter(state: MemoryState, index: number, limit: number): readonly FinalStatement[] {
  const found: FinalStatement[] = [];
  const start = lastWhere(state.leaves, (row) => row.index <= Math.max(index + 1, 0));
  for (let leaf = start; leaf >= 0 && leaf < state.leaves.length && found.length < limit; leaf += 1) {
    const row = state.leaves[leaf];
    const statements = row === undefined ? [] : (state.lanes[row.lane]?.[row.number]?.statements ?? []);
    for (const [offset, bytes] of statements.entries()) {
      if (row === undefined || row.index + offset <= index || found.length >= limit) continue;
      found.push({ index: row.index + offset, lane: row.lane, number: row.first + offset, bytes });
    }
  }
  return found;
}

function bundles(state: MemoryState, lane: number, from: number, maxBytes: number): readonly StoredBundle[] {
  const found: StoredBundle[] = [];
  let bytes = 0;
  for (const bundle of (state.lanes[lane] ?? []).slice(Math.max(from, 0))) {
    bytes += bundle.cose.length + bundle.statements.reduce((sum, { length }) => sum + 4 + length, 4);
    if (found.length > 0 && bytes > maxBytes) break;
    found.push(bundle);
  }
  return found;
}

function leafOf(state: MemoryState, bundle: StoredBundle): LeafRow {
  const row = state.leaves[state.laneLeaves[bundle.lane]?.[bundle.number] ?? -1];
  if (row === undefined) throw new Error(`bundle ${bundle.number} of lane ${bundle.lane} is executed without a leaf`);
  return row;
}

function countsAt(state: MemoryState, size: number): ReturnType<Reads["countsAt"]> {
  const { size: executed } = state.single.executed;
  if (size > executed) throw new RangeError(`the log has ${executed} leaves, not ${size}`);
  const lanes = state.laneLeaves.map((leaves) => {
    const row = state.leaves[leaves[lastWhere(leaves, (leaf) => leaf < size)] ?? -1];
    return row === undefined ? 0 : row.first + row.count;
  });
  return { statements: lanes.reduce((sum, count) => sum + count, 0), lanes };
}

function finalizedAfter(state: MemoryState, after: number, limit: number): ReturnType<Reads["finalizedAfter"]> {
  const later = state.chain.slice(lastWhere(state.chain, ({ view }) => view <= after) + 1);
  const last = state.epochs.find(({ view }) => view > after);
  const lastOfEpoch = last === undefined ? Number.POSITIVE_INFINITY : later.findIndex(({ view }) => view === last.view);
  const within = later.slice(0, limit).findLastIndex(({ finalization }) => finalization !== null);
  const finalized = within >= 0 ? within : later.findIndex(({ finalization }) => finalization !== null);
  const end = Math.min(finalized, lastOfEpoch);
  const blocks = later.slice(0, end + 1).map(({ view, hash, bytes }) => ({ view, hash, bytes }));
  return { blocks, finalization: later[end]?.finalization ?? null };
}

function chainEnd({ chain }: MemoryState, views: number): readonly Uint8Array[] {
  const since = lastWhere(chain, ({ view }) => view <= (chain.at(-1)?.view ?? 0) - views);
  return chain.slice(Math.max(0, since)).map(({ bytes }) => bytes);
}

function recover(state: MemoryState): Recovered {
  const { checkpoint, executed } = state.single;
  const last = state.chain.findLast(({ finalization }) => finalization !== null);
  const newest = new Map(state.anchors.map((anchor) => [anchor.ledger, anchor]));
  return {
    finalized:
      last === undefined || last.finalization === null
        ? null
        : { view: last.view, hash: last.hash, block: last.bytes, finalization: last.finalization },
    epochs: [...state.epochs],
    unsealed: state.unsealed.length,
    chain: chainEnd(state, 3 * state.lanes.length + 16),
    votes: sorted(state.votes.values(), ({ vote }) => vote),
    proposals: sorted(state.proposals.values(), () => ""),
    certificates: sorted(state.certificates.values(), ({ certificate }) => certificate),
    blocks: sorted(state.blocks.values(), ({ hash }) => hash),
    lanes: state.lanes
      .map((held, lane) => recoverLane(lane, held.at(-1), state.laneCertificates.get(lane)?.bytes ?? null))
      .filter((lane) => lane !== null),
    executed,
    checkpoint,
    anchors: [...newest.values()].sort((a, b) => compare(a.ledger, b.ledger)),
    readings: [...state.readings].map(([id, bytes]) => ({ id, bytes })),
    evidence: state.evidence.map(({ gateway, fault, about, bytes }) => ({ gateway, fault, about, bytes })),
    successors: state.memos.get("successors") ?? null,
    silentLanes: [...state.lanes.keys()].filter((lane) => state.memos.has(`lane/${lane}/silent`)),
    executedCounts: countsAt(state, executed.size).lanes,
    anchoredCounts: countsAt(state, Math.min(executed.size, state.anchors.at(-1)?.size ?? 0)).lanes,
  };
}

function sorted<T extends { readonly view: number }>(entries: Iterable<T>, name: (entry: T) => string): T[] {
  return [...entries].sort((a, b) => a.view - b.view || compare(name(a), name(b)));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Last index whose entry holds, in a list where all that hold come first; -1 = none. */
function lastWhere<T>(list: readonly T[], holds: (entry: T) => boolean): number {
  let below = 0;
  let above = list.length;
  while (below < above) {
    const middle = Math.floor((below + above) / 2);
    const entry = list[middle];
    if (entry !== undefined && holds(entry)) below = middle + 1;
    else above = middle;
  }
  return below - 1;
}
