import { readFile } from "node:fs/promises";
import test from "ava";
import * as fc from "fast-check";
import type { Engine } from "../../gateway/assess/engine.ts";
import { shippedModelPath } from "../../gateway/assess/index.ts";
import { openOnnxruntime } from "../../gateway/assess/onnxruntime.ts";
import { readOnnx } from "../../gateway/assess/onnx-file.ts";
import { type WeightGraph, weightGraph } from "../../gateway/assess/weight-graph.ts";

const model = await readFile(shippedModelPath);

/** One unit in the last place of a float32, as a share. */
const ULP = 2 ** -23;

function sides(rows: readonly (readonly number[])[]): Float32Array {
  return Float32Array.from(rows.flatMap((row) => row.map(Math.fround).sort((a, b) => b - a)));
}

/** The rows for which the two differ by more than the last bit of an exponential. */
async function differing(graph: WeightGraph, engine: Engine, rows: Float32Array): Promise<readonly string[]> {
  const ours = graph(rows);
  const theirs = await engine.run(rows);
  return [...theirs].flatMap((figure, index) =>
    Math.abs((ours[index] ?? Number.NaN) - figure) <= ULP * figure || Object.is(ours[index], figure)
      ? []
      : [`row ${Math.floor(index / 3)}: ${ours[index]} for ${figure}`],
  );
}

const size = fc.oneof(
  fc.double({ min: 5, max: 1700, noNaN: true }),
  fc.integer({ min: 5, max: 1700 }),
  fc.double(),
  fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
);
const sizes = fc.array(fc.tuple(size, size, size), { minLength: 64, maxLength: 64 });

/** Every threshold of the model's trees on the three sides and its neighbours: where a wrong comparison would show. */
function besideThresholds(): Float32Array {
  const bits = new Uint32Array(1);
  const float = new Float32Array(bits.buffer);
  const rows: number[][] = [];
  for (const { attributes } of readOnnx(model).nodes) {
    const values = attributes.get("nodes_values");
    const columns = attributes.get("nodes_featureids");
    if (values?.kind !== "floats" || columns?.kind !== "ints") continue;
    for (const [node, value] of values.value.entries()) {
      const column = columns.value[node] ?? 0;
      if (value === 0 || column === 3) continue;
      for (const step of [-1, 0, 1]) {
        float[0] = value;
        bits[0] = (bits[0] ?? 0) + step;
        const beside = float[0];
        rows.push(
          [
            [beside, beside / 2, beside / 4],
            [beside * 1.5, beside, beside / 2],
            [beside * 3, beside * 2, beside],
          ][column] ?? [],
        );
      }
    }
  }
  return sides(rows);
}

test("W10: the shipped model is evaluated without an engine and gives the engine's figures, also at every threshold", async (t) => {
  const graph = weightGraph(model);
  if (graph === null) return t.fail("the shipped model is left to the engine");
  const engine = await openOnnxruntime(shippedModelPath, model);
  const beside = besideThresholds();
  t.true(beside.length > 3 * 1000);
  t.deepEqual(await differing(graph, engine, beside), []);
  await fc.assert(
    fc.asyncProperty(sizes, async (rows) => {
      t.deepEqual(await differing(graph, engine, sides(rows)), []);
    }),
    { numRuns: 200, seed: 17 },
  );
  await engine.release();
});

test("W10: a model with other thresholds and weights gives the engine's figures for it, or is left to the engine", async (t) => {
  let evaluated = 0;
  const random = fc.sample(fc.tuple(fc.nat({ max: model.length - 1 }), fc.integer({ min: 1, max: 255 })), {
    numRuns: 60,
    seed: 23,
  });
  const rows = sides(fc.sample(sizes, { numRuns: 4, seed: 29 }).flat());
  for (const [at, flip] of random) {
    const changed = Uint8Array.from(model);
    changed[at] = (changed[at] ?? 0) ^ flip;
    const graph = weightGraph(changed);
    if (graph === null) continue;
    const engine = await openOnnxruntime("changed.onnx", changed).catch(() => null);
    // It refuses for the label on the file what we never look at.
    if (engine === null) continue;
    evaluated += 1;
    t.deepEqual(await differing(graph, engine, rows), [], `byte ${at} flipped by ${flip}`);
    await engine.release();
  }
  t.true(evaluated > 10, `${evaluated} of ${random.length}`);
});

/** The same file with the first, or every, occurrence of an ASCII text replaced by another of the same length. */
function replaced(from: string, to: string, every: boolean): Uint8Array {
  const text = model.toString("latin1");
  return Buffer.from(every ? text.replaceAll(from, to) : text.replace(from, to), "latin1");
}

const others: readonly (readonly [claim: string, bytes: () => Uint8Array])[] = [
  ["a split that compares otherwise", () => replaced("BRANCH_LEQ", "BRANCH_GTE", false)],
  ["an average instead of a sum", () => replaced("SUM", "MIN", false)],
  ["figures without an exponential", () => replaced("Exp", "Abs", true)],
  ["figures in another order", () => replaced("largest", "biggest", true)],
  ["another input", () => replaced("sorted_dimensions_mm", "sorted_dimensions_in", true)],
  ["a cut file", () => model.subarray(0, 100_000)],
  ["an empty file", () => new Uint8Array()],
];

for (const [claim, bytes] of others) {
  test(`W10: ${claim} is left to the engine`, (t) => {
    t.is(weightGraph(bytes()), null);
  });
}

test("W10: no bytes make the reader of ONNX files throw anything but a RangeError", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      t.notThrows(() => weightGraph(bytes));
    }),
    { numRuns: 500, seed: 31 },
  );
});
