import { toHex } from "../crypto/index.ts";
import { appendLeaf, emptyFrontier, type Frontier, leafHash, rootOf } from "../log/index.ts";
import { decodeHeld } from "../statement/index.ts";
import { decodeTwin, encodeTwin, foldTwin } from "../twin/index.ts";
import type { Cut, Executed, Execution, LeafRow, StoredBundle, Tables, Tip } from "./types.ts";

/** X1-X5: executes the cuts of finalized blocks, oldest first, at once. The last answer may be `waiting`. */
export function execute(tables: Tables, cuts: readonly Cut[]): readonly Execution[] {
  const steps = executeStepwise(tables, cuts);
  let step = steps.next();
  while (step.done !== true) step = steps.next();
  return step.value;
}

/**
 * X4: the same, yielding after every bundle. At each yield the tables are a consistent prefix of the log, so the caller
 * may make them durable there; calling again after a crash goes on with what is missing.
 */
export function* executeStepwise(tables: Tables, cuts: readonly Cut[]): Generator<void, readonly Execution[]> {
  const executions: Execution[] = [];
  for (const { view, tips } of cuts) {
    const execution = yield* executeCut(tables, view, tips);
    executions.push(execution);
    // X1: what comes after a block that waits must wait, too.
    if (execution.kind === "waiting") break;
  }
  return executions;
}

function* executeCut(tables: Tables, view: number, tips: readonly Tip[]): Generator<void, Execution> {
  let state = tables.executed();
  // X5: a block at or below the executed view is history.
  if (view <= state.view) return { kind: "executed", state, bundles: [] };
  // A13: gateways join, and none ever leaves its place.
  const executedTips = state.tips;
  state = { ...state, tips: tips.map((_, lane) => executedTips[lane] ?? -1) };
  if (executedTips.length > tips.length)
    throw new Error(`a cut of ${tips.length} lanes was finalized in a site of ${executedTips.length}`);
  const missing = firstMissing(tables, state, tips);
  if (missing !== null) return missing;

  let frontier = frontierOf(tables, state.size);
  const bundles: LeafRow[] = [];
  for (const [lane, tip] of tips.entries()) {
    for (let number = (state.tips[lane] ?? -1) + 1; number <= tip.number; number += 1) {
      const bundle = tables.bundle(lane, number);
      const row: LeafRow = {
        lane,
        number,
        first: bundle.first,
        count: bundle.statements.length,
        leaf: state.size,
        index: state.statements,
      };
      frontier = appendBundle(tables, frontier, bundle, row);
      bundles.push(row);
      state = {
        ...state,
        size: frontier.size,
        root: toHex(rootOf(frontier)),
        statements: state.statements + row.count,
        tips: state.tips.with(lane, number),
      };
      tables.putExecuted(state);
      yield;
    }
  }
  state = { ...state, view };
  tables.putExecuted(state);
  return { kind: "executed", state, bundles };
}

/** X3: null when every body is held, and the tips are the very bundles that were agreed on. */
function firstMissing(tables: Tables, state: Executed, tips: readonly Tip[]): Execution | null {
  for (const [lane, tip] of tips.entries()) {
    const executed = state.tips[lane] ?? -1;
    // A1: no lane goes backwards. Agreement has checked it, so this is a bug and must not be signed.
    if (tip.number < executed) throw new Error(`lane ${lane} went back from bundle ${executed} to ${tip.number}`);
    for (let number = executed + 1; number <= tip.number; number += 1) {
      const held = tables.hashOf(lane, number);
      // A held tip with another hash is the losing half of an equivocation: what was agreed on is still missing.
      if (held === null || (number === tip.number && held !== tip.hash)) {
        return { kind: "waiting", lane, number, upTo: tip.number };
      }
    }
  }
  return null;
}

/** X1, X2: the bundle becomes the next leaf, its statements the next twins. */
function appendBundle(tables: Tables, frontier: Frontier, bundle: StoredBundle, row: LeafRow): Frontier {
  const appended = appendLeaf(frontier, leafHash(bundle.cose));
  for (const { level, index, hash } of appended.completed) tables.putNode(level, index, hash);
  tables.putLeaf(row);
  for (const [offset, bytes] of bundle.statements.entries()) {
    const decoded = decodeHeld(bytes);
    // L3: a held bundle was validated, so this is a damaged disk or a bug.
    if (decoded.kind === "reject") {
      throw new Error(`statement ${row.first + offset} of lane ${row.lane} is held but unreadable: ${decoded.reason}`);
    }
    const { item } = decoded.statement.measurement;
    const twin = tables.twin(item);
    const place = { lane: row.lane, index: row.index + offset };
    tables.putTwin(item, encodeTwin(foldTwin(twin === null ? null : decodeTwin(twin), decoded.statement, place)));
  }
  return appended.frontier;
}

/** The frontier of the first `size` leaves: one complete subtree for each bit of `size`, largest first. */
function frontierOf(tables: Tables, size: number): Frontier {
  if (size === 0) return emptyFrontier;
  const peaks: Uint8Array[] = [];
  let start = 0;
  // Numbers and not bit operators: a log may outgrow 32 bits.
  for (let level = Math.floor(Math.log2(size)); level >= 0; level -= 1) {
    const leaves = 2 ** level;
    if (size - start < leaves) continue;
    peaks.push(tables.node(level, start / leaves));
    start += leaves;
  }
  return { size, peaks };
}
