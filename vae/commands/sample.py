"""`sample`, `interpolate` and `export`: images, animations, ONNX files and the page of a model."""

from pathlib import Path

import click

from ..checkpoint.folder import Checkpoint, load
from ..pictures.upscale import METHODS
from ..validation import ConfigError, one_of
from . import checkpoint_argument, data_for, format_of, main, progress_bar, write

_PRIORS = ("normal", "aggregate")
_OUT_HELP = ".gif, .mp4, .webp, .zip of PNG, .png or .pdf sheet, .csv, .json"
_METHODS_HELP = "with clean edges, smoothly, or to squares"
_label_option = click.option("--label", help="class by name or number, for a conditional model")


@main.command()
@checkpoint_argument
@click.option("--n", default=64, type=click.IntRange(1, 10_000), help="how many images")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="PNG to write")
@click.option("--prior", default="normal", type=click.Choice(_PRIORS), help="of the codes")
@_label_option
@click.option("--seed", default=0, help="of the codes")
@click.option("--scale", default=2, type=click.IntRange(1, 16), help="screen pixels per pixel")
def sample(
    checkpoint: Path, n: int, out: Path, prior: str, label: str | None, seed: int, scale: int
) -> None:
    """Decode N codes drawn from the prior of CHECKPOINT into one contact sheet.

    `--prior normal` is the model's own prior, learned or not; `aggregate` is a mixture fitted to
    the codes of the training images.
    """
    from ..checkpoint.artifacts import load_aggregate
    from ..evaluation import sample_quality
    from ..pictures import grid

    format_of(out, ["png"])
    loaded = load(checkpoint)
    mixture = load_aggregate(loaded) if prior == "aggregate" else None
    if prior == "aggregate" and mixture is None:
        raise ConfigError(
            f"{checkpoint} holds no aggregate posterior; fit one with "
            f"python -m vae evaluate {checkpoint} --save"
        )
    condition = _label(loaded, label)
    pictures = sample_quality.draw(loaded.model, n, prior=mixture, label=condition, seed=seed)
    sheet = grid.image_grid(pictures, scale=scale)
    write(out, grid.encode_png(sheet.permute(1, 2, 0).numpy()))
    click.echo(f"{n} images from the {prior} prior, seed {seed}: {out}")


def _label(loaded: Checkpoint, label: str | None) -> int | None:
    """The number of a class that is given by its name or number."""
    if label is None:
        return None
    if not loaded.model.classes:
        raise ConfigError(
            f"--label is {label!r}, but {loaded.name} is not a conditional model; use a cvae"
        )
    names = data_for(loaded).class_names
    if label.isdecimal() and int(label) < len(names):
        return int(label)
    one_of("--label", label, names)
    return names.index(label)


@main.command()
@checkpoint_argument
@click.option("--start", required=True, metavar="Z1,Z2", help="code of the first frame")
@click.option("--end", required=True, metavar="Z1,Z2", help="code of the last frame")
@click.option("--steps", default=16, type=click.IntRange(2, 600), help="how many frames")
@click.option("--out", required=True, type=click.Path(path_type=Path), help=_OUT_HELP)
@click.option("--geodesic", is_flag=True, help="the path on which the image changes least")
@click.option(
    "--uniform-change", is_flag=True, help="uniform pixel change, not uniform spacing in z"
)
@click.option("--size", default=224, type=click.IntRange(28, 448), help="pixels per image side")
@click.option("--enlarge", default="refined", type=click.Choice(METHODS), help=_METHODS_HELP)
@click.option("--fps", default=12.0, type=click.FloatRange(0.5, 60), help="frames per second")
@click.option("--order", default="loop", type=click.Choice(["once", "loop", "ping-pong"]))
@_label_option
@click.option(
    "--seed", default=0, type=click.IntRange(0), help="noise seed of a hierarchical model"
)
def interpolate(
    checkpoint: Path,
    start: str,
    end: str,
    steps: int,
    out: Path,
    geodesic: bool,
    uniform_change: bool,
    size: int,
    enlarge: str,
    fps: float,
    order: str,
    label: str | None,
    seed: int,
) -> None:
    """Interpolate between two codes of CHECKPOINT and write the animation."""
    import numpy as np

    from .. import latent
    from ..latent import geodesics, paths
    from ..pictures.path_export import EXTENSIONS, ExportOptions, export_path

    formats = {suffix: name for name, suffix in EXTENSIONS.items()}
    suffix = format_of(out, formats)
    loaded = load(checkpoint)
    model = loaded.model
    if seed and not model.noise_size:
        raise ConfigError(f"--seed is {seed}, but {loaded.name} has no noise seed; use an hvae")
    condition = _label(loaded, label)
    ends = np.array([_code(n, v, model.latent) for n, v in (("--start", start), ("--end", end))])
    decode = geodesics.pixel_means(model, label=condition, seed=seed)
    path = ends
    if geodesic:
        if model.latent != 2:
            raise ConfigError(
                f"--geodesic needs a model with two latents; {loaded.name} has {model.latent}"
            )
        codes = latent.split_codes(loaded, data_for(loaded).test).mean
        penalty = geodesics.density_penalty(codes)
        field = geodesics.Metric(decode, latent.bounds(codes), penalty=penalty)
        path = paths.geodesic_path(ends, field)
    spacing = "change" if uniform_change else "steps"
    codes = paths.place_frames(path, steps, spacing=spacing, decode=decode).round(4) + 0.0
    frames = [paths.Frame(tuple(z), condition, seed) for z in codes.tolist()]
    kind = "geodesic" if geodesic else "straight"
    origin = paths.PathOrigin(loaded.name, loaded.digest, kind, spacing)
    options = ExportOptions(formats[suffix], size, enlarge, fps, order)
    write(out, export_path(model, frames, options, origin))
    lengths = f"straight {geodesics.pixel_length(decode, ends):.1f}"
    if geodesic:
        lengths += f", geodesic {geodesics.pixel_length(decode, path):.1f}"
    click.echo(f"{steps} frames, path length in pixel space: {lengths}: {out}")


