"""The factors of a garment: what they are, their ranges for each kind, and draws of them.

A garment is determined by twelve factors. Lengths are flat measures in millimetres, as a
technical drawing states them: `length` from the highest point of the shoulder (of skirts and
trousers from the waist) to the hem, `sleeve` along its outer edge, `width` of the chest (of skirts
and trousers of the hips) from side to side. `waist` and `flare` are the widths of waist and hem
divided by `width`; of trousers and shorts `flare` is the hem of a leg divided by the half width.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..validation import ConfigError, one_of, within

PATTERNS = ("plain", "stripes", "pinstripes", "check", "dots")
TRIMS = ("none", "pockets", "contrast", "pockets and contrast")
COLOURS = {  # sRGB
    "ecru": "#e6d9c3",
    "ochre": "#d69e3c",
    "rust": "#c2613a",
    "red": "#b23e42",
    "rose": "#d99aa2",
    "plum": "#80496a",
    "navy": "#3a4a78",
    "sky": "#85aacb",
    "teal": "#3a8585",
    "sage": "#94a98e",
    "forest": "#47684f",
    "charcoal": "#555963",
}
Range = tuple[float, float]


class Kind(NamedTuple):
    """The ranges of the factors of a kind of garment, and `frame`, the side of the square that it
    is drawn in, in millimetres."""

    frame: float
    length: Range
    width: Range
    waist: Range
    flare: Range
    sleeve: Range = (0.0, 0.0)
    necklines: tuple[str, ...] = ("",)  # "" of garments without one


KINDS: dict[str, Kind] = {
    "T-shirt": Kind(
        980, (560, 760), (440, 600), (0.84, 1), (0.94, 1.14), (110, 260), ("round", "V", "boat")
    ),
    "Shirt": Kind(
        1120, (640, 800), (450, 590), (0.82, 1), (0.94, 1.14), (200, 620), ("collar", "stand")
    ),
    "Tank top": Kind(
        860, (520, 740), (400, 540), (0.82, 1), (0.94, 1.2), necklines=("round", "V", "square")
    ),
    "Hoodie": Kind(
        1180, (560, 740), (480, 620), (0.88, 1), (0.84, 1.02), (500, 640), ("hood", "hood, zip")
    ),
    "Jacket": Kind(
        1120, (500, 700), (460, 600), (0.84, 1), (0.84, 1.04), (500, 620), ("collar", "stand")
    ),
    "Coat": Kind(
        1300, (860, 1140), (470, 600), (0.76, 0.98), (0.98, 1.4), (540, 660), ("lapels", "stand")
    ),
    "Dress": Kind(
        1400, (820, 1240), (400, 500), (0.7, 0.94), (1, 2), (0, 600),
        ("round", "V", "boat", "square"),
    ),
    "Skirt": Kind(1060, (360, 860), (420, 540), (0.66, 0.86), (0.9, 1.9)),
    "Trousers": Kind(1180, (880, 1080), (420, 540), (0.7, 0.9), (0.46, 1.1)),
    "Shorts": Kind(800, (360, 560), (430, 560), (0.7, 0.9), (0.86, 1.2)),
}  # fmt: skip
NAMES = tuple(KINDS)
SHADES = (-1.0, 1.0)
SCALES = (80.0, 180.0)  # millimetres
SHORTEST_SLEEVE = 110  # millimetres; a shorter one is none
_CATEGORIES = ("kind", "neckline", "colour", "pattern", "trims")
_MEASURES = ("sleeve", "length", "width", "waist", "flare")


@dataclass(frozen=True)
class Garment:
    """The twelve factors of one garment.

    `neckline` is "" for skirts, trousers and shorts. `colour` is one of `COLOURS`; `shade` mixes
    it with black (-1) or white (1). `scale` is the period of the pattern in millimetres.
    """

    kind: str = "T-shirt"
    sleeve: float = 180
    length: float = 660
    width: float = 520
    neckline: str = "round"
    waist: float = 0.95
    flare: float = 1.0
    colour: str = "navy"
    shade: float = 0.0
    pattern: str = "plain"
    scale: float = 100
    trims: str = "none"

    def check(self) -> "Garment":
        """This garment. Raises `ConfigError` for a factor that its kind does not have."""
        one_of("the kind", self.kind, KINDS)
        kind = KINDS[self.kind]
        one_of("the neckline", self.neckline, kind.necklines)
        one_of("the colour", self.colour, COLOURS)
        one_of("the pattern", self.pattern, PATTERNS)
        one_of("trims", self.trims, TRIMS)
        for name in _MEASURES:
            within(name, getattr(self, name), *getattr(kind, name))
        within("shade", self.shade, *SHADES)
        within("scale", self.scale, *SCALES)
        if 0 < self.sleeve < SHORTEST_SLEEVE:
            raise ConfigError(f"sleeve is {self.sleeve}; expected 0 or {SHORTEST_SLEEVE} or more")
        return self


FACTORS = tuple(field.name for field in dataclasses.fields(Garment))
Table = Mapping[str, np.ndarray]  # an array [N] per factor


def typical(kind: str) -> Garment:
    """The garment in the middle of the ranges of its kind. Raises `ConfigError`."""
    one_of("the kind", kind, KINDS)
    of = KINDS[kind]
    middle = {name: sum(getattr(of, name)) / 2 for name in _MEASURES}
    return Garment(kind, neckline=of.necklines[0], **middle)


def sample(count: int, seed: int) -> dict[str, np.ndarray]:
    """The factors of `count` garments, an array [N] per factor, as many of each kind as of every
    other; within a kind the factors are independent and uniform over its ranges.

    Lengths are whole millimetres and ratios have two decimals, so that the table states exactly
    what is drawn.
    """
    random = np.random.default_rng([seed, 0x6A])
    kinds = np.arange(count) % len(NAMES)
    random.shuffle(kinds)
    draws = {name: random.random(count) for name in FACTORS}
    found = {"kind": np.array(NAMES)[kinds]}
    for name in FACTORS[1:]:
        if name == "neckline":
            options = np.array([KINDS[kind].necklines[0] for kind in NAMES], "U20")[kinds]
            for row, kind in enumerate(NAMES):
                here = kinds == row
                options[here] = _pick(KINDS[kind].necklines, draws[name][here])
            found[name] = options
        elif name in _CATEGORIES:
            options = {"colour": tuple(COLOURS), "pattern": PATTERNS, "trims": TRIMS}[name]
            found[name] = _pick(options, draws[name])
        else:
            fixed = {"shade": SHADES, "scale": SCALES}.get(name)
            ranges = [fixed or getattr(KINDS[kind], name) for kind in NAMES]
            low, high = np.array(ranges, float)[kinds].T
            decimals = 2 if name in ("waist", "flare", "shade") else 0
            found[name] = np.round(low + draws[name] * (high - low), decimals)
    found["sleeve"] = np.where(found["sleeve"] < SHORTEST_SLEEVE, 0, found["sleeve"])
    return found


def table(garments: list[Garment]) -> dict[str, np.ndarray]:
    """The factors of some garments, an array [N] each. Raises `ConfigError`."""
    checked = [garment.check() for garment in garments]
    return {name: np.array([getattr(one, name) for one in checked]) for name in FACTORS}


def garment(factors: Table, row: int = 0) -> Garment:
    """One garment of a table."""
    return Garment(**{name: factors[name][row].item() for name in FACTORS})


def _pick(options: tuple[str, ...], draws: np.ndarray) -> np.ndarray:
    return np.array(options)[(draws * len(options)).astype(int)]
