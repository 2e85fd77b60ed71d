"""Garments as SVG in millimetres, with a name for every part."""

import hashlib
import re
from xml.sax.saxutils import escape

import numpy as np

from . import patterns
from .colours import GROUND, Inks, inks
from .drawing import draw, origin
from .factors import KINDS, Garment, table
from .shapes import Path, Shape

_LINES = {"outline": 4.0, "seam": 2.5, "stitch": 1.6}  # millimetres
_DASHES = ' stroke-dasharray="7 5"'  # of stitches


def to_svg(garment: Garment, *, ground: bool = False) -> str:
    """A garment as an SVG document whose user unit is a millimetre; the factors are in `<desc>`.

    Raises `ConfigError` for a factor that its kind does not have.
    """
    factors = table([garment])
    frame, (x, y), colours = KINDS[garment.kind].frame, origin(garment.kind), inks(factors)
    grounds: dict[str, str] = {}
    shapes = [_shape(shape, garment, colours, grounds) for shape in draw(factors)]
    known = {name: value for name, value in vars(garment).items() if value != ""}
    words = (f"{v:.4g}" if isinstance(v, float) else f"{v}" for v in known.values())
    text = "; ".join(f"{name}: {word}" for name, word in zip(known, words, strict=True))
    back = f'<rect width="{frame:g}" height="{frame:g}" fill="{GROUND}"/>' if ground else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{frame:g}mm" height="{frame:g}mm" '
        f'viewBox="0 0 {frame:g} {frame:g}"><title>{escape(garment.kind)}</title>'
        f"<desc>{escape(text)}</desc><defs>{''.join(grounds.values())}</defs>{back}"
        f'<g transform="translate({x:g} {y:g})" stroke-linejoin="round" stroke-linecap="round">'
        f"{''.join(shapes)}</g></svg>"
    )


def _shape(shape: Shape, garment: Garment, colours: Inks, defs: dict[str, str]) -> str:
    """One path; the pattern that it is filled with is added to `defs`."""
    fill, stroke = "none", ""
    if shape.fill:
        fill = _hex(colours.of(shape.fill))
        if shape.fill == "cloth" and garment.pattern != "plain":
            fill = f"url(#{_pattern(shape, garment, colours, defs)})"
    if shape.line:
        dashes = _DASHES if shape.line == "stitch" else ""
        colour, width = _hex(colours.of(shape.line)), _LINES[shape.line]
        stroke = f' stroke="{colour}" stroke-width="{width:g}"{dashes}'
    data = _data(shape.path, closed=shape.closed)
    return f'<path id="{_id(shape.name)}" fill="{fill}"{stroke} d="{data}"/>'


def _pattern(shape: Shape, garment: Garment, colours: Inks, defs: dict[str, str]) -> str:
    """The id of the pattern that fills a shape along its grain."""
    period, place = garment.scale, ""
    which = hashlib.sha256(repr(garment).encode()).hexdigest()[:8]  # of several in one page
    name = f"cloth-{which}" + ("" if shape.grain is None else f"-{_id(shape.name)}")
    if shape.grain is not None:
        (x, y), (dx, dy) = shape.path.start[0], shape.grain[0]
        place = f"matrix({dy:.5f} {-dx:.5f} {dx:.5f} {dy:.5f} {x:.2f} {y:.2f}) "
    half = period / 2
    content = patterns.tile(garment.pattern, period, _hex(colours.accent))
    defs[name] = (
        f'<pattern id="{name}" patternUnits="userSpaceOnUse" width="{period:g}" '
        f'height="{period:g}" viewBox="{-half:g} {-half:g} {period:g} {period:g}" '
        f'patternTransform="{place}translate({-half:g} {-half:g})">'
        f'<rect x="{-half:g}" y="{-half:g}" width="{period:g}" height="{period:g}" '
        f'fill="{_hex(colours.cloth)}"/>{content}</pattern>'
    )
    return name


def _data(path: Path, *, closed: bool) -> str:
    parts = [f"M{_numbers(path.start[0])}"]
    for piece in path.pieces:
        parts.append(f"{'C' if piece.shape[1] == 3 else 'L'}{_numbers(piece[0])}")
    return "".join(parts) + "Z" * closed


def _numbers(points: np.ndarray) -> str:
    return ",".join(f"{value:.2f}".rstrip("0").rstrip(".") for value in points.ravel() + 0.0)


def _id(name: str) -> str:
    return re.sub(r"\W+", "-", name)


def _hex(colour: np.ndarray) -> str:
    return "#" + bytes(np.round(colour[0]).astype(np.uint8).tolist()).hex()
