"""`adopt`: a model that another project trained, as ONNX files, becomes a checkpoint."""

import shlex
import sys
import warnings
from pathlib import Path

import click

from ..adoption import ends
from ..adoption.adopt import LIKELIHOODS
from ..adoption.adopt import adopt as adopt_pair
from ..preparation.choices import Choices
from ..validation import ConfigError
from . import load, load_data, main, on_device, progress_bar
from .evaluate import evaluate_model, print_metrics

_MEASURING_SECONDS = 30.0


def _numbers(kind: type, name: str, text: str | None) -> tuple:
    """The numbers of an option, separated by commas; () without it."""
    try:
        return tuple(kind(part) for part in text.split(",")) if text else ()
    except ValueError:
        example = "3,64,64" if kind is int else "0.1307"
        raise ConfigError(f"{name} is {text!r}; expected numbers, for example {example}") from None


@main.command()
@click.option("--encoder", required=True, help="ONNX file: images to mean, or mean and spread.")
@click.option("--decoder", required=True, help="ONNX file: codes to logits or pixels.")
@click.option("--data", default="fashion-mnist", help="A name, or a path to images.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@click.option("--image-shape", help="C,H,W, where the encoder's input does not tell.")
@click.option("--latent", type=int, help="Latents; needed for mean and spread in one output.")
@click.option("--outputs", help="Names of the encoder's mean and spread, as mu,logvar.")
@click.option(
    "--second",
    show_default="by its name and sign",
    help=f"What the spread is: {' | '.join(ends.SECONDS)}.",
)
@click.option(
    "--input-range",
    default="unit",
    help="Of the encoder's pixels: unit [0, 1] | signed [-1, 1] | normalised.",
)
@click.option("--mean", help="Of normalised pixels: one number, or one per channel.")
@click.option("--std", help="Of normalised pixels.")
@click.option(
    "--pixels",
    show_default="by its last activation, else what reconstructs best",
    help=f"What the decoder gives: {' | '.join(ends.PIXELS)}.",
)
@click.option(
    "--classes",
    type=int,
    default=0,
    help="Of a conditional model: its decoder, and perhaps its encoder, takes a label as well.",
)
@click.option(
    "--noise", type=int, default=0, help="Values of normal noise that the decoder takes as well."
)
@click.option("--likelihood", default="bernoulli", help=" | ".join(LIKELIHOODS))
@click.option("--sort-latents", is_flag=True, help="The most informative latents first.")
@click.option("--fit", default="auto", help="auto | crop | pad | stretch: pictures to the size.")
@click.option("--ground", default="auto", help="Under transparent parts: #rrggbb.")
@click.option("--invert", default="no", help="no | yes | auto (pictures on a light ground).")
@on_device
@click.option(
    "--evaluate/--no-evaluate", default=True, help="Measure the model for about 30 s afterwards."
)
def adopt(**options) -> None:
    """Make a checkpoint of a model that was trained elsewhere, from two ONNX files.

    A pair of PyTorch networks is adopted from Python, by vae.adopt.
    """
    out, measured = options["out"], options.pop("evaluate")
    wanted = Choices(**{key: options.pop(key) for key in ("fit", "ground", "invert")}).check()
    shape = _numbers(int, "--image-shape", options.pop("image_shape"))
    options |= {key: _numbers(float, f"--{key}", options[key]) for key in ("mean", "std")}
    outputs = tuple(filter(None, (options.pop("outputs") or "").split(",")))
    command = shlex.join(["python", "-m", "vae", *sys.argv[1:]])
    with progress_bar("step", "Adopting") as progress, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is printed below
        facts = adopt_pair(
            **options, outputs=outputs, image_shape=shape or None, wanted=wanted,
            command=command, progress=progress,
        ).metrics["adopted"]  # fmt: skip
    for note in facts["notes"]:
        click.echo(note)
    click.echo(
        f"MSE per pixel {facts['mse']:.5f} on {facts['checked_images']} images, of the mean image "
        f"{facts['mse_of_mean_image']:.5f}"
    )
    if facts["warning"]:
        click.echo(f"Warning: {facts['warning']}.", err=True)
    if measured:
        loaded = load(out)
        dataset = load_data(loaded.config.train.data, preparation=loaded.config.preparation)
        print_metrics(evaluate_model(loaded, dataset, save=True, seconds=_MEASURING_SECONDS))
