"""Skirts, trousers and shorts. y is 0 at the waist."""

import numpy as np

from .factors import Table
from .shapes import Path, Shape, banded, disc, pair

KINDS = ("Skirt", "Trousers", "Shorts")
_BAND = 42.0  # millimetres, height of the waistband
_HEM = 26.0


def draw(f: Table) -> list[Shape]:
    """The shapes of one group."""
    return _skirt(f) if f["kind"][0] == "Skirt" else _trousers(f)


def _skirt(f: Table) -> list[Shape]:
    half, length = f["width"] / 2, f["length"]
    waist, hem = half * f["waist"], half * f["flare"]
    contrast, pockets = _trims(f)
    hip = np.minimum(200, 0.42 * length)
    drop = 10 + 0.14 * (hem - waist)
    side = length - drop

    def hem_line(path: Path, up: float) -> Path:  # from the side seam to the centre
        return path.curve(
            (hem * 0.68, length - up - drop * 0.22), (hem * 0.34, length - up), (0, length - up)
        )

    outer = (
        Path(0, 8)
        .curve((waist * 0.4, 8), (waist * 0.8, 4), (waist, 0))
        .curve((waist * 1.03, hip * 0.35), (half, hip * 0.6), (half, hip))
        .curve(
            (half, hip + (side - hip) * 0.3),
            (hem - (hem - half) * 0.3, side - (side - hip) * 0.35),
            (hem, side - _HEM),
        )
        .line(hem, side)
    )
    body = hem_line(outer, 0).both_sides()
    edge = hem_line(Path(hem, side - _HEM), _HEM)
    shapes = [Shape("body", body, "cloth", "outline")]
    flared = np.clip((f["flare"] - 1) / 0.9, 0, 1)  # folds open where there is width
    for share in (0.36, 0.72):
        x = waist * share
        fold = Path(x, _BAND).bow(
            hem * share * 0.94, length - drop * share**2 - (0.62 - 0.5 * flared) * (length - _BAND)
        )
        shapes += pair(Shape(f"right fold {share:g}", fold, "", "stitch", False))
    if pockets:
        pocket = _patch(waist * 0.34, _BAND + 0.12 * length, half * 0.4, half * 0.46)
        shapes += pair(Shape("right pocket", pocket, "cloth", "seam"))
    band = hem_line(edge.reversed().line(hem, side), 0)
    fill = "accent" if contrast else ""
    shapes += banded("hem", edge.both_sides(), band.both_sides(), fill)
    return [*shapes, *_waistband(waist, waist * 1.012, 8, contrast=contrast)]


