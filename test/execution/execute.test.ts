import test from "ava";
import * as fc from "fast-check";
import { toHex } from "../../ledger/crypto/index.ts";
import {
  execute,
  executeStepwise,
  type Execution,
  genesis,
  type LeafRow,
  type StoredBundle,
  type Tables,
  type Tip,
} from "../../ledger/execution/index.ts";
import { leafHash, treeRoot } from "../../ledger/log/index.ts";
import type { Bundle } from "../../ledger/bundle/index.ts";
import { cutOf, laneOf } from "../store/bundles.ts";

type Plain = Tables & {
  readonly rows: LeafRow[];
  readonly twins: Map<string, string>;
  readonly nodes: Map<string, string>;
};

/** The outcome of one block. */
function executeOne(tables: Tables, view: number, tips: readonly Tip[]): Execution {
  const [execution] = execute(tables, [{ view, tips }]);
  if (execution === undefined) throw new Error("a block was not answered for");
  return execution;
}

/** Tables over maps. What a crash would find is what is in them. */
function plainTables(held: readonly (readonly Bundle[])[], atFirst = held.length): Plain {
  let state = genesis(atFirst);
  const nodes = new Map<string, Uint8Array>();
  const twins = new Map<string, Uint8Array>();
  const rows: LeafRow[] = [];
  const find = (lane: number, number: number): StoredBundle | null => {
    const bundle = held[lane]?.[number];
    return bundle === undefined
      ? null
      : {
          lane,
          number,
          hash: bundle.hash,
          cose: bundle.cose,
          statements: bundle.statements,
          first: bundle.header.first,
        };
  };
  const must = <T>(value: T | null | undefined): T => {
    if (value === null || value === undefined) throw new Error("missing");
    return value;
  };
  return {
    executed: () => state,
    putExecuted: (next) => {
      state = next;
    },
    hashOf: (lane, number) => find(lane, number)?.hash ?? null,
    bundle: (lane, number) => must(find(lane, number)),
    node: (level, index) => must(nodes.get(`${level}/${index}`)),
    putNode: (level, index, hash) => void nodes.set(`${level}/${index}`, hash),
    twin: (item) => twins.get(item) ?? null,
    putTwin: (item, bytes) => void twins.set(item, bytes),
    putLeaf: (row) => void rows.push(row),
    rows,
    get twins() {
      return new Map([...twins].map(([item, bytes]) => [item, toHex(bytes)]));
    },
    get nodes() {
      return new Map([...nodes].map(([key, bytes]) => [key, toHex(bytes)]));
    },
  };
}

const lanes = [laneOf(0, 7, 2), laneOf(1, 5, 3), laneOf(2, 9, 1)];
const cut = (heights: readonly number[]): Tip[] =>
  cutOf(lanes.map((lane, index) => lane.slice(0, heights[index] ?? 0)));

/** Growing cuts of the three lanes. */
const arbitraryChain = fc
  .array(fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 3 }), fc.nat({ max: 3 })), { maxLength: 5 })
  .map((growths) => {
    const heights = [0, 0, 0];
    return growths.map((growth) => {
      for (const [lane, by] of growth.entries())
        heights[lane] = Math.min((heights[lane] ?? 0) + by, lanes[lane]?.length ?? 0);
      return cut(heights);
    });
  });

const snapshot = (tables: Plain): unknown => ({
  state: tables.executed(),
  rows: tables.rows,
  twins: tables.twins,
  nodes: tables.nodes,
});

test("X1 the log is the cuts' bundles in lane and number order, and its root the RFC 6962 root over them", (t) => {
  fc.assert(
    fc.property(arbitraryChain, (chain) => {
      const tables = plainTables(lanes);
      const expected: Bundle[] = [];
      for (const [index, tips] of chain.entries()) {
        const before = tables.executed().tips;
        for (const [lane, tip] of tips.entries())
          expected.push(...(lanes[lane] ?? []).slice((before[lane] ?? -1) + 1, tip.number + 1));
        t.is(executeOne(tables, index + 1, tips).kind, "executed");
      }
      const { size, root, statements } = tables.executed();
      t.is(size, expected.length);
      t.is(root, toHex(treeRoot(expected.map(({ cose }) => leafHash(cose)))));
      t.is(
        statements,
        expected.reduce((sum, { statements: each }) => sum + each.length, 0),
      );
      t.deepEqual(
        tables.rows.map(({ leaf }) => leaf),
        expected.map((_, leaf) => leaf),
      );
    }),
    { numRuns: 40 },
  );
});

