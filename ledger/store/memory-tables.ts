import type { Tables } from "../execution/index.ts";
import { append, assign, grow, type MemoryState, set, type Undo } from "./memory-state.ts";

/** The port of ledger/execution over the memory store. */
export function memoryTables(state: MemoryState, undo: Undo): Tables {
  return {
    executed: () => state.single.executed,
    putExecuted: (executed) => assign(state, undo, "executed", executed),
    hashOf: (lane, number) => state.lanes[lane]?.[number]?.hash ?? null,
    bundle: (lane, number) => {
      const bundle = state.lanes[lane]?.[number];
      if (bundle === undefined) throw new Error(`bundle ${number} of lane ${lane} is not held`);
      return bundle;
    },
    node: (level, index) => {
      const hash = state.nodes.get(`${level}/${index}`);
      if (hash === undefined) throw new Error(`node ${index} of level ${level} of the log is missing`);
      return hash;
    },
    putNode: (level, index, hash) => set(state.nodes, undo, `${level}/${index}`, hash),
    twin: (item) => state.twins.get(item) ?? null,
    putTwin: (item, bytes) => set(state.twins, undo, item, bytes),
    putLeaf: (row) => {
      grow(state, row.lane + 1);
      append(state.leaves, undo, row);
      append(state.laneLeaves[row.lane] ?? [], undo, row.leaf);
    },
  };
}
