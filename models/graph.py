"""The ONNX graph of the weight model: trees of three quantiles, calibration, order and domain in one file.

Whatever decides a figure is inside the graph, because the gateways of a site agree on the file's SHA-256 and on nothing
beside it: not on a list of features, not on a table of offsets.

M3 The trees compare only numbers that are the same bits on every machine: the three sides as they come in, and two
   IEEE float32 multiplications. A logarithm of a side as a feature would differ in its last bit between processors; a
   threshold between the two values would send the same parcel down another branch, and honest gateways would refuse each
   other's statements. Trees do not need the logarithm: a split on x is a split on log x. It stays where it is harmless,
   in the target, which is undone by one Exp at the very end.
M4 `x <= t` with a float32 x and the trainer's float64 t means the same as `x <= t32` only for t32 = the largest float32
   not above t. Converters round to nearest; here every threshold is rounded down.
M5 Outside the training domain every figure is 0: "not known", never a guess. One more tree says so: it adds nothing inside
   and so much outside that Exp gives exactly 0. Not-a-number takes the right branch of every split, which is outside.
M6 1 <= low <= median <= high, all finite, inside the domain: the sums of the lightest and of the heaviest leaves are
   within bounds, whatever is asked, and calibrated quantiles that cross are sorted (Chernozhukov et al. 2010), which can
   only widen the interval.

The graph has few nodes because at one row a call the engine's cost is nearly all a fixed price for each node; a single
ensemble with three targets would be one node less still, but takes twice as long in batches.
"""

from dataclasses import dataclass

import lightgbm
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

INPUT = "sorted_dimensions_mm"
OUTPUT = "grams"
# Old enough for every onnxruntime of the last years, and fixed so that the bytes do not follow the installed onnx.
IR_VERSION = 8
OPSETS = (helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 1))
FIGURES = ("low", "median", "high")
# M6: no sum of leaves may leave this range.
LIGHTEST_G, HEAVIEST_G = 1.0, 200_000.0
# In log grams. Exp of anything near it is 0 in float32, whatever the other trees add.
FAR_OUTSIDE = -10_000.0


@dataclass(frozen=True)
class Domain:
    """Closed ranges of the columns longest, middle, shortest side (mm) and volume (mm3), all exact float32."""

    low: tuple[float, float, float, float]
    high: tuple[float, float, float, float]

    def contains(self, features: np.ndarray) -> np.ndarray:
        return np.all((features >= np.float32(self.low)) & (features <= np.float32(self.high)), axis=1)


def features_of(sorted_dimensions_mm: np.ndarray) -> np.ndarray:
    """float32 [n, 4]: the sides and their product, multiplied in the graph's order and precision (M3)."""
    sides = np.asarray(sorted_dimensions_mm, dtype=np.float32)
    volume = (sides[:, 0] * sides[:, 1]) * sides[:, 2]
    return np.column_stack([sides, volume])


def finish(log_grams: np.ndarray, offsets: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """What the graph does after the trees, in the trainer's float64: the reference that the graph is compared with."""
    grams = np.exp(np.sort(log_grams + offsets, axis=1))
    return np.where(inside[:, None], grams, 0.0)


def build_graph(boosters: list[lightgbm.Booster], offsets: np.ndarray, domain: Domain) -> onnx.ModelProto:
    """`boosters` for low, median, high over `features_of`; `offsets` float [3] in log grams."""
    node = helper.make_node
    nodes = [
        node("Split", [INPUT, "one_each"], ["longest", "middle", "shortest"], axis=1),
        node("Mul", ["longest", "middle"], ["face"]),
        node("Mul", ["face", "shortest"], ["volume"]),
        node("Concat", [INPUT, "volume"], ["features"], axis=1),
        *(
            _ensemble(booster, float(offset), domain, figure)
            for booster, offset, figure in zip(boosters, offsets, FIGURES, strict=True)
        ),
        node("Concat", list(FIGURES), ["any_order"], axis=1),
        node("TopK", ["any_order", "three"], ["log_grams", "origins"], axis=1, largest=0, sorted=1),
        node("Exp", ["log_grams"], [OUTPUT]),
    ]
    constants = {"one_each": np.array([1, 1, 1], dtype=np.int64), "three": np.array([3], dtype=np.int64)}
    graph = helper.make_graph(
        nodes,
        "tallystick-weight",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["n", 3])],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["n", 3])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=list(OPSETS), ir_version=IR_VERSION, producer_name="tallystick")
    onnx.checker.check_model(model, full_check=True)
    return model


