"""Image files and folders as arguments of a command: how they are read, prepared and reported."""

import json
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click
import numpy as np

from ..config import Preparation
from ..data import uploads
from ..data.uploads import MAX_BYTES
from ..formats.containers import list_folder
from ..formats.pictures import EXPECTED
from ..formats.untrusted import read_regular
from ..layouts.layout import arrange
from ..validation import ConfigError
from . import checkpoint_argument

Paths = tuple[Path, ...]  # files and folders


def image_arguments(function: Callable) -> Callable:
    """Adds the arguments and options that all commands on images share."""
    for add in (
        click.option("--json", "as_json", is_flag=True, help="print an array of records"),
        click.option("--as-is", is_flag=True, help="never find the item, centre or invert it"),
        click.option("--data", help="data set to compare with; by default the training data"),
        click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path)),
        checkpoint_argument,
    ):
        function = add(function)
    return function


def image_files(paths: Paths) -> list[Path]:
    """The files among the paths, and those in the folders among them."""
    files: list[Path] = []
    for path in paths:
        inside = [path]
        if os.path.isdir(path):  # also of names that are too long
            inside = [path / file.path for file in arrange(path.name, list_folder(path))[0]]
        if not inside:
            raise ConfigError(f"{path} holds no image; {EXPECTED}")
        files += inside
    return files


def read_images(
    files: list[Path], how: Preparation, *, as_is: bool
) -> tuple[list[dict], list[dict], np.ndarray]:
    """Images uint8 [N, C, H, W] by the preparation of a model, with records to complete.

    Returns one record per file, with an `error` if it could not be read; the N records without an
    error, in the order of the images; and the images. With `as_is`, no item is sought or inverted.
    """
    entries = [(str(file), partial(read_regular, file, MAX_BYTES)) for file in files]
    batch = uploads.read_files(entries, uploads.plain(how) if as_is else how)
    reasons = [{} if reason is None else {"error": reason} for reason in batch.errors]
    records = [{"path": path} | reason for path, reason in zip(batch.paths, reasons, strict=True)]
    return records, [record for record in records if "error" not in record], batch.images


def print_records(records: list[dict], line: Callable[[dict], str], *, as_json: bool) -> None:
    """Prints the records as JSON, or one `line` per record and the errors on stderr."""
    if as_json:
        click.echo(json.dumps(records))
        return
    for record in records:
        failed = "error" in record
        click.echo(f"{record['path']}: {record['error']}" if failed else line(record), err=failed)
