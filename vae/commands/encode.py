"""`encode`: the codes of all images of a data set, computed by one or several processes."""

from pathlib import Path

import click
import numpy as np

from ..data.dataset import Split
from ..data.load import NAMED
from ..files import npz
from ..latent.encoding import Codes, encode_images
from ..models.base import Autoencoder
from ..progress import Progress, no_progress
from ..training import distributed
from . import (
    checkpoint_argument,
    chosen_device,
    data_for,
    format_of,
    load,
    main,
    on_device,
    tell,
    write,
)


def shared_codes(
    group: distributed.Group, model: Autoencoder, split: Split, *, progress: Progress = no_progress
) -> Codes | None:
    """The codes of a split given its labels, each process encoding its share; None on all
    processes but the first."""
    rows = group.shard(len(split.labels)).rows
    part = encode_images(model, split.images[rows], split.labels[rows], progress=progress)
    parts = group.gather(part)
    return None if parts is None else Codes.join(parts)


@main.command()
@checkpoint_argument
@click.argument("data")
@click.option("--out", required=True, type=click.Path(path_type=Path), help=".npz to write")
@on_device
@click.option("--stream", "streamed", is_flag=True, help="read images from disk, not from memory")
def encode(checkpoint: Path, data: str, out: Path, streamed: bool) -> None:
    """Encode all images of DATA, a name or a path, with CHECKPOINT.

    The file holds `mean` and `std` [N, D] (no `std` if q(z|x) has no density), `label` [N],
    `class_names`, `split` [N], 0 for training and 1 for test images, and of picture files the
    `path` [N] and further columns. Under torchrun each process encodes its
    share and the first one writes the file.
    """
    format_of(out, ["npz"])
    group = click.get_current_context().with_resource(distributed.process_group(chosen_device()))
    loaded = load(checkpoint)
    dataset = data_for(loaded, data, streamed=streamed)
    if data not in NAMED:
        tell(dataset.report)
    splits = dataset.train, dataset.test
    codes = [shared_codes(group, loaded.model, split) for split in splits]
    if group.rank:  # only the first process writes
        return
    arrays = {
        "mean": np.concatenate([part.mean for part in codes]),
        "label": np.concatenate([split.labels for split in splits]),
        "split": np.repeat(np.arange(2, dtype=np.uint8), [len(split.labels) for split in splits]),
    }
    arrays["class_names"] = np.array(dataset.class_names)
    known = dataset.train_metadata, dataset.test_metadata
    if known[0].paths:
        arrays["path"] = np.array([*known[0].paths, *known[1].paths])
    for column in known[0].columns.keys() - arrays.keys():
        arrays[column] = np.concatenate([part.columns[column] for part in known])
    if codes[0].std is not None:
        arrays["std"] = np.concatenate([part.std for part in codes])
    write(out, npz.to_npz(arrays))
    click.echo(f"{len(arrays['mean']):,} codes of {data}: {out}")