def _code(option: str, text: str, latent: int) -> list[float]:
    """A code from its text. Raises `ConfigError`."""
    try:
        z = [float(v) for v in text.split(",")]
    except ValueError:
        z = []
    if len(z) != latent or not all(abs(v) <= 1000 for v in z):
        raise ConfigError(
            f"{option} is {text!r}; expected {latent} numbers between -1000 and 1000, "
            "separated by commas"
        )
    return z


@main.command()
@checkpoint_argument
@click.option(
    "--onnx",
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="NAME or NAME.onnx; writes NAME-encoder.onnx and NAME-decoder.onnx",
)
@click.option("--html", type=click.Path(path_type=Path), help=".html to write: the map as a page")
@click.option("--items", default=10_000, type=click.IntRange(1, 1_000_000), help="of the page")
@click.option("--title", default="", help="of the page; by default the model's name")
@click.option("--at", metavar="Z1,Z2", help="position that the page opens at")
@click.option("--view", metavar="Z1,Z2,SPAN", help="centre and shorter side of its view")
@click.option("--lesson", "lessons", multiple=True, help="step of Learn below it; repeatable")
@click.option("--controls/--no-controls", default=True, help="without: a fixed view, to embed")
def export(checkpoint: Path, onnx: Path | None, html: Path | None, **page_options) -> None:
    """Write CHECKPOINT for other programs: as ONNX, or its map as one HTML file.

    The page works from a disk, without a network: it decodes in the browser, with up to ITEMS of
    the images that the model is shown with, as small pictures.

    ONNX: the encoder and the decoder, compared with torch.

    \b
    encoder: images [N, C, H, W] in [0, 1] -> mean and std [N, D]
             (cvae: and label_one_hot [N, K]; ae, avb: mean only)
    decoder: z [N, D] -> image [N, C, H, W], pixel means in [0, 1]
             (cvae, hvae: and extra [N, E], a label or noise)

    A label of zeros means "unknown"; noise of zeros gives the means of the levels. The encoder is
    the amortised one, without the Newton steps of a model that was trained with --refine.
    Needs the packages onnx, onnxruntime and onnxscript.
    """
    if onnx is None and html is None:
        raise ConfigError("nothing to write; expected --html FILE or --onnx NAME")
    loaded = load(checkpoint)
    if html is not None:
        _write_page(loaded, html, **page_options)
    if onnx is not None:
        _write_onnx(loaded, onnx)


def _write_page(
    loaded: Checkpoint,
    out: Path,
    *,
    items: int,
    title: str,
    at: str | None,
    view: str | None,
    lessons: tuple[str, ...],
    controls: bool,
) -> None:
    from ..explorer.page import Look, page

    format_of(out, ["html"], option="--html")
    opening = {}
    if at is not None:
        opening["z"] = _code("--at", at, loaded.config.model.latent)
    if view is not None:
        opening["view"] = _code("--view", view, 3)
    if opening.get("view", [1])[-1] <= 0:
        raise ConfigError(f"--view is {view!r}; expected a side above 0 as its third number")
    data = data_for(loaded)
    with progress_bar("step", "Making the page") as progress:
        made = page(
            loaded,
            data,
            look=Look(title, controls, opening, lessons),
            most=items,
            progress=progress,
        )
    write(out, made, option="--html")
    click.echo(f"{out}: {len(made):,} bytes")


def _write_onnx(loaded: Checkpoint, onnx: Path) -> None:
    from ..export.onnx import write as write_onnx

    for file in write_onnx(loaded, onnx):
        click.echo(
            f"{file.path}: {file.path.stat().st_size:,} bytes, "
            f"differs from torch by at most {file.difference:.1e}"
        )
    if loaded.config.model.refine:
        click.echo(f"The encoder leaves out the {loaded.config.model.refine} Newton steps.")
