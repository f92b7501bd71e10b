/** Mutants of the replica, the execution and the store. */
import type { Mutant } from "./mutant.ts";

const outbox = "ledger/replica/outbox.ts";
const replica = "ledger/replica/replica.ts";
const execute = "ledger/execution/execute.ts";

export const shellMutants: readonly Mutant[] = [
  {
    name: "nothing waits for the disk",
    rule: "R1",
    edits: [
      {
        file: outbox,
        find: "await Promise.all([before, durable]);",
        replace: "await before; durable.catch(() => undefined);",
      },
    ],
  },
  {
    name: "accepted before it is on disk",
    rule: "R2",
    edits: [{ file: replica, find: "outbox.behind(accepted);", replace: "accepted();" }],
  },
  {
    name: "timers go by the calendar clock",
    rule: "A11",
    edits: [
      {
        file: replica,
        find: "export function startReplica(options: ReplicaOptions): Replica {",
        replace:
          "export function startReplica(given: ReplicaOptions): Replica {\n  const options = { ...given, steady: given.now };",
      },
    ],
  },
  {
    name: "the losing half of an equivocation is executed",
    rule: "X3",
    attack: "equivocating-owner",
    edits: [
      {
        file: execute,
        find: "held === null || (number === tip.number && held !== tip.hash)",
        replace: "held === null",
      },
    ],
  },
  {
    name: "lanes are executed in another order",
    rule: "X1",
    edits: [
      {
        file: execute,
        find: "let frontier = frontierOf(tables, state.size);\n  const bundles: LeafRow[] = [];\n  for (const [lane, tip] of tips.entries()) {",
        replace:
          "let frontier = frontierOf(tables, state.size);\n  const bundles: LeafRow[] = [];\n  for (const [lane, tip] of [...tips.entries()].reverse()) {",
      },
    ],
  },
  {
    name: "a block is executed a second time",
    rule: "X5",
    edits: [
      { file: "ledger/replica/executor.ts", find: "let queuedView = state.view;", replace: "let queuedView = 0;" },
      { file: execute, find: "if (view <= state.view) return", replace: "if (false) return" },
    ],
  },
  {
    name: "execution does not notice that a body has come",
    rule: "R3",
    edits: [{ file: "ledger/replica/executor.ts", find: "missing = null;\n      go();", replace: "missing = null;" }],
  },
  {
    name: "a checkpoint needs one cosignature less",
    rule: "R4",
    edits: [
      {
        file: "ledger/replica/checkpoints.ts",
        find: "signatures.length >= committee.quorum",
        replace: "signatures.length >= committee.quorum - 1",
      },
    ],
  },
  {
    name: "a commit is answered before its group is on disk",
    rule: "S1",
    edits: [
      {
        file: "ledger/store/memory.ts",
        find: "inFlight = undo;\n    counts.commits += 1;",
        replace: "inFlight = undo;\n    for (const each of answers.splice(0)) each();\n    counts.commits += 1;",
      },
    ],
  },
];
