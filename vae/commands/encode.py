"""`encode`: the codes of all images of a data set, by one process or by many."""

from __future__ import annotations

import io
from pathlib import Path

import click

from ..validation import ConfigError
from . import dataset_or_starter, main

_AT_ONCE = 1000


@main.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("data")
@click.option("--out", required=True, type=click.Path(path_type=Path), help=".npz to write")
@click.option("--stream", "streamed", is_flag=True, help="read images from disk, not from memory")
def encode(checkpoint: Path, data: str, out: Path, streamed: bool) -> None:
    """Encode all images of DATA, a name or a path, with CHECKPOINT.

    The file holds `mean` and `std` [N, D] (no `std` where q has no density), `label` [N], and
    `split` [N], 0 for training images and 1 for held-out ones. Under torchrun each process encodes
    its part and the first one writes the whole.
    """
    import numpy as np

    from .. import checkpoint as checkpoints
    from .. import latent
    from ..pictures import grid
    from ..training import distributed

    if out.suffix != ".npz":
        raise ConfigError(f"--out is {str(out)!r}; expected a name that ends in .npz")
    group = click.get_current_context().with_resource(distributed.process_group())
    loaded = checkpoints.load(checkpoint)
    dataset = dataset_or_starter(data, loaded.model.image_shape[1], streamed=streamed)
    if dataset.train.images.shape[1:] != loaded.model.image_shape:
        raise ConfigError(
            f"the images of {data} are {dataset.train.images.shape[1:]}; {loaded.name} expects "
            f"{loaded.model.image_shape}"
        )
    parts = []
    for number, split in enumerate((dataset.train, dataset.test)):
        shard = group.shard(len(split.labels))
        codes = latent.encode_images(
            loaded.model, split.images[shard.rows], split.labels[shard.rows], batch_size=_AT_ONCE
        )
        arrays = {"mean": codes.mean, "label": split.labels[shard.rows]}
        arrays |= {} if codes.std is None else {"std": codes.std}
        parts.append(arrays | {"split": np.full(shard.count, number, np.uint8)})
    gathered = group.gather(parts)
    if gathered is None:  # the first process writes for all
        return
    ordered = [shard[number] for number in (0, 1) for shard in gathered]
    whole = {name: np.concatenate([part[name] for part in ordered]) for name in ordered[0]}
    target = io.BytesIO()
    np.savez(target, **whole)
    try:
        grid.save(target.getvalue(), out)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written ({error}); choose another --out") from error
    click.echo(f"{len(whole['mean']):,} codes of {data}: {out}")
