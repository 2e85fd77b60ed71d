"""`encode`: the codes of all images of a data set, computed by one or several processes."""

import io
from pathlib import Path

import click

from . import (
    checkpoint_argument,
    chosen_device,
    data_for,
    device_option,
    load,
    main,
    output_format,
    write_file,
)

_BATCH_SIZE = 1000


@main.command()
@checkpoint_argument
@click.argument("data")
@click.option("--out", required=True, type=click.Path(path_type=Path), help=".npz to write")
@device_option
@click.option("--stream", "streamed", is_flag=True, help="read images from disk, not from memory")
def encode(checkpoint: Path, data: str, out: Path, streamed: bool) -> None:
    """Encode all images of DATA, a name or a path, with CHECKPOINT.

    The file holds `mean` and `std` [N, D] (no `std` if q(z|x) has no density), `label` [N], and
    `split` [N], 0 for training and 1 for test images. Under torchrun each process encodes its
    share and the first one writes the file.
    """
    import numpy as np

    from .. import latent
    from ..training import distributed

    output_format(out, ["npz"])
    group = click.get_current_context().with_resource(distributed.process_group(chosen_device()))
    loaded = load(checkpoint)
    dataset = data_for(loaded, data, streamed=streamed)
    parts = []
    for number, split in enumerate((dataset.train, dataset.test)):
        shard = group.shard(len(split.labels))
        labels = split.labels[shard.rows]
        codes = latent.encode_images(
            loaded.model, split.images[shard.rows], labels, batch_size=_BATCH_SIZE
        )
        arrays = {"mean": codes.mean, "label": labels}
        arrays |= {} if codes.std is None else {"std": codes.std}
        parts.append(arrays | {"split": np.full(shard.count, number, np.uint8)})
    gathered = group.gather(parts)
    if gathered is None:  # only the first process writes
        return
    ordered = [parts[number] for number in (0, 1) for parts in gathered]
    arrays = {name: np.concatenate([part[name] for part in ordered]) for name in ordered[0]}
    target = io.BytesIO()
    np.savez(target, **arrays)
    write_file(out, target.getvalue())
    click.echo(f"{len(arrays['mean']):,} codes of {data}: {out}")
