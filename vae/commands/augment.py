"""`augment`: labelled images that a model generates, as a data set."""

from pathlib import Path

import click

from . import (
    checkpoint_argument,
    data_for,
    device_option,
    load,
    main,
    output_format,
    progress_bar,
    write_file,
)


@main.command()
@checkpoint_argument
@click.option("--per-class", default=100, type=click.IntRange(1), help="images per class")
@click.option("--spread", default=1.0, help="0 to 3: of a class's codes around their centres")
@click.option("--min-confidence", type=float, help="0 to 1: of the classifier, else resampled")
@click.option("--seed", default=0, type=click.IntRange(0, 2**31 - 1), help="of the samples")
@click.option("--data", help="data set with the classes; by default the training data")
@device_option
@click.option("--out", required=True, type=click.Path(path_type=Path), help=".zip or .npz")
def augment(
    checkpoint: Path,
    per_class: int,
    spread: float,
    min_confidence: float | None,
    seed: int,
    data: str | None,
    out: Path,
) -> None:
    """Generate labelled images with CHECKPOINT: a data set to train a classifier with.

    Codes are sampled from the aggregate posterior of each class. The classifier is the bundled
    one if it knows the classes, else a vote of the real images with the nearest codes. A .zip is
    in torchvision's ImageFolder layout and contains manifest.json, from which every image can be
    decoded again; an .npz contains images and labels. Both can be opened with --data.
    """
    from ..augmentation import dataset_files, synthetic

    format = output_format(out, dataset_files.FORMATS)
    loaded = load(checkpoint)
    dataset = data_for(loaded, data)
    source = synthetic.create_source(loaded, dataset)
    draws = {"spread": spread, "seed": seed, "min_confidence": min_confidence}
    with progress_bar("image") as progress:
        made = synthetic.synthesize(source, per_class, **draws, progress=progress)
    origin = dataset_files.Origin(
        *(loaded.name, loaded.digest, dataset.name, per_class, spread, seed, min_confidence),
        *(source.classifier_name, source.class_names),
    )
    write_file(out, dataset_files.write(made, origin, format))
    if min_confidence:
        counts = zip(source.class_names, made.accepted, made.draws, strict=True)
        for name, accepted, drawn in counts:
            click.echo(f"{name}: {accepted:,} of {drawn:,} draws accepted")
    agreement = 100 * float((made.confidence >= 0.5).mean())
    click.echo(
        f"{len(made.labels):,} images, {per_class:,} per class, seed {seed}; {agreement:.0f} % "
        f"assigned to their class by {source.classifier_name}: {out}"
    )
