"""`augment`: labelled images that a model makes, as a data set."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ..validation import ConfigError
from . import dataset_or_starter, main


@main.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.option("--per-class", default=100, type=click.IntRange(1), help="images of every class")
@click.option("--spread", default=1.0, help="0 to 3: of a class's codes around their centres")
@click.option("--least-confidence", type=float, help="0 to 1: of the judge, else drawn again")
@click.option("--seed", default=0, type=click.IntRange(0, 2**31 - 1), help="of the draws")
@click.option("--data", help="whose classes; by default the data it was trained on")
@click.option("--out", required=True, type=click.Path(path_type=Path), help=".zip or .npz")
def augment(
    checkpoint: Path,
    per_class: int,
    spread: float,
    least_confidence: float | None,
    seed: int,
    data: str | None,
    out: Path,
) -> None:
    """Make labelled images with CHECKPOINT: a data set to train a classifier with.

    Codes are drawn from where each class of the training images lies. The judge is the bundled
    classifier where it knows such images, else the real images whose codes lie nearest. A .zip is
    in torchvision's ImageFolder layout and holds manifest.json, from which every image decodes
    again; an .npz holds images and labels. Both open as --data here.
    """
    from tqdm import tqdm

    from ..augmentation import dataset_files
    from ..augmentation import synthetic as engine
    from ..checkpoint.folder import load
    from ..pictures import grid

    format = out.suffix.lower().removeprefix(".")
    if format not in dataset_files.FORMATS:
        raise ConfigError(f"--out is {str(out)!r}; expected a name that ends in .zip or .npz")
    loaded = load(checkpoint)
    dataset = dataset_or_starter(data or loaded.config.train.data, loaded.model.image_shape[1])
    source = engine.create_source(loaded, dataset)
    with tqdm(total=0, unit="image", disable=not sys.stderr.isatty()) as bar:

        def progress(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        made = engine.synthesize(
            source,
            per_class,
            spread=spread,
            seed=seed,
            min_confidence=least_confidence,
            progress=progress,
        )
    origin = dataset_files.Origin(
        loaded.name,
        loaded.digest,
        dataset.name,
        per_class,
        spread,
        seed,
        least_confidence,
        source.classifier_name,
        source.class_names,
    )
    try:
        grid.save(dataset_files.write(made, origin, format), out)
    except OSError as error:
        raise ConfigError(f"{out} cannot be written ({error}); choose another --out") from error
    if least_confidence:
        for name, accepted, draws in zip(
            source.class_names, made.accepted, made.draws, strict=True
        ):
            click.echo(f"{name}: {accepted:,} of {draws:,} draws accepted")
    sure = 100 * float((made.confidence >= 0.5).mean())
    click.echo(
        f"{len(made.labels):,} images, {per_class:,} per class, seed {seed}; "
        f"{source.classifier_name} assigns {sure:.0f} % of them to their class: {out}"
    )
