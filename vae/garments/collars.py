"""Necklines, collars and hoods."""

from typing import NamedTuple

from .body import Body, neck
from .shapes import Path, Shape, banded, pair

_BAND = 24.0  # millimetres


class Collar(NamedTuple):
    """The shapes that lie behind the body and those before it."""

    behind: list[Shape]
    before: list[Shape]


def collar(neckline: str, body: Body, contrast: bool) -> Collar:
    """What is at the neck of a body (`tops.Body`)."""
    half, width, depth = body.half, body.neck, body.depth
    if neckline in _COLLARS:
        return _COLLARS[neckline](half, width, depth, contrast)
    back = _back(neckline, width, depth, 0.08 * half)
    drop = body.slope * _BAND / (body.tip - width)  # of the shoulder over the band
    outer = neck(neckline, width + _BAND, depth + _BAND * (1.5 if neckline == "V" else 1.1), drop)
    band = neck(neckline, width, depth).join(outer.reversed()).both_sides()
    edge, fill = outer.both_sides(), "accent" if contrast else "plain"
    return Collar([back], banded("neckband", edge, band, fill, line="seam"))


def _back(neckline: str, width, depth, low) -> Shape:
    """The inside of the back, seen above the front."""
    path = Path(0, low).curve((width * 0.5, low), (width * 0.84, low * 0.6), (width, 0))
    path.join(neck(neckline, width, depth).reversed())
    return Shape("back", path.both_sides(), "inside", "outline")


def _pointed(half, width, depth, contrast) -> Collar:
    rise = 0.15 * half
    back = Path(0, -rise).curve(
        (width * 0.4, -rise), (width * 0.7, -rise * 0.9), (width * 0.84, -rise * 0.7)
    )
    back.line(width, 0).line(0, depth)
    wing = (
        Path(0.01 * half, depth)
        .line(0.3 * half, depth + 0.24 * half)
        .bow(width + 0.1 * half, 0.02 * half, 0.02 * half, 0)
        .curve((width, -rise * 0.8), (width * 0.9, -rise), (width * 0.74, -rise))
        .curve((width * 0.8, 0), (width * 0.4, depth * 0.7), (0.01 * half, depth))
    )
    fill = "accent" if contrast else "plain"
    return Collar(
        [Shape("collar back", back.both_sides(), "inside", "outline")],
        pair(Shape("right collar", wing, fill, "outline")),
    )


def _stand(half, width, depth, contrast) -> Collar:
    rise = 0.2 * half
    low = -0.5 * rise
    back = Path(0, -rise).curve((width * 0.5, -rise), (width * 0.8, -rise), (width * 0.86, -rise))
    back.line(width, 0).line(0, depth)
    band = (
        Path(0, depth)
        .curve((0.56 * width, depth), (width, 0.46 * depth), (width * 1.04, 0))
        .line(width * 0.86, -rise)
        .curve(
            (width * 0.84, low + 0.3 * depth),
            (0.5 * width, depth - rise),
            (0.02 * half, depth - rise),
        )
    )
    fill = "accent" if contrast else "plain"
    return Collar(
        [Shape("collar back", back.both_sides(), "inside", "outline")],
        pair(Shape("right collar", band, fill, "outline")),
    )


def _lapels(half, width, depth, contrast) -> Collar:
    rise = 0.14 * half
    back = Path(0, -rise).curve((width * 0.5, -rise), (width * 0.8, -rise), (width * 0.9, -rise))
    back.line(width, 0).line(width * 0.5, depth * 0.5).line(0, depth)
    lapel = (
        Path(0, depth)
        .curve((0.3 * half, depth * 0.86), (0.56 * half, depth * 0.62), (0.62 * half, 0.4 * half))
        .line(0.4 * half, 0.34 * half)
        .line(width * 0.86, 0.02 * half)
        .curve((width * 0.7, depth * 0.3), (width * 0.4, depth * 0.66), (0, depth))
    )
    over = (
        Path(width * 0.7, -rise)
        .curve((width * 1.1, -rise), (width + 0.12 * half, 0), (0.54 * half, 0.24 * half))
        .line(0.42 * half, 0.35 * half)
        .curve((width, 0.2 * half), (width * 0.8, 0.06 * half), (width * 0.7, -rise))
    )
    fill = "accent" if contrast else "plain"
    return Collar(
        [Shape("collar back", back.both_sides(), "inside", "outline")],
        [
            *pair(Shape("right lapel", lapel, "plain", "outline")),
            *pair(Shape("right collar", over, fill, "outline")),
        ],
    )


def _hood(half, width, depth, contrast) -> Collar:
    top = -0.68 * half
    hood = (
        Path(0, top)
        .curve((0.3 * half, top), (0.56 * half, top * 0.7), (0.58 * half, top * 0.3))
        .curve((0.6 * half, 0), (0.56 * half, 0.1 * half), (0.5 * half, 0.14 * half))
        .line(0, depth)
    )
    opening = (
        Path(0, top * 0.78)
        .curve((0.2 * half, top * 0.78), (0.4 * half, top * 0.6), (0.4 * half, top * 0.2))
        .curve((0.4 * half, 0.1 * half), (0.2 * half, 0.3 * half), (0, depth))
    )
    fill = "accent" if contrast else "inside"
    inner = Path(0.4 * half, top * 0.2).curve(
        (0.4 * half, 0.1 * half), (0.2 * half, 0.3 * half), (0, depth)
    )
    seam = Path(0, depth + 0.14 * half).curve(
        (0.22 * half, depth), (0.44 * half, 0.3 * half), (0.5 * half, 0.14 * half)
    )
    front = inner.reversed().reversed().join(seam)
    cord = Path(0.1 * half, depth).bow(0.12 * half, depth + 0.42 * half, 0.02 * half)
    return Collar(
        [
            Shape("hood", hood.both_sides(), "cloth", "outline"),
            Shape("hood lining", opening.both_sides(), fill, "seam"),
        ],
        [
            *pair(Shape("right hood front", front, "cloth")),
            *pair(Shape("right hood edge", inner, "", "seam", False)),
            *pair(Shape("right hood seam", seam, "", "outline", False)),
            *pair(Shape("right cord", cord, "", "seam", False)),
        ],
    )


_COLLARS = {
    "collar": _pointed, "stand": _stand, "lapels": _lapels, "hood": _hood, "hood, zip": _hood,
}  # fmt: skip
