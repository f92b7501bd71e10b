/** From a finalized cut to the log and the twins: pure and deterministic. The rules are in README.md. */
export { execute, executeStepwise } from "./execute.ts";
export { genesis } from "./genesis.ts";
export type { Cut, Executed, Execution, GatewayIndex, Hash, LeafRow, StoredBundle, Tables, Tip } from "./types.ts";
