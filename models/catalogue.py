"""The synthetic catalogue that the weight model is trained on: parcels that do not exist.

No row comes from a real data set. The figures below are engineering estimates of what goes over a parcel scale: how
dense the packed goods of a category are, how large their packs, how full their cartons, how heavy the board.

M1 The same seed gives the same rows (PCG64, one stream, fixed order of draws).
M2 Every row is something a station can measure: 20 g to 60 kg, every side at least 10 mm, the longest at most 1600 mm.
"""

import hashlib
from dataclasses import dataclass

import numpy as np

SEED = 42
ROWS = 100_000
MASS_RANGE_G = (20, 60_000)
SIDE_RANGE_MM = (10, 1600)


@dataclass(frozen=True)
class Category:
    """Densities in kg per cubic metre of packed goods; volumes in litres; sigmas of the natural logarithm."""

    name: str
    share: float
    density: float
    density_sigma: float
    litres: float
    litres_sigma: float
    # Mean part of the carton that goods fill.
    fill: float


CATEGORIES = (
    Category("apparel", 0.14, 170, 0.35, 4.0, 0.9, 0.85),
    Category("shoes", 0.06, 150, 0.25, 7.0, 0.4, 0.90),
    Category("books and paper", 0.08, 620, 0.20, 2.0, 0.9, 0.85),
    Category("small electronics", 0.10, 330, 0.45, 2.0, 1.0, 0.55),
    Category("appliances", 0.06, 210, 0.35, 28.0, 0.8, 0.80),
    Category("toys", 0.08, 120, 0.45, 7.0, 0.9, 0.80),
    Category("cosmetics", 0.09, 380, 0.40, 1.2, 0.9, 0.55),
    Category("dry food", 0.06, 450, 0.35, 7.0, 0.8, 0.85),
    Category("beverages", 0.04, 780, 0.20, 10.0, 0.6, 0.85),
    Category("tools and fittings", 0.06, 950, 0.55, 2.5, 1.1, 0.65),
    Category("flat-pack furniture", 0.03, 480, 0.30, 40.0, 0.7, 0.90),
    Category("assembled furniture", 0.02, 120, 0.40, 110.0, 0.6, 0.85),
    Category("plastic household", 0.05, 95, 0.45, 14.0, 0.9, 0.85),
    Category("glass and ceramics", 0.04, 300, 0.40, 6.0, 0.8, 0.55),
    Category("sports", 0.03, 190, 0.60, 14.0, 1.0, 0.80),
    Category("vehicle parts", 0.03, 550, 0.65, 9.0, 1.1, 0.65),
    Category("bedding", 0.03, 60, 0.40, 32.0, 0.7, 0.95),
)

# Inner sizes in mm: bases of the 600 x 400 module of ISO 3394 and what suppliers stock beside them, by height.
CARTON_BASES_MM = (
    (150, 100), (200, 150), (220, 160), (250, 200), (300, 200), (305, 215), (350, 250), (400, 300),
    (430, 310), (500, 300), (500, 400), (600, 400), (600, 500), (800, 400), (800, 600), (1200, 400), (1200, 600),
)  # fmt: skip
CARTON_HEIGHTS_MM = (30, 50, 80, 100, 150, 200, 250, 300, 400, 500, 600)


@dataclass(frozen=True)
class Catalogue:
    # float32 [n, 3], descending, in mm as a dimensioner displays them.
    sorted_dimensions_mm: np.ndarray
    # float64 [n], in g as a scale displays them.
    mass_g: np.ndarray
    # How many rows are of each kind, for the model card.
    outliers: int

    def sha256(self) -> str:
        """Little-endian dimensions, then masses, row-major."""
        digest = hashlib.sha256(self.sorted_dimensions_mm.astype("<f4").tobytes())
        digest.update(self.mass_g.astype("<f8").tobytes())
        return digest.hexdigest()


def make_catalogue(rows: int = ROWS, seed: int = SEED) -> Catalogue:
    random = np.random.Generator(np.random.PCG64(seed))
    # A part of the drawn parcels is not measurable (M2): draw more than needed, keep the first `rows`.
    drawn = int(rows * 1.4)
    categories = random.choice(len(CATEGORIES), drawn, p=_shares())
    goods_m3 = _lognormal(random, categories, "litres", "litres_sigma") / 1000
    density = _lognormal(random, categories, "density", "density_sigma")
    fill = _fill(random, categories)

    inner_mm, is_bag = _packs(random, goods_m3 / fill)
    pack_kg = _pack_kg(random, inner_mm, is_bag)
    void_kg = np.maximum(0, np.prod(inner_mm / 1000, axis=1) - goods_m3) * random.uniform(0, 14, drawn)
    goods_kg = goods_m3 * density
    goods_kg, is_outlier = _outliers(random, goods_kg, goods_m3)
    mass_g = _displayed_mass_g((goods_kg + pack_kg + void_kg) * 1000 * random.normal(1, 0.002, drawn))
    sides_mm = _displayed_dimensions_mm(random, inner_mm, is_bag)

    measurable = (
        (mass_g >= MASS_RANGE_G[0])
        & (mass_g <= MASS_RANGE_G[1])
        & (sides_mm[:, 2] >= SIDE_RANGE_MM[0])
        & (sides_mm[:, 0] <= SIDE_RANGE_MM[1])
    )
    kept = np.flatnonzero(measurable)[:rows]
    if len(kept) < rows:
        raise SystemExit(f"catalogue: {len(kept)} of {rows} rows are measurable; draw more in make_catalogue")
    return Catalogue(sides_mm[kept].astype(np.float32), mass_g[kept], int(is_outlier[kept].sum()))


