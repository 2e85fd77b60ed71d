"""`draw`: a garment from its factors, as an SVG in millimetres or as a picture."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import click

from .. import garments
from ..garments.factors import COLOURS, PATTERNS, TRIMS, Garment
from . import format_of, main, write

_WORDS = {
    "kind": f"One of {', '.join(garments.KINDS)}.",
    "sleeve": "Length in millimetres, 0 for none.",
    "length": "In millimetres.",
    "width": "Of the chest, of skirts and trousers of the hips, in millimetres.",
    "neckline": "One that the kind has: round, V, boat, square, collar, stand, hood, lapels ...",
    "waist": "Width of the waist, divided by --width.",
    "flare": "Width of the hem, divided by --width.",
    "colour": f"One of {', '.join(COLOURS)}.",
    "shade": "From -1, darker, to 1, lighter.",
    "pattern": f"One of {', '.join(PATTERNS)}.",
    "scale": "Period of the pattern in millimetres.",
    "trims": f"One of {', '.join(TRIMS)}.",
}


def _factor_options(function: Callable) -> Callable:
    for field in reversed(fields(Garment)):
        first = {"default": field.default} if field.name == "kind" else {}
        option = click.option(f"--{field.name}", type=field.type, help=_WORDS[field.name], **first)
        function = option(function)
    return function


@main.command()
@_factor_options
@click.option("--size", default=512, type=click.IntRange(16, 2048), help="Pixels of a PNG.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help=".svg or .png")
def draw(size: int, out: Path, **given: object) -> None:
    """Draw a garment; factors that are not given are the middle of what its kind has.

    In the SVG a user unit is a millimetre and every part of the garment has a name.
    """
    suffix = format_of(out, ("svg", "png"))
    chosen = {name: value for name, value in given.items() if value is not None}
    garment = replace(garments.typical(chosen["kind"]), **chosen).check()
    if suffix == "svg":
        write(out, garments.to_svg(garment).encode())
    else:
        from ..pictures import grid

        picture = garments.render(garments.table([garment]), size)[0]
        write(out, grid.encode_png(picture.transpose(1, 2, 0)))
    frame = garments.KINDS[garment.kind].frame
    click.echo(f"{garment.kind} in a square of {frame:g} mm: {out}")
