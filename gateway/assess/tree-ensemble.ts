import type { OnnxAttribute, OnnxNode } from "./onnx-file.ts";

/**
 * A sum of regression trees with splits `column <= threshold`, laid out for QuickScorer (Lucchese et al., SIGIR 2015): instead of
 * walking down each tree, with a branch at every node that no processor can foresee, all splits of a column are gone through by rising
 * threshold, and each that is not met strikes the leaves below its left branch off the tree. The leftmost leaf left is the tree's.
 */
export type TreeEnsemble = {
  readonly columns: readonly {
    /** Rising. */
    readonly thresholds: Float32Array;
    /** Which tree the split is of, and its leaves without those of the left branch, as bits. */
    readonly trees: Int32Array;
    readonly masks: Int32Array;
  }[];
  /** Of all trees, each from left to right. */
  readonly leaves: Float32Array;
  readonly firstLeaf: Int32Array;
  /** Leaves still possible, a word a tree: overwritten by every sum. */
  readonly possible: Int32Array;
  readonly base: number;
};

/** One leaf a bit. */
const LEAVES_AT_MOST = 32;

/** float32 after every addition, tree by tree, the base last: how onnxruntime adds with one thread. */
export function ensembleSum({ columns, leaves, firstLeaf, possible, base }: TreeEnsemble, row: Float64Array): number {
  possible.fill(-1);
  for (let column = 0; column < columns.length; column += 1) {
    const { thresholds, trees, masks } = columns[column] as TreeEnsemble["columns"][number];
    const value = row[column] as number;
    // Not-a-number meets no split and ends in the rightmost leaf of each (M5).
    for (let split = 0; split < thresholds.length && !(value <= (thresholds[split] as number)); split += 1) {
      const tree = trees[split] as number;
      possible[tree] = (possible[tree] as number) & (masks[split] as number);
    }
  }
  let sum = 0;
  for (let tree = 0; tree < firstLeaf.length; tree += 1) {
    const bits = possible[tree] as number;
    const leaf = 31 - Math.clz32(bits & -bits);
    sum = Math.fround(sum + (leaves[(firstLeaf[tree] as number) + leaf] as number));
  }
  return Math.fround(sum + base);
}

/**
 * Reads a `TreeEnsembleRegressor` (ai.onnx.ml 1) with one target. Null when it has an attribute, a mode or a column that is not
 * understood here, or a figure that is not finite, when a tree is none (a child that is not a later node of its own tree, a leaf without its one weight), or when it has
 * more than 32 leaves.
 */
export function readEnsemble(node: OnnxNode, columnCount: number): TreeEnsemble | null {
  const lists = listsOf(node);
  const nodes = lists === null ? null : nodesOf(lists, columnCount);
  if (lists === null || nodes === null) return null;
  const splits: (Split & { readonly column: number })[] = [];
  const leaves: number[] = [];
  const firstLeaf: number[] = [];

  /** Numbers the leaves below a node from `first` on and gives the number behind the last. */
  const walk = (place: number, first: number): number => {
    const at = nodes[place];
    if (at === undefined || !(first < LEAVES_AT_MOST)) return Number.NaN;
    if (at.kind === "leaf") {
      leaves.push(at.weight);
      return first + 1;
    }
    const middle = walk(at.whenTrue, first);
    const last = walk(at.whenFalse, middle);
    const struck = (2 ** middle - 2 ** first) | 0;
    splits.push({ column: at.column, threshold: at.threshold, tree: firstLeaf.length - 1, mask: ~struck });
    return last;
  };
  for (const [place, tree] of lists.trees.entries()) {
    if (tree === lists.trees[place - 1]) continue;
    firstLeaf.push(leaves.length);
    if (Number.isNaN(walk(place, 0))) return null;
  }
  // A node that is reached twice or never: no tree, or one in two pieces.
  if (splits.length + leaves.length !== nodes.length) return null;
  const columns = Array.from({ length: columnCount }, (_, column) =>
    columnOf(splits.filter((split) => split.column === column)),
  );
  return {
    columns,
    leaves: Float32Array.from(leaves),
    firstLeaf: Int32Array.from(firstLeaf),
    possible: new Int32Array(firstLeaf.length),
    base: lists.base,
  };
}

type Split = { readonly threshold: number; readonly tree: number; readonly mask: number };

function columnOf(splits: readonly Split[]): TreeEnsemble["columns"][number] {
  const rising = splits.toSorted((a, b) => a.threshold - b.threshold);
  return {
    thresholds: Float32Array.from(rising, ({ threshold }) => threshold),
    trees: Int32Array.from(rising, ({ tree }) => tree),
    masks: Int32Array.from(rising, ({ mask }) => mask),
  };
}