def _shares() -> np.ndarray:
    shares = np.array([category.share for category in CATEGORIES])
    return shares / shares.sum()


def _lognormal(random: np.random.Generator, categories: np.ndarray, median: str, sigma: str) -> np.ndarray:
    medians = np.array([getattr(category, median) for category in CATEGORIES])[categories]
    sigmas = np.array([getattr(category, sigma) for category in CATEGORIES])[categories]
    return medians * np.exp(sigmas * random.standard_normal(len(categories)))


def _fill(random: np.random.Generator, categories: np.ndarray) -> np.ndarray:
    means = np.array([category.fill for category in CATEGORIES])[categories]
    concentration = 9.0
    return np.clip(random.beta(means * concentration, (1 - means) * concentration), 0.12, 1.0)


def _packs(random: np.random.Generator, needed_m3: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inner sizes in mm of the packs, and which of them are bags. Bags only for small goods."""
    rows = len(needed_m3)
    own = _own_boxes_mm(random, needed_m3)
    stock = _stock_cartons_mm(random, needed_m3)
    uses_stock = (random.random(rows) < 0.55) & (stock[:, 0] > 0)
    is_bag = (random.random(rows) < 0.2) & (needed_m3 < 0.012)
    sides = np.where((uses_stock & ~is_bag)[:, None], stock, own)
    return np.where(is_bag[:, None], _flattened(random, own), sides), is_bag


def _own_boxes_mm(random: np.random.Generator, needed_m3: np.ndarray) -> np.ndarray:
    """The maker's own pack: any proportion, the longest side seldom more than five times the shortest."""
    proportions = np.exp(random.standard_normal((len(needed_m3), 3)) * 0.45)
    scale = np.cbrt(needed_m3 / np.prod(proportions, axis=1))
    return proportions * scale[:, None] * 1000


def _flattened(random: np.random.Generator, sides_mm: np.ndarray) -> np.ndarray:
    """Bags and mailers of the same volume, up to twelve times thinner than their box would be."""
    thinner = random.uniform(1, 12, len(sides_mm))
    spread = np.sqrt(thinner)
    return np.sort(sides_mm, axis=1) * np.stack([1 / thinner, spread, spread], axis=1)


def _stock_cartons_mm(random: np.random.Generator, needed_m3: np.ndarray) -> np.ndarray:
    """A packer takes one of the four next larger cartons; zeros where none is large enough."""
    sizes = np.array([(*base, height) for base in CARTON_BASES_MM for height in CARTON_HEIGHTS_MM], dtype=float)
    sizes = sizes[np.argsort(np.prod(sizes, axis=1), kind="stable")]
    volumes_m3 = np.prod(sizes, axis=1) / 1e9
    index = np.searchsorted(volumes_m3, needed_m3) + random.integers(0, 4, len(needed_m3))
    fits = index < len(sizes)
    return np.where(fits[:, None], sizes[np.minimum(index, len(sizes) - 1)], 0.0)


def _pack_kg(random: np.random.Generator, inner_mm: np.ndarray, is_bag: np.ndarray) -> np.ndarray:
    """Board of 0.40 to 0.95 kg per square metre (single to double wall), flaps and overlap add 35 %; film bags 0.12."""
    length, width, height = inner_mm.T / 1000
    surface_m2 = 2 * (length * width + length * height + width * height)
    volume_m3 = length * width * height
    board = 0.40 + 0.40 * np.clip(volume_m3 / 0.12, 0, 1) + random.uniform(0, 0.15, len(inner_mm))
    return surface_m2 * np.where(is_bag, 0.12, board * 1.35)


def _outliers(
    random: np.random.Generator, goods_kg: np.ndarray, goods_m3: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """One in a hundred is nearly empty (a return, a wrong pick), one in a hundred solid (metal, stone, batteries)."""
    draw = random.random(len(goods_kg))
    empty = draw < 0.01
    solid = (draw >= 0.01) & (draw < 0.02)
    goods_kg = np.where(empty, goods_kg * random.uniform(0.0, 0.1, len(goods_kg)), goods_kg)
    goods_kg = np.where(solid, goods_m3 * random.uniform(1800, 6000, len(goods_kg)), goods_kg)
    return goods_kg, empty | solid


def _displayed_mass_g(mass_g: np.ndarray) -> np.ndarray:
    """A multi-interval parcel scale: divisions of 1, 5, 10 and 20 g."""
    division = np.select([mass_g < 3000, mass_g < 15_000, mass_g < 30_000], [1.0, 5.0, 10.0], 20.0)
    return np.round(mass_g / division) * division


def _displayed_dimensions_mm(random: np.random.Generator, inner_mm: np.ndarray, is_bag: np.ndarray) -> np.ndarray:
    """Board, bulge and the dimensioner's own error, displayed in steps of 1, 2 or 5 mm; bags come out flat and creased."""
    rows = len(inner_mm)
    wall = np.where(is_bag, 0.0, 6.0)[:, None] + np.abs(random.normal(0, 3, (rows, 3)))
    creased = np.where(is_bag[:, None], random.uniform(0.9, 1.25, (rows, 3)), 1.0)
    outer = inner_mm * creased + wall + random.normal(0, 1.5, (rows, 3))
    step = random.choice([1.0, 2.0, 5.0], rows, p=[0.4, 0.3, 0.3])[:, None]
    displayed = np.round(outer / step) * step
    return np.sort(displayed, axis=1)[:, ::-1]
