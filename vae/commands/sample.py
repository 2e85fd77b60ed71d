"""`sample`, `interpolate` and `export`: what to do with a trained model."""

from __future__ import annotations

from pathlib import Path

import click

from ..pictures.upscale import METHODS
from ..validation import ConfigError, one_of
from . import dataset_or_starter, main


@main.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--n", default=64, type=click.IntRange(1, 10_000), help="how many images")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="PNG to write")
@click.option(
    "--prior", default="normal", type=click.Choice(["normal", "aggregate"]), help="of the codes"
)
@click.option("--label", help="class by name or number, of a conditional model")
@click.option("--seed", default=0, help="of the codes")
@click.option("--scale", default=2, type=click.IntRange(1, 16), help="screen pixels a pixel")
def sample(
    checkpoint: Path, n: int, out: Path, prior: str, label: str | None, seed: int, scale: int
) -> None:
    """Decode N codes drawn from the prior of CHECKPOINT into one sheet.

    `--prior normal` is the model's own prior, learned or not; `aggregate` the mixture fitted to
    the codes of the training images.
    """
    from ..checkpoint.artifacts import load_aggregate
    from ..checkpoint.folder import load
    from ..evaluation import sample_quality
    from ..pictures import grid

    if out.suffix.lower() != ".png":
        raise ConfigError(f"--out is {str(out)!r}; expected a name that ends in .png")
    loaded = load(checkpoint)
    mixture = load_aggregate(loaded) if prior == "aggregate" else None
    if prior == "aggregate" and mixture is None:
        raise ConfigError(
            f"{checkpoint} holds no aggregate posterior; fit one by "
            f"python -m vae evaluate {checkpoint} --save"
        )
    wanted = None if label is None else _label(loaded, label)
    pictures = sample_quality.draw(loaded.model, n, prior=mixture, label=wanted, seed=seed)
    try:
        grid.save_png(grid.image_grid(pictures, scale=scale), out)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written ({error}); choose another --out") from error
    click.echo(f"{n} images from the {prior} prior, seed {seed}: {out}")


def _label(loaded, label: str) -> int:
    """The number of a class that was named, or numbered."""
    if not loaded.model.classes:
        raise ConfigError(
            f"--label is {label!r}, but {loaded.name} was never told labels; use a cvae"
        )
    dataset = dataset_or_starter(loaded.config.train.data, loaded.config.model.image_shape[1])
    names = dataset.class_names
    if label.isdecimal() and int(label) < len(names):
        return int(label)
    one_of("--label", label, names)
    return names.index(label)


