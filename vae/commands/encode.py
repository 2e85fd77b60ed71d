"""`encode`: the codes of all images of a data set, computed by one or several processes."""

import io
from pathlib import Path

import click
import numpy as np

from ..data.dataset import Split
from ..latent.encoding import Codes, encode_images
from ..models.base import Autoencoder
from ..progress import Progress, no_progress
from ..training import distributed
from . import checkpoint_argument, chosen_device, data_for, format_of, load, main, on_device, write


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

    The file holds `mean` and `std` [N, D] (no `std` if q(z|x) has no density), `label` [N], and
    `split` [N], 0 for training and 1 for test images. Under torchrun each process encodes its
    share and the first one writes the file.
    """
    format_of(out, ["npz"])
    group = click.get_current_context().with_resource(distributed.process_group(chosen_device()))
    loaded = load(checkpoint)
    dataset = data_for(loaded, data, streamed=streamed)
    splits = dataset.train, dataset.test
    codes = [shared_codes(group, loaded.model, split) for split in splits]
    if group.rank:  # only the first process writes
        return
    arrays = {
        "mean": np.concatenate([part.mean for part in codes]),
        "label": np.concatenate([split.labels for split in splits]),
        "split": np.repeat(np.arange(2, dtype=np.uint8), [len(split.labels) for split in splits]),
    }
    if codes[0].std is not None:
        arrays["std"] = np.concatenate([part.std for part in codes])
    target = io.BytesIO()
    np.savez(target, **arrays)
    write(out, target.getvalue())
    click.echo(f"{len(arrays['mean']):,} codes of {data}: {out}")
