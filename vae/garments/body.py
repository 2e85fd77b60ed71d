"""The body of a garment with shoulders: its measures, its neckline and its outline."""

from typing import NamedTuple

import numpy as np

from .factors import Table
from .shapes import Path

# Width and depth of the neck, in half chests.
NECKS = {
    "round": (0.36, 0.4),
    "V": (0.34, 0.86),
    "boat": (0.6, 0.2),
    "square": (0.43, 0.48),
    "collar": (0.32, 0.26),
    "stand": (0.32, 0.24),
    "hood": (0.36, 0.44),
    "hood, zip": (0.36, 0.44),
    "lapels": (0.34, 0.98),
}


class Style(NamedTuple):
    """Proportions of a kind: the shoulder in half chests, the heights of the bands at hem and
    cuff and the rise of the hem at the sides in millimetres."""

    shoulder: float = 0.88
    hem: float = 24.0
    cuff: float = 24.0
    rise: float = 6.0


STYLES = {
    "T-shirt": Style(0.9),
    "Shirt": Style(0.88, 14, 58, 56),
    "Tank top": Style(0.62, 22),
    "Hoodie": Style(0.92, 58, 58, 4),
    "Jacket": Style(0.9, 60, 56, 4),
    "Coat": Style(0.88, 30, 30, 10),
    "Dress": Style(0.84, 22, 26, 12),
}


class Body(NamedTuple):
    """Measures [N] in millimetres, x from the centre line: half chest, tip of the shoulder, depth
    of the armhole, neck width and depth, half waist and its level, half hem, length at the centre
    and at the sides."""

    half: np.ndarray
    tip: np.ndarray  # x
    slope: np.ndarray  # y of the tip
    armhole: np.ndarray
    neck: np.ndarray
    depth: np.ndarray
    waist: np.ndarray
    level: np.ndarray
    hem: np.ndarray
    length: np.ndarray
    side: np.ndarray


def measures(f: Table, style: Style, kind: str, neckline: str) -> Body:
    half, length = f["width"] / 2, f["length"]
    armhole = half * (0.8 if kind == "Tank top" else 0.86)
    waist, hem = half * f["waist"], half * f["flare"]
    level = np.minimum(armhole + 0.72 * half, 0.7 * length)
    neck, depth = NECKS[neckline]
    side = length - style.rise - 0.1 * np.maximum(hem - half, 0)
    return Body(
        half, half * style.shoulder, half * 0.15, armhole, half * neck, half * depth, waist,
        level, hem, length, side,
    )  # fmt: skip


def outline(b: Body, style: Style, neckline: str, kind: str) -> Path:
    path = neck(neckline, b.neck, b.depth).line(b.tip, b.slope)
    fall = b.armhole - b.slope
    if kind == "Tank top":
        path.curve(
            (b.tip * 0.94, b.slope + 0.5 * fall), (b.tip * 1.08, b.armhole), (b.half, b.armhole)
        )
    else:
        path.curve(
            (b.tip - 0.07 * b.half, b.slope + 0.4 * fall),
            (b.tip - 0.02 * b.half, b.armhole - 0.12 * fall), (b.half, b.armhole),
        )  # fmt: skip
    down, last = b.level - b.armhole, b.side - style.hem
    path.curve(
        (b.half - 0.3 * (b.half - b.waist), b.armhole + 0.35 * down),
        (b.waist, b.level - 0.35 * down), (b.waist, b.level),
    ).curve(
        (b.waist, b.level + 0.3 * (last - b.level)),
        (b.hem - 0.3 * (b.hem - b.waist), last - 0.4 * (last - b.level)), (b.hem, last),
    ).line(b.hem, b.side)  # fmt: skip
    return path.join(hem_line(b, 0)).both_sides()


def hem_line(b: Body, up: float) -> Path:
    """From the side seam to the centre, `up` above the hem."""
    drop = b.length - b.side
    return Path(b.hem, b.side - up).curve(
        (b.hem * 0.68, b.length - up - 0.18 * drop), (b.hem * 0.34, b.length - up),
        (0, b.length - up),
    )  # fmt: skip


def neck(
    neckline: str, width: np.ndarray, depth: np.ndarray, top: np.ndarray | float = 0.0
) -> Path:
    """The right half of a neckline, from the centre to the shoulder at (width, top)."""
    path = Path(0, depth)
    if neckline in ("V", "lapels"):
        return path.curve(
            (width * 0.36, depth * 0.66), (width * 0.86, depth * 0.26 + top), (width, top)
        )
    if neckline == "square":
        return path.line(width * 0.9, depth).line(width, top)
    return path.curve((0.56 * width, depth), (width, top + 0.46 * (depth - top)), (width, top))