def thresholds_of(model: onnx.ModelProto) -> list[tuple[int, float]]:
    """(feature, threshold) of every inner node of every tree."""
    found = []
    for node in model.graph.node:
        if node.op_type == "TreeEnsembleRegressor":
            values = {attribute.name: helper.get_attribute_value(attribute) for attribute in node.attribute}
            rows = zip(values["nodes_modes"], values["nodes_featureids"], values["nodes_values"], strict=True)
            found += [(feature, value) for mode, feature, value in rows if mode != b"LEAF"]
    return found


def _ensemble(booster: lightgbm.Booster, offset: float, domain: Domain, figure: str) -> onnx.NodeProto:
    """Straight from the booster's dump: the usual converters round thresholds to nearest (M4)."""
    trees = _Trees()
    lightest = heaviest = offset
    for info in booster.dump_model()["tree_info"]:
        leaves = trees.add(info["tree_structure"])
        lightest, heaviest = lightest + min(leaves), heaviest + max(leaves)
    if not np.log(LIGHTEST_G) <= lightest <= heaviest <= np.log(HEAVIEST_G):
        raise SystemExit(f"graph: {figure} could be {np.exp(lightest)} to {np.exp(heaviest)} g (M6)")
    trees.add_domain(domain)
    return helper.make_node(
        "TreeEnsembleRegressor",
        ["features"],
        [figure],
        domain="ai.onnx.ml",
        n_targets=1,
        base_values=[offset],
        aggregate_function="SUM",
        post_transform="NONE",
        **trees.attributes,
    )


class _Trees:
    """Collects the parallel lists of a TreeEnsembleRegressor; nodes are numbered in depth-first order, left first."""

    def __init__(self) -> None:
        inner = ("treeids", "nodeids", "modes", "featureids", "values", "truenodeids", "falsenodeids")
        leaves = ("treeids", "nodeids", "ids", "weights")
        self.attributes: dict[str, list] = {f"nodes_{name}": [] for name in inner}
        self.attributes |= {f"target_{name}": [] for name in leaves}
        self._tree = 0

    def add(self, root: dict) -> list[float]:
        """One tree of LightGBM's dump; returns its leaves."""
        leaves: list[float] = []
        self._add_node(root, 0, leaves)
        self._tree += 1
        return leaves

    def add_domain(self, domain: Domain) -> None:
        """M5: a chain of splits; its one leaf inside is 0, all others are FAR_OUTSIDE."""
        number = 0
        for feature, (low, high) in enumerate(zip(domain.low, domain.high, strict=True)):
            self._row(number, b"BRANCH_LEQ", feature, high, number + 2, number + 1)
            self._leaf(number + 1, FAR_OUTSIDE)
            below = float(np.nextafter(np.float32(low), np.float32(-np.inf)))
            self._row(number + 2, b"BRANCH_LEQ", feature, below, number + 3, number + 4)
            self._leaf(number + 3, FAR_OUTSIDE)
            number += 4
        self._leaf(number, 0.0)
        self._tree += 1

    def _add_node(self, node: dict, number: int, leaves: list[float]) -> int:
        """Returns the first number that is free after this subtree."""
        if "leaf_value" in node:
            self._leaf(number, node["leaf_value"])
            leaves.append(node["leaf_value"])
            return number + 1
        if node["decision_type"] != "<=":
            raise SystemExit(f"graph: decision {node['decision_type']} of tree {self._tree} is not covered by rule M4")
        row = self._row(number, b"BRANCH_LEQ", node["split_feature"], _float32_below(node["threshold"]), number + 1, 0)
        right = self._add_node(node["left_child"], number + 1, leaves)
        self.attributes["nodes_falsenodeids"][row] = right
        return self._add_node(node["right_child"], right, leaves)

    def _leaf(self, number: int, weight: float) -> None:
        self._row(number, b"LEAF", 0, 0.0, 0, 0)
        for name, cell in (("treeids", self._tree), ("nodeids", number), ("ids", 0), ("weights", weight)):
            self.attributes[f"target_{name}"].append(cell)

    def _row(self, number: int, mode: bytes, feature: int, value: float, left: int, right: int) -> int:
        columns = ("treeids", "nodeids", "modes", "featureids", "values", "truenodeids", "falsenodeids")
        for name, cell in zip(columns, (self._tree, number, mode, feature, value, left, right), strict=True):
            self.attributes[f"nodes_{name}"].append(cell)
        return len(self.attributes["nodes_treeids"]) - 1


def _float32_below(threshold: float) -> float:
    """M4: the largest float32 that is not above the trainer's float64 threshold."""
    nearest = np.float32(threshold)
    if float(nearest) > threshold:
        nearest = np.nextafter(nearest, np.float32(-np.inf))
    return float(nearest)
