"""Trains the weight model on the synthetic catalogue and writes weight.onnx and its card, weight.json.

    python train.py                writes both files beside this one (or into --out DIR)
    python train.py --check        trains again and exits 1 unless the bytes equal the files that are there

M7  Two runs on one machine with the versions of requirements.txt give the same bytes.
M8  Split-conformal calibration (Romano, Patterson, Candes 2019, one tail at a time): rows that the trees never saw move
    the low and the high figure so that each tail holds at most 5 % of new rows of the same kind.
M9  Nothing is written unless the graph in onnxruntime gives the trainer's figures: on every row of the catalogue, and
    just below, at and just above every threshold of every tree, where a wrong rounding would show.
"""

import argparse
import hashlib
import json
import re
import sys
from importlib.metadata import version
from pathlib import Path

import lightgbm
import numpy as np
import onnxruntime

from catalogue import CATEGORIES, MASS_RANGE_G, ROWS, SEED, Catalogue, make_catalogue
from graph import INPUT, OUTPUT, Domain, build_graph, features_of, finish, thresholds_of

QUANTILES = (0.05, 0.50, 0.95)
TAIL = 0.05
PARAMETERS = {
    "objective": "quantile",
    "num_iterations": 90,
    "learning_rate": 0.08,
    "num_leaves": 15,
    "min_data_in_leaf": 200,
    "max_bin": 255,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "seed": SEED,
    "verbosity": -1,
}
# In grams relative to the figure: float32 sums of 90 leaves and one Exp stay far below this; a wrong branch does not.
LARGEST_DIFFERENCE = 5e-5


def main() -> int:
    arguments = _arguments()
    model_bytes, card = train(make_catalogue())
    card_bytes = _json(card).encode()
    files = {arguments.out / "weight.onnx": model_bytes, arguments.out / "weight.json": card_bytes}
    if arguments.check:
        return _check(files)
    for path, content in files.items():
        path.write_bytes(content)
    print(json.dumps(card["heldOut"], indent=2))
    print(f"{card['model']['sha256']}  {len(model_bytes)} bytes")
    return 0


def train(catalogue: Catalogue) -> tuple[bytes, dict]:
    features = features_of(catalogue.sorted_dimensions_mm)
    log_grams = np.log(catalogue.mass_g)
    fit, calibrate, held_out = _thirds(len(log_grams))

    boosters = [_fit(features[fit], log_grams[fit], quantile) for quantile in QUANTILES]
    raw = np.column_stack([booster.predict(features) for booster in boosters])
    offsets = np.float32(_offsets(raw[calibrate], log_grams[calibrate]))
    domain = Domain(tuple(map(float, features[fit].min(axis=0))), tuple(map(float, features[fit].max(axis=0))))

    model = build_graph(boosters, offsets, domain)
    model_bytes = model.SerializeToString(deterministic=True)
    difference = _compare(model_bytes, thresholds_of(model), boosters, offsets, domain, features)
    grams = finish(raw, offsets, domain.contains(features))
    card = {
        "model": {
            "file": "weight.onnx",
            "sha256": hashlib.sha256(model_bytes).hexdigest(),
            "bytes": len(model_bytes),
            "input": f"{INPUT} float32 [n,3]: longest, middle, shortest side in mm",
            "output": f"{OUTPUT} float32 [n,3]: low, median, high in g; 0,0,0 outside the training domain",
            "interval": "90 %: 5 % of parcels of the same kind are lighter than low, 5 % heavier than high",
        },
        "trainingDomain": _domain_card(domain),
        "data": _data_card(catalogue, (fit, calibrate, held_out)),
        "training": {"quantiles": QUANTILES, **PARAMETERS, "calibrationOffsetsLogGrams": list(map(float, offsets))},
        "heldOut": _held_out_card(grams[held_out], catalogue.mass_g[held_out], features[held_out, 3]),
        "largestDifferenceToTrainerPpm": round(difference * 1e6, 1),
        "versions": {name: version(name) for name in ("lightgbm", "numpy", "onnx", "onnxruntime", "scipy")},
    }
    return model_bytes, card


def _thirds(rows: int) -> tuple[slice, slice, slice]:
    """60 % to fit, 20 % to calibrate, 20 % held out. Rows are independent draws, so their order is a random order."""
    first, second = int(rows * 0.6), int(rows * 0.8)
    return slice(0, first), slice(first, second), slice(second, rows)


def _fit(features: np.ndarray, log_grams: np.ndarray, quantile: float) -> lightgbm.Booster:
    parameters = PARAMETERS | {"alpha": quantile}
    rounds = parameters.pop("num_iterations")
    names = ["longest_mm", "middle_mm", "shortest_mm", "volume_mm3"]
    data = lightgbm.Dataset(features.astype(np.float64), log_grams, feature_name=names)
    return lightgbm.train(parameters, data, num_boost_round=rounds)


def _offsets(raw: np.ndarray, log_grams: np.ndarray) -> np.ndarray:
    """M8: the ceil((n+1)(1-tail))-th smallest miss of each tail; the median is left as it is."""
    rank = int(np.ceil((len(log_grams) + 1) * (1 - TAIL))) - 1
    too_light = np.sort(raw[:, 0] - log_grams)[rank]
    too_heavy = np.sort(log_grams - raw[:, 2])[rank]
    return np.array([-too_light, 0.0, too_heavy])


