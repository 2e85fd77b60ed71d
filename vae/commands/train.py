"""`train`: from options to a config and its training."""

import os
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import click
import torch

from .. import training
from ..config import LIKELIHOODS, Config, ModelConfig, TrainConfig, setting
from ..data.dataset import Dataset
from ..data.load import NAMED
from ..models import MODELS
from ..preparation.choices import Choices
from ..training import distributed
from ..validation import ConfigError, one_of
from . import chosen_device, load, load_data, main, on_device, tell, write
from .evaluate import evaluate_model, print_metrics
from .training_session import TrainingSession, stop_requests

_WIDTHS = ("encoder_widths", "decoder_widths", "levels")  # options that are lists of numbers
_MEASURING_SECONDS = 30.0


def _option(name: str, record: type, more: str = ""):
    """The option that sets a field of a config, with the field's default and help."""
    default, help = setting(record, name)[:2]
    flag, option = isinstance(default, bool), f"--{name.replace('_', '-')}"
    return click.option(option, default=default, is_flag=flag, help=help + more)


def _training_options(function: Callable) -> Callable:
    """Adds an option for every field of `TrainConfig` but the data."""
    for field in reversed(fields(TrainConfig)):
        if field.name not in ("data", "unlabelled"):
            function = _option(field.name, TrainConfig)(function)
    return function


@main.command()
@click.option("--data", default="fashion-mnist", help="A name, or a path to images.")
@click.option(
    "--size",
    show_default="64 of garments and emoji, 28 of others",
    help="Pixels of the images: one side, or HEIGHTxWIDTH.",
)
@click.option("--fit", default="auto", help="auto | crop | pad | stretch: to the size.")
@click.option("--colour", default="auto", help="auto | grey | colour")
@click.option(
    "--ground", default="auto", help="Under transparent parts: auto, white, black or #rrggbb."
)
@click.option("--invert", default="no", help="no | yes | auto (pictures on a light ground).")
@click.option("--report", type=click.Path(path_type=Path), help="CSV of the files not used.")
@click.option("--centre", is_flag=True, help="Find the item of each picture, centred on black.")
@click.option("--model", default="vae", help=f"One of {', '.join(MODELS)}.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write.")
@_option("latent", ModelConfig)
@click.option("--beta", type=float, help="Weight of the KL; by default that of the model.")
@_option("likelihood", ModelConfig, f" {' | '.join(LIKELIHOODS)}")
@_option("network", ModelConfig)
@click.option("--encoder-widths", help="Hidden widths, for example 1024,1024.")
@click.option("--decoder-widths", help="Hidden widths, for example 256,512.")
@_option("refine", ModelConfig)
@_option("fourier", ModelConfig)
@_option("fourier_scale", ModelConfig)
@_option("prior", ModelConfig, " normal | flow | label")
@click.option(
    "--levels", help="Sizes of an hvae's lower latents, as 16,32, or of an exemplar's detail."
)
@click.option("--exemplars", type=int, help="Images of an exemplar's table; by default 5,000.")
@_option("bandwidth", ModelConfig)
@_option("detail_beta", ModelConfig)
@_training_options
@click.option(
    "--unlabelled", type=float, help="Fraction of labels hidden from a cvae; by default 0.1."
)
@on_device
@click.option("--threads", default=0, type=click.IntRange(0, 1024), help="Threads; 0: all.")
@click.option("--stream", "streamed", is_flag=True, help="Read images from disk, not from memory.")
@click.option("--resume", is_flag=True, help="Continue a stopped training.")
@click.option("--half/--full", default=True, help="Store float16 or float32 weights.")
@click.option("--record/--no-record", default=True, help="Write files for the Train page.")
@click.option(
    "--evaluate/--no-evaluate",
    default=True,
    help="Measure the trained model for about 30 s; `evaluate` measures everything.",
)
def train(**options) -> None:
    """Train a model and write a checkpoint. Ctrl-C stops the training; --resume continues it."""
    context = click.get_current_context()
    group = context.with_resource(distributed.process_group(chosen_device()))
    if options["threads"]:
        torch.set_num_threads(options["threads"])
    device = training.resolve_device(chosen_device())
    if options["data"] not in NAMED and os.path.exists(options["data"]):
        options["data"] = os.path.abspath(options["data"])  # wherever the model is opened
    images = {"size": options["size"], "wanted": wanted_from(options)}
    dataset = load_data(options["data"], streamed=options["streamed"], **images)
    if not group.rank and options["data"] not in NAMED:
        tell(dataset.report)
        if options["report"]:
            write(options["report"], dataset.report.to_csv().encode())
    config = config_from(options, dataset)
    session = TrainingSession(options, config, dataset, device, group)
    with stop_requests(group) as requests:
        session.run_until_stopped(requests)
    if group.rank:
        return
    session.finish()
    if not session.run.finished:
        click.echo(f"Stopped at step {session.run.step:,}. Continue with --resume.", err=True)
    elif options["evaluate"]:
        if group.size > 1 and not options["threads"]:  # the others have ended
            torch.set_num_threads(os.cpu_count() or 1)
        loaded = load(options["out"])
        print_metrics(evaluate_model(loaded, dataset, save=True, seconds=_MEASURING_SECONDS))
        click.echo(f"All numbers on all images: python -m vae evaluate {options['out']} --save")


def config_from(options: dict, dataset: Dataset) -> Config:
    """The config of a training from its options. Raises `ConfigError`."""
    one_of("the model", options["model"], MODELS)
    if options["latent"] == 1:
        raise ConfigError("--latent is 1; maps of codes have two axes: use --latent 2 or more")
    info = MODELS[options["model"]]
    given = info.preset | {key: v for key, v in options.items() if v not in (None, "")}
    given |= {key: _widths(key, options[key]) for key in _WIDTHS if options[key]}
    given |= {"name": options["model"], "image_shape": dataset.train.images.shape[1:]}
    if "exemplars" in given:
        given["exemplars"] = min(given["exemplars"], len(dataset.train.images))
    given["classes"] = len(dataset.class_names) if info.cls.context == "label" else 0
    if dataset.name.endswith("-starter"):  # the bundled data set, which may have replaced another
        given["data"] = dataset.name
    model, train = (
        {field.name: given[field.name] for field in fields(record) if field.name in given}
        for record in (ModelConfig, TrainConfig)
    )
    return Config(ModelConfig(**model), TrainConfig(**train), dataset.preparation)


def wanted_from(options: dict) -> Choices:
    """The choices about the preparation of pictures among the options of a training."""
    known = {key: options[key] for key in Choices._fields if key in options}
    return Choices(**known).check()


def _widths(key: str, text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        option = f"--{key.replace('_', '-')}"
        raise ConfigError(
            f"{option} is {text!r}; expected whole numbers, for example 256,512"
        ) from None