def _trousers(f: Table) -> list[Shape]:
    shorts = f["kind"][0] == "Shorts"
    half, length = f["width"] / 2, f["length"]
    waist, leg = half * f["waist"], half * f["flare"]  # the hem of one leg
    contrast, pockets = _trims(f)
    rise = np.minimum(1.06 * half, 0.68 * length) if shorts else 1.06 * half
    thigh = half * 1.03
    middle = half * (0.54 if shorts else 0.5) + leg * (0.1 if shorts else 0.14)
    inner = np.maximum(middle - leg / 2, 14.0)
    outer = inner + leg
    lift = 6.0 if shorts else 3.0  # of the hem at the outer side
    knee_y, hem_y = rise + (length - rise) * 0.5, length - lift
    slim = np.minimum(leg, thigh * 0.82)  # the width at the knee
    knee = 0.9 * inner + slim  # x of its outer side
    leg_side = (
        Path(0, 6)
        .curve((waist * 0.4, 6), (waist * 0.8, 3), (waist, 0))
        .curve((waist * 1.04, rise * 0.28), (half, rise * 0.5), (half, rise * 0.72))
    )
    if shorts:
        fall = hem_y - _HEM - rise * 0.72
        leg_side.curve(
            (half, rise * 0.72 + fall * 0.35), (outer - (outer - half) * 0.4, hem_y - fall * 0.4),
            (outer, hem_y - _HEM),
        )  # fmt: skip
    else:
        leg_side.curve(
            (half, rise * 1.1), (knee + (half - knee) * 0.2, knee_y - (knee_y - rise) * 0.45),
            (knee, knee_y),
        ).curve(
            (knee - (half - knee) * 0.12, knee_y + (hem_y - knee_y) * 0.4),
            (outer, hem_y - _HEM - (hem_y - knee_y) * 0.3),
            (outer, hem_y - _HEM),
        )  # fmt: skip
    leg_side.line(outer, hem_y).line(inner, length).line(inner, length - _HEM)
    if shorts:
        leg_side.bow(4, rise, -2)
    else:
        inner_knee = knee - slim
        leg_side.curve(
            (inner, length - _HEM - (length - knee_y) * 0.3),
            (inner_knee, knee_y + (length - knee_y) * 0.3), (inner_knee, knee_y),
        ).curve(
            (inner_knee, knee_y - (knee_y - rise) * 0.4), (4, rise + (knee_y - rise) * 0.2),
            (4, rise),
        )  # fmt: skip
    body = leg_side.line(0, rise - 6).both_sides()
    shapes = [Shape("body", body, "cloth", "outline")]
    if contrast and not shorts:
        shapes += pair(_side_stripe(waist, half, rise, knee, knee_y, outer, hem_y))
    edge = Path(inner, length - _HEM).line(outer, hem_y - _HEM)
    hem = edge.reversed().reversed().line(outer, hem_y).line(inner, length)
    for shape in banded("right hem", edge, hem, "accent" if contrast else ""):
        shapes += pair(shape)
    if not shorts:
        crease = Path(waist * 0.5, _BAND).bow((inner + outer) / 2, length - _HEM, half * 0.08)
        shapes += pair(Shape("right crease", crease, "", "stitch", False))
    shapes.append(Shape("centre seam", Path(0, _BAND).line(0, rise), "", "seam", False))
    fly = (
        Path(half * 0.2, _BAND)
        .line(half * 0.2, rise * 0.5)
        .curve((half * 0.2, rise * 0.62), (half * 0.1, rise * 0.68), (0, rise * 0.68))
    )
    shapes.append(Shape("fly", fly, "", "stitch", False))
    if pockets:
        if shorts:
            top, height = rise * 0.52, np.minimum(half * 0.5, 0.36 * length)
            pocket = _patch(half * 0.42, top, half * 0.46, height)
            shapes += pair(Shape("right pocket", pocket, "cloth", "seam"))
        else:
            mouth = Path(waist * 0.56, _BAND).bow(
                half * 0.99, rise * 0.66, half * 0.05, -half * 0.02
            )
            shapes += pair(Shape("right pocket", mouth, "", "outline", False))
    return [*shapes, *_waistband(waist, waist * 1.015, 6, contrast=contrast)]


def _side_stripe(waist, half, rise, knee, knee_y, outer, hem_y) -> Shape:
    """A stripe along the outer seam of a leg, inside the outline."""
    wide = 30.0

    def seam(inside: float) -> Path:
        return (
            Path(waist * 1.015 - inside, _BAND)
            .curve(
                (waist * 1.05 - inside, rise * 0.34), (half - inside, rise * 0.5),
                (half - inside, rise * 0.72),
            )
            .curve(
                (half - inside, rise * 1.1),
                (knee + (half - knee) * 0.2 - inside, knee_y - (knee_y - rise) * 0.45),
                (knee - inside, knee_y),
            )
            .curve(
                (knee - (half - knee) * 0.12 - inside, knee_y + (hem_y - knee_y) * 0.4),
                (outer - inside, hem_y - _HEM - (hem_y - knee_y) * 0.3),
                (outer - inside, hem_y - _HEM),
            )
        )  # fmt: skip

    return Shape("right stripe", seam(10.0).join(seam(10.0 + wide).reversed()), "accent", "seam")


def _waistband(top, bottom, dip: float, *, contrast: bool) -> list[Shape]:
    """The band at the waist, `top` and `bottom` half widths, which dips at the centre, and its
    button."""
    band = (
        Path(0, dip)
        .curve((top * 0.4, dip), (top * 0.8, dip / 2), (top, 0))
        .line(bottom, _BAND)
        .curve((top * 0.8, _BAND + dip / 2), (top * 0.4, _BAND + dip), (0, _BAND + dip))
        .both_sides()
    )
    colour = "accent" if contrast else "plain"
    button = disc(0.0 * top, _BAND / 2 + dip, 9.0)
    edge = Path(bottom, _BAND).curve(
        (top * 0.8, _BAND + dip / 2), (top * 0.4, _BAND + dip), (0, _BAND + dip)
    )
    return [
        *banded("waistband", edge.both_sides(), band, colour, line="seam"),
        Shape("button", button, "inside"),
    ]


def _patch(left, top, width, height) -> Path:
    """A patch pocket with a pointed bottom."""
    right, bottom = left + width, top + height
    low = bottom - height * 0.16
    outline = Path(left, top).line(right, top).line(right, low)
    return outline.line(left + width / 2, bottom).line(left, low)


def _trims(f: Table) -> tuple[bool, bool]:
    trims = str(f["trims"][0])
    return "contrast" in trims, "pockets" in trims
