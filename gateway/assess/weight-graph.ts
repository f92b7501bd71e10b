import { type OnnxGraph, type OnnxNode, readOnnx } from "./onnx-file.ts";
import { ensembleSum, readEnsemble, type TreeEnsemble } from "./tree-ensemble.ts";

/** Low, median and high for rows of three sides, as rule W2 has them. */
export type WeightGraph = (sides: Float32Array) => Float32Array;

const INPUT = "sorted_dimensions_mm";
const OUTPUT = "grams";
const COLUMNS = 4;

/**
 * W10: evaluates the one graph that `models/graph.py` makes, operator for operator in float32 as ONNX defines it. Null for every
 * other file, also a damaged one: the engine has to run it or say what it is.
 */
export function weightGraph(bytes: Uint8Array): WeightGraph | null {
  const ensembles = ensemblesOf(bytes);
  if (ensembles === null) return null;
  const [low, median, high] = ensembles;
  const row = new Float64Array(COLUMNS);
  return (sides) => {
    const grams = new Float32Array(sides.length);
    for (let at = 0; at + 2 < sides.length; at += 3) {
      row.set(sides.subarray(at, at + 3));
      row[3] = Math.fround(Math.fround((row[0] ?? 0) * (row[1] ?? 0)) * (row[2] ?? 0));
      const [a, b, c] = [ensembleSum(low, row), ensembleSum(median, row), ensembleSum(high, row)];
      // M6: calibrated quantiles may cross.
      grams[at] = Math.exp(Math.min(a, b, c));
      grams[at + 1] = Math.exp(Math.max(Math.min(a, b), Math.min(Math.max(a, b), c)));
      grams[at + 2] = Math.exp(Math.max(a, b, c));
    }
    return grams;
  };
}

type Ensembles = readonly [low: TreeEnsemble, median: TreeEnsemble, high: TreeEnsemble];

function ensemblesOf(bytes: Uint8Array): Ensembles | null {
  try {
    const graph = readOnnx(bytes);
    if (!surroundingsHold(graph)) return null;
    const [low = null, median = null, high = null] = graph.nodes
      .slice(BEFORE.length, BEFORE.length + FIGURES.length)
      .map((node) => readEnsemble(node, COLUMNS));
    return low === null || median === null || high === null ? null : [low, median, high];
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

type Shape = {
  readonly operator: string;
  readonly reads: readonly string[];
  readonly makes: readonly string[];
  /** Null: looked at by `readEnsemble`. */
  readonly attributes: Readonly<Record<string, number>> | null;
};

const FIGURES = ["low", "median", "high"];
const BEFORE: readonly Shape[] = [
  {
    operator: "Split",
    reads: [INPUT, "one_each"],
    makes: ["longest", "middle", "shortest"],
    attributes: { axis: 1 },
  },
  { operator: "Mul", reads: ["longest", "middle"], makes: ["face"], attributes: {} },
  { operator: "Mul", reads: ["face", "shortest"], makes: ["volume"], attributes: {} },
  { operator: "Concat", reads: [INPUT, "volume"], makes: ["features"], attributes: { axis: 1 } },
];
const AFTER: readonly Shape[] = [
  { operator: "Concat", reads: FIGURES, makes: ["any_order"], attributes: { axis: 1 } },
  {
    operator: "TopK",
    reads: ["any_order", "three"],
    makes: ["log_grams", "origins"],
    attributes: { axis: 1, largest: 0, sorted: 1 },
  },
  { operator: "Exp", reads: ["log_grams"], makes: [OUTPUT], attributes: {} },
];
const SHAPES: readonly Shape[] = [
  ...BEFORE,
  ...FIGURES.map((figure) => ({
    operator: "TreeEnsembleRegressor",
    reads: ["features"],
    makes: [figure],
    attributes: null,
  })),
  ...AFTER,
];

function surroundingsHold({ nodes, integers, constants, inputs, outputs, versions }: OnnxGraph): boolean {
  return (
    same(inputs, [INPUT]) &&
    same(outputs, [OUTPUT]) &&
    constants === 2 &&
    same(integers.get("one_each"), [1, 1, 1]) &&
    same(integers.get("three"), [3]) &&
    versions.get("") === 17 &&
    versions.get("ai.onnx.ml") === 1 &&
    nodes.length === SHAPES.length &&
    SHAPES.every((shape, index) => isOf(nodes[index], shape))
  );
}

function isOf(node: OnnxNode | undefined, { operator, reads, makes, attributes }: Shape): boolean {
  if (node?.operator !== operator || !same(node.inputs, reads) || !same(node.outputs, makes)) return false;
  if (attributes === null) return node.domain === "ai.onnx.ml";
  const expected = Object.entries(attributes);
  return (
    node.domain === "" &&
    node.attributes.size === expected.length &&
    expected.every(([name, value]) => {
      const attribute = node.attributes.get(name);
      return attribute?.kind === "int" && attribute.value === value;
    })
  );
}

const same = <T>(a: readonly T[] | undefined, b: readonly T[]): boolean =>
  a?.length === b.length && b.every((value, index) => a[index] === value);