@main.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--start", required=True, metavar="Z1,Z2", help="code of the first frame")
@click.option("--end", required=True, metavar="Z1,Z2", help="code of the last frame")
@click.option("--steps", default=16, type=click.IntRange(2, 600), help="how many frames")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path),
    help=".gif, .mp4, .webp, .zip of PNG, .png or .pdf sheet, .csv, .json",
)
@click.option("--geodesic", is_flag=True, help="the way on which the picture changes least")
@click.option("--even-change", is_flag=True, help="frames that differ equally, not equal steps")
@click.option("--size", default=224, type=click.IntRange(28, 448), help="pixels of a picture")
@click.option(
    "--enlarge",
    default="refined",
    type=click.Choice(METHODS),
    help="with clean edges, smoothly, or to squares",
)
@click.option("--fps", default=12.0, type=click.FloatRange(0.5, 60), help="frames a second")
@click.option("--order", default="loop", type=click.Choice(["once", "loop", "ping-pong"]))
@click.option("--label", help="class by name or number, of a conditional model")
@click.option("--seed", default=0, type=click.IntRange(0), help="detail of a hierarchical model")
def interpolate(
    checkpoint: Path,
    start: str,
    end: str,
    steps: int,
    out: Path,
    geodesic: bool,
    even_change: bool,
    size: int,
    enlarge: str,
    fps: float,
    order: str,
    label: str | None,
    seed: int,
) -> None:
    """Walk through CHECKPOINT from one code to another and write a film of it."""
    import numpy as np

    from .. import checkpoint as checkpoints
    from .. import latent
    from ..latent import geodesics, paths
    from ..pictures import grid
    from ..pictures.path_export import EXTENSIONS, ExportOptions, export_path

    formats = {f".{suffix}": name for name, suffix in EXTENSIONS.items()}
    suffix = out.suffix.lower()
    if suffix not in formats:
        raise ConfigError(
            f"--out is {str(out)!r}; expected a name that ends in {', '.join(formats)}"
        )
    loaded = checkpoints.load(checkpoint)
    model = loaded.model
    if seed and not model.noise_size:
        raise ConfigError(f"--seed is {seed}, but {loaded.name} has no detail; use an hvae")
    wanted = None if label is None else _label(loaded, label)
    stops = np.array([_code(n, v, model.latent) for n, v in (("--start", start), ("--end", end))])
    decode = geodesics.pixel_means(model, label=wanted, seed=seed)
    path = stops
    if geodesic:
        if model.latent != 2:
            raise ConfigError(
                f"--geodesic needs a model with two latents; {loaded.name} has {model.latent}"
            )
        data = dataset_or_starter(loaded.config.train.data, model.image_shape[1])
        codes = latent.split_codes(loaded, data.test).mean
        penalty = geodesics.density_penalty(codes)
        field = geodesics.Metric(decode, latent.bounds(codes), penalty=penalty)
        path = paths.geodesic_path(stops, field)
    spacing = "change" if even_change else "steps"
    codes = paths.place_frames(path, steps, spacing=spacing, decode=decode).round(4) + 0.0
    frames = [paths.Frame(tuple(z), wanted, seed) for z in codes.tolist()]
    kind = "geodesic" if geodesic else "straight"
    origin = paths.PathOrigin(loaded.name, loaded.digest, kind, spacing)
    options = ExportOptions(formats[suffix], size, enlarge, fps, order)
    try:
        grid.save(export_path(model, frames, options, origin), out)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written ({error}); choose another --out") from error
    lengths = f"straight {geodesics.pixel_length(decode, stops):.1f}"
    if geodesic:
        lengths += f", geodesic {geodesics.pixel_length(decode, path):.1f}"
    click.echo(f"{steps} frames, {lengths} in pixel change: {out}")


def _code(option: str, text: str, latent: int) -> list[float]:
    """A code that was typed, checked."""
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
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option(
    "--onnx",
    metavar="OUT",
    required=True,
    type=click.Path(path_type=Path),
    help="NAME or NAME.onnx; writes NAME-encoder.onnx and NAME-decoder.onnx",
)
def export(checkpoint: Path, onnx: Path) -> None:
    """Write the encoder and the decoder of CHECKPOINT as ONNX, compared with torch.

    \b
    encoder: images [N, C, H, W] in [0, 1] -> mean and std [N, D]
             (cvae: and label_one_hot [N, K]; ae, avb: mean only)
    decoder: z [N, D] -> image [N, C, H, W], pixel means in [0, 1]
             (cvae, hvae: and extra [N, E], a label or the detail's noise)

    Zeros as a label say "unknown", zeros as noise give the levels' means. The encoder is the
    amortised one: the Newton steps that a model with --refine takes are no part of the file.
    Needs the packages onnx, onnxruntime and onnxscript.
    """
    from ..checkpoint.folder import load
    from ..export.onnx import write

    loaded = load(checkpoint)
    for file in write(loaded, onnx):
        click.echo(
            f"{file.path}: {file.path.stat().st_size:,} bytes, "
            f"differs from torch by at most {file.difference:.1e}"
        )
    if loaded.config.model.refine:
        click.echo(f"The encoder leaves out the {loaded.config.model.refine} Newton steps.")