def _compare(
    model_bytes: bytes,
    thresholds: list[tuple[int, float]],
    boosters: list[lightgbm.Booster],
    offsets: np.ndarray,
    domain: Domain,
    features: np.ndarray,
) -> float:
    """M9. Returns the largest relative difference in grams; leaves the program when it is too large."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model_bytes, options, providers=["CPUExecutionProvider"])
    sides = np.vstack([features[:, :3], _beside_thresholds(thresholds, features[:, :3])])
    ours = session.run([OUTPUT], {INPUT: sides})[0].astype(np.float64)
    of_sides = features_of(sides)
    raw = np.column_stack([booster.predict(of_sides) for booster in boosters])
    theirs = finish(raw, offsets, domain.contains(of_sides))
    if not np.array_equal(ours == 0, theirs == 0):
        raise SystemExit("train: the graph and the trainer disagree about which rows are inside the domain (M5)")
    inside = theirs[:, 1] > 0
    if not np.all((1 <= ours[inside, 0]) & (ours[inside, 0] <= ours[inside, 1]) & (ours[inside, 1] <= ours[inside, 2])):
        raise SystemExit("train: the graph's figures are not in order (M6)")
    difference = float(np.max(np.abs(ours[inside] / theirs[inside] - 1)))
    if difference > LARGEST_DIFFERENCE:
        raise SystemExit(f"train: the graph differs from the trainer by a factor of up to {1 + difference} (M9)")
    return difference


def _beside_thresholds(thresholds: list[tuple[int, float]], sides: np.ndarray) -> np.ndarray:
    """For each threshold rows of the catalogue, moved to the float32 values just below, at and just above it."""
    rows = []
    for number, (feature, threshold) in enumerate(thresholds):
        at = np.float32(threshold)
        for value in (np.nextafter(at, np.float32(0)), at, np.nextafter(at, np.float32(np.inf))):
            row = sides[number % len(sides)].copy()
            if feature < 3:
                row[feature] = value
            else:
                # The volume is a product: reach it from the row's own footprint, as near as float32 allows.
                row[2] = value / (row[0] * row[1])
            rows.append(row)
    return np.array(rows, dtype=np.float32)


def _domain_card(domain: Domain) -> dict:
    names = ("longestMm", "middleMm", "shortestMm", "volumeMm3")
    return {name: [low, high] for name, low, high in zip(names, domain.low, domain.high, strict=True)}


def _data_card(catalogue: Catalogue, parts: tuple[slice, slice, slice]) -> dict:
    fit, calibrate, held_out = (part.stop - part.start for part in parts)
    return {
        "description": "synthetic parcels drawn by catalogue.py; no row comes from a real data set",
        "seed": SEED,
        "rows": ROWS,
        "fit": fit,
        "calibrate": calibrate,
        "heldOut": held_out,
        "categories": [category.name for category in CATEGORIES],
        "outlierRows": catalogue.outliers,
        "massRangeG": MASS_RANGE_G,
        "sha256": catalogue.sha256(),
    }


def _held_out_card(grams: np.ndarray, mass_g: np.ndarray, volume_mm3: np.ndarray) -> dict:
    known = grams[:, 1] > 0
    grams, mass_g, volume_mm3 = grams[known], mass_g[known], volume_mm3[known]
    covered = (mass_g >= grams[:, 0]) & (mass_g <= grams[:, 2])
    fifths = np.quantile(volume_mm3, [0.2, 0.4, 0.6, 0.8])
    by_fifth = [covered[np.digitize(volume_mm3, fifths) == fifth].mean() for fifth in range(5)]
    error = np.exp(np.abs(np.log(mass_g / grams[:, 1])))
    return {
        "rowsInsideDomain": int(known.sum()),
        "coverage": round(float(covered.mean()), 4),
        "lighterThanLow": round(float((mass_g < grams[:, 0]).mean()), 4),
        "heavierThanHigh": round(float((mass_g > grams[:, 2]).mean()), 4),
        "coverageByVolumeFifth": [round(float(part), 4) for part in by_fifth],
        "medianWidthFactor": round(float(np.median(grams[:, 2] / grams[:, 0])), 2),
        "medianErrorFactor": round(float(np.median(error)), 3),
        "within25Percent": round(float((np.abs(grams[:, 1] / mass_g - 1) <= 0.25).mean()), 4),
    }


def _json(card: dict) -> str:
    """As the repository's formatter lays it out: a list stands on one line where it fits into 120 characters."""

    def joined(match: re.Match[str]) -> str:
        indent, name, items = match.group(1), match.group(2), re.sub(r"\s*\n\s*", " ", match.group(3).strip())
        line = f"{indent}{name}[{items}]"
        return line if len(line) < 120 else match.group(0)

    return re.sub(r'^( *)("[^"]*": )\[\n([^\[\]{}]*)\]', joined, json.dumps(card, indent=2), flags=re.MULTILINE) + "\n"


def _check(files: dict[Path, bytes]) -> int:
    """M7."""
    different = [path.name for path, content in files.items() if not path.exists() or path.read_bytes() != content]
    if different:
        print(f"train: {' and '.join(different)} would change; versions or platform differ, or run train.py", file=sys.stderr)
        return 1
    print("same bytes")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Trains the weight model.")
    parser.add_argument("--out", type=Path, default=Path(__file__).resolve().parent, metavar="DIR")
    parser.add_argument("--check", action="store_true", help="compare with the files in DIR instead of writing them")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