type TreeNode =
  | { readonly kind: "leaf"; readonly weight: number }
  | {
      readonly kind: "split";
      readonly column: number;
      readonly threshold: number;
      readonly whenTrue: number;
      readonly whenFalse: number;
    };

/** Places instead of numbers; null when something is missing or doubled. Children come later, so that no walk is endless. */
function nodesOf(lists: Lists, columnCount: number): readonly TreeNode[] | null {
  const { trees, modes } = lists;
  const placeOf = new Map(trees.map((tree, place) => [`${tree}/${lists.nodes[place]}`, place]));
  const weights = new Map(lists.weightTrees.map((tree, index) => [`${tree}/${lists.weightNodes[index]}`, index]));
  const nodes = trees.map((tree, place): TreeNode | null => {
    const weight = weights.get(`${tree}/${lists.nodes[place]}`);
    if (modes[place] === "LEAF")
      return weight === undefined ? null : { kind: "leaf", weight: lists.weights[weight] ?? 0 };
    const column = lists.columns[place] ?? -1;
    const threshold = lists.thresholds[place] ?? Number.NaN;
    const whenTrue = placeOf.get(`${tree}/${lists.whenTrue[place]}`) ?? -1;
    const whenFalse = placeOf.get(`${tree}/${lists.whenFalse[place]}`) ?? -1;
    const holds = modes[place] === "BRANCH_LEQ" && column < columnCount && whenTrue > place && whenFalse > place;
    return holds && weight === undefined ? { kind: "split", column, threshold, whenTrue, whenFalse } : null;
  });
  if (placeOf.size !== trees.length || weights.size !== lists.weightTrees.length) return null;
  if (nodes.filter((node) => node?.kind === "leaf").length !== weights.size) return null;
  return nodes.every((node) => node !== null) ? nodes : null;
}

type Lists = {
  readonly trees: readonly number[];
  readonly nodes: readonly number[];
  readonly modes: readonly string[];
  readonly columns: readonly number[];
  readonly thresholds: Float32Array;
  readonly whenTrue: readonly number[];
  readonly whenFalse: readonly number[];
  readonly weightTrees: readonly number[];
  readonly weightNodes: readonly number[];
  readonly weights: Float32Array;
  readonly base: number;
};

/** As many as are read here: one more could change what the operator means. */
const ATTRIBUTES = 15;

function listsOf({ attributes }: OnnxNode): Lists | null {
  const ints = (name: string): readonly number[] => valueOf(attributes.get(name), "ints") ?? [];
  const floats = (name: string): Float32Array => valueOf(attributes.get(name), "floats") ?? new Float32Array();
  const lists = {
    trees: ints("nodes_treeids"),
    nodes: ints("nodes_nodeids"),
    modes: valueOf(attributes.get("nodes_modes"), "texts") ?? [],
    columns: ints("nodes_featureids"),
    thresholds: floats("nodes_values"),
    whenTrue: ints("nodes_truenodeids"),
    whenFalse: ints("nodes_falsenodeids"),
    weightTrees: ints("target_treeids"),
    weightNodes: ints("target_nodeids"),
    weights: floats("target_weights"),
    base: floats("base_values")[0] ?? Number.NaN,
  };
  const plain =
    attributes.size === ATTRIBUTES &&
    valueOf(attributes.get("n_targets"), "int") === 1 &&
    valueOf(attributes.get("aggregate_function"), "text") === "SUM" &&
    valueOf(attributes.get("post_transform"), "text") === "NONE" &&
    floats("base_values").length === 1 &&
    ints("target_ids").every((target) => target === 0) &&
    [...lists.thresholds, ...lists.weights, lists.base].every(Number.isFinite);
  const { trees, nodes, modes, columns, thresholds, whenTrue, whenFalse } = lists;
  const nodeLists = [nodes, modes, columns, thresholds, whenTrue, whenFalse];
  const weightLists = [lists.weightNodes, lists.weights, ints("target_ids")];
  const even =
    nodeLists.every(({ length }) => length === trees.length) &&
    weightLists.every(({ length }) => length === lists.weightTrees.length);
  return plain && even ? lists : null;
}

type Values = { readonly [A in OnnxAttribute as A["kind"]]: A extends { readonly value: infer V } ? V : never };

function valueOf<K extends keyof Values>(attribute: OnnxAttribute | undefined, kind: K): Values[K] | null {
  return attribute?.kind === kind && "value" in attribute ? (attribute.value as Values[K]) : null;
}
