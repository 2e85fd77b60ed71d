"""`relink`: where the data of a model is now, after it was moved."""

import os
from pathlib import Path

import click

from ..checkpoint import folder
from ..checkpoint.artifacts import save_data_path
from ..data import kept_images
from ..data.load import NAMED, preparation_of
from ..preparation.choices import Choices
from ..validation import ConfigError
from . import checkpoint_argument, load_data, main


@main.command()
@checkpoint_argument
@click.argument("data", metavar="PATH")
@click.option("--stream", "streamed", is_flag=True, help="read images from disk, not from memory")
def relink(checkpoint: Path, data: str, streamed: bool) -> None:
    """Point CHECKPOINT to its data at PATH, where that was moved or the model came alone.

    The data is read by the preparation that is recorded with the model and compared with what it
    was trained on; only the same images, labels and order are accepted.
    """
    entry = folder.entry_of(checkpoint)
    if entry.error:
        raise folder.CheckpointError(entry.error)
    train, recorded = entry.config.train, entry.metrics.get("data") or {}
    if train.data in NAMED:
        raise ConfigError(
            f"{entry.name} was trained on {train.data}, which is found by its name; expected a "
            "model of data with a path"
        )
    options = {"preparation": preparation_of(entry.config)}
    options["wanted"] = Choices(held_out=train.held_out)
    path = os.path.abspath(data)
    found = load_data(path, streamed=streamed, **options)
    kept_images.check_same(checkpoint, recorded.get("digest"), found, data)
    save_data_path(checkpoint, path)
    count = len(found.train.labels) + len(found.test.labels)
    click.echo(
        f"{path} holds the {count:,} images of {entry.name}, which are read there from now on."
    )
