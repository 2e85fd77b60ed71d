"""`augment`: labelled images that a model generates, as a data set."""

from pathlib import Path

import click

from . import checkpoint_argument, data_for, format_of, load, main, on_device, progress_bar, write


@main.command()
@checkpoint_argument
@click.option("--per-class", default=100, type=click.IntRange(1), help="images per class")
@click.option("--spread", default=1.0, help="0 to 3: of a class's codes around their centres")
@click.option("--min-confidence", type=float, help="0 to 1: of the classifier, else resampled")
@click.option("--seed", default=0, type=click.IntRange(0, 2**31 - 1), help="of the samples")
@click.option("--data", help="data set with the classes; by default the training data")
@on_device
@click.option("--out", required=True, type=click.Path(path_type=Path), help=".zip or .npz")
def augment(checkpoint: Path, per_class: int, data: str | None, out: Path, **draws) -> None:
    """Generate labelled images with CHECKPOINT: a data set to train a classifier with.

    Codes are sampled from the aggregate posterior of each class. The classifier is the bundled
    one if it knows the classes, else a vote of the real images with the nearest codes. A .zip is
    in torchvision's ImageFolder layout and contains manifest.json, from which every image can be
    decoded again; an .npz contains images and labels. Both can be opened with --data.
    """
    from ..augmentation import dataset_files, synthetic

    format = format_of(out, dataset_files.FORMATS)
    loaded = load(checkpoint)
    dataset = data_for(loaded, data)
    source = synthetic.create_source(loaded, dataset)
    with progress_bar("image") as progress:
        made = synthetic.synthesize(source, per_class, **draws, progress=progress)
    facts = {"classifier": source.classifier_name, "class_names": source.class_names} | draws
    origin = dataset_files.Origin(loaded.name, loaded.digest, dataset.name, per_class, **facts)
    write(out, dataset_files.write(made, origin, format))
    if draws["min_confidence"]:
        counts = zip(source.class_names, made.accepted, made.draws, strict=True)
        for name, accepted, drawn in counts:
            click.echo(f"{name}: {accepted:,} of {drawn:,} draws accepted")
    agreement = 100 * float((made.confidence >= 0.5).mean())
    click.echo(
        f"{len(made.labels):,} images, {per_class:,} per class, seed {draws['seed']}; "
        f"{agreement:.0f} % assigned to their class by {source.classifier_name}: {out}"
    )
