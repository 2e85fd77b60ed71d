"""`draw`: a garment from its factors, as an SVG in millimetres or as a picture."""

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path

import click

from .. import garments
from ..config import Preparation
from ..formats import pictures, untrusted
from ..garments.factors import COLOURS, PATTERNS, TRIMS, Garment
from ..preparation import picture as prepare
from . import format_of, main, write

_WORDS = {
    "kind": f"One of {', '.join(garments.KINDS)}; T-shirt without one.",
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
        option = click.option(f"--{field.name}", type=field.type, help=_WORDS[field.name])
        function = option(function)
    return function


@main.command()
@_factor_options
@click.option(
    "--picture",
    type=click.Path(path_type=Path),
    help="A picture of a garment on a light ground, whose factors are estimated.",
)
@click.option("--size", default=512, type=click.IntRange(16, 2048), help="Pixels of a PNG.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help=".svg or .png")
def draw(picture: Path | None, size: int, out: Path, **given: object) -> None:
    """Draw a garment; factors that are not given are those of a picture of one, for example of a
    generated one, else the middle of what its kind has.

    In the SVG a user unit is a millimetre and every part of the garment has a name.
    """
    suffix = format_of(out, ("svg", "png"))
    chosen = {name: value for name, value in given.items() if value is not None}
    first = _of_picture(picture) if picture else garments.typical(chosen.get("kind", "T-shirt"))
    garment = replace(first, **chosen).check()
    if suffix == "svg":
        write(out, garments.to_svg(garment).encode())
    else:
        from ..pictures import grid

        pixels = garments.render(garments.table([garment]), size)[0]
        write(out, grid.encode_png(pixels.transpose(1, 2, 0)))
    frame = garments.KINDS[garment.kind].frame
    click.echo(f"{garment.kind} in a square of {frame:g} mm: {out}")


def _of_picture(path: Path) -> Garment:
    """The garment in a picture file, and says what it is and how near it is."""
    from ..garments.estimate import estimate

    content = untrusted.read_regular(path)
    large = min(pictures.open_picture(content, path.name).size) >= 2 * garments.SIDE
    side = garments.SIDE * (1 + large)
    how = Preparation(side, side, 3, "pad", garments.GROUND)
    found = estimate(prepare.read(content, path.name, how))
    click.echo("; ".join(f"{name} {_said(value)}" for name, value in vars(found.garment).items()))
    click.echo(f"{found.error:.1f} of 255 from the picture (root mean square)")
    return found.garment


def _said(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else f"{value or 'none'}"