test("X4 a crash at any yield is harmless: going on gives the same log, rows and twins", (t) => {
  fc.assert(
    fc.property(arbitraryChain, fc.array(fc.nat({ max: 6 })), (chain, crashes) => {
      const whole = plainTables(lanes);
      const crashed = plainTables(lanes);
      const reported: LeafRow[] = [];
      for (const [index, tips] of chain.entries()) {
        executeOne(whole, index + 1, tips);
        for (const stepsBefore of crashes) {
          const steps = executeStepwise(crashed, [{ view: index + 1, tips }]);
          for (let step = 0; step < stepsBefore && steps.next().done !== true; step += 1);
        }
        const rest = executeOne(crashed, index + 1, tips);
        if (rest.kind === "executed") reported.push(...rest.bundles);
      }
      t.deepEqual(snapshot(crashed), snapshot(whole));
      if (crashes.length === 0) t.deepEqual(reported, whole.rows);
    }),
    { numRuns: 40 },
  );
});

test("X3 with any body missing nothing changes, and the first missing one is named", (t) => {
  fc.assert(
    fc.property(fc.nat({ max: 2 }), fc.nat({ max: 4 }), (lane, number) => {
      const held = lanes.map((all, index) => (index === lane ? all.slice(0, number) : all));
      const tables = plainTables(held);
      const before = snapshot(tables);
      t.deepEqual(executeOne(tables, 1, cut([7, 5, 9])), {
        kind: "waiting",
        lane,
        number,
        upTo: (lanes[lane]?.length ?? 0) - 1,
      });
      t.deepEqual(snapshot(tables), before);
    }),
  );
});

test("X3 a held tip that is not the agreed one counts as missing", (t) => {
  const tables = plainTables(lanes);
  const tips = cut([2, 0, 0]).with(0, { number: 1, hash: "f".repeat(64) });
  t.deepEqual(executeOne(tables, 1, tips), { kind: "waiting", lane: 0, number: 1, upTo: 1 });
});

test("X5 an empty cut and a repeated view add no leaf", (t) => {
  const tables = plainTables(lanes);
  executeOne(tables, 1, cut([1, 1, 1]));
  const { size, root } = tables.executed();
  t.deepEqual(executeOne(tables, 2, cut([1, 1, 1])), {
    kind: "executed",
    state: { ...tables.executed(), view: 2 },
    bundles: [],
  });
  t.deepEqual(executeOne(tables, 2, cut([2, 2, 2])), { kind: "executed", state: tables.executed(), bundles: [] });
  t.deepEqual([tables.executed().size, tables.executed().root], [size, root]);
});

test("X6 a cut that goes back or lacks a lane is a bug, not an answer", (t) => {
  const tables = plainTables(lanes);
  executeOne(tables, 1, cut([2, 2, 2]));
  t.throws(() => executeOne(tables, 2, cut([1, 2, 2])), { message: /lane 0 went back from bundle 1 to 0/ });
  t.throws(() => executeOne(tables, 2, cut([2, 2, 2]).slice(0, 2)), { message: /2 lanes .* site of 3/ });
});

test("X1 the lane of a gateway that joined is executed from its first bundle on", (t) => {
  const all = plainTables(lanes);
  executeOne(all, 1, cut([1, 1, 0]));
  executeOne(all, 2, cut([2, 2, 2]));
  const joined = plainTables(lanes, 2);
  executeOne(joined, 1, cut([1, 1, 0]).slice(0, 2));
  t.deepEqual(joined.executed().tips, [0, 0]);
  executeOne(joined, 2, cut([2, 2, 2]));
  t.deepEqual(joined.executed().tips, [1, 1, 1]);
  t.is(joined.executed().statements, all.executed().statements);
});

test("X6 a held statement that cannot be read stops execution", (t) => {
  const [first] = lanes[0] ?? [];
  if (first === undefined) return t.fail();
  const tables = plainTables([[{ ...first, statements: [new Uint8Array(3), ...first.statements.slice(1)] }], [], []]);
  t.throws(() => executeOne(tables, 1, cut([1, 0, 0])), { message: /statement 0 of lane 0 is held but unreadable/ });
});
