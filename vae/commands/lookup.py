"""`lookup`: where images belong, one record an image."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..validation import ConfigError
from . import main
from .image_arguments import picture_files, read_files, records_of

_NORMAL = 1000  # test images that say what is usual


@main.command("lookup")
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--data", help="where to look; by default what the model was trained on")
@click.option("--near", default=8, type=click.IntRange(1, 100), help="how many nearest items")
@click.option("--as-is", is_flag=True, help="never invert or centre, only resize")
@click.option("--json", "as_json", is_flag=True, help="print an array of records")
def look_up(
    checkpoint: Path,
    images: tuple[Path, ...],
    data: str | None,
    near: int,
    as_is: bool,
    as_json: bool,
) -> None:
    """Find the class of IMAGES, files or folders, and the test images nearest to them.

    A record holds the code z, the class with its confidence, the nearest test images by code and
    by pixels, and the share of test images that are less unusual. A test image that is given
    itself is left out of its own neighbours. A picture of another size than the model's is
    prepared: inverted where its ground is light, cut to its item, resized. A file that cannot be
    read gets a record with its error; the others are answered.
    """
    from .. import checkpoint as checkpoints
    from .. import data as sets
    from .. import latent
    from ..analysis import retrieval

    files = picture_files(images)
    loaded = checkpoints.load(checkpoint)
    shape = loaded.model.image_shape
    known = sets.load_dataset(
        sets.bundled_equivalent(data or loaded.config.train.data), size=shape[1]
    )
    if known.test.images.shape[1:] != shape:
        raise ConfigError(
            f"{known.name} has images of {known.test.images.shape[1:]}, the model expects {shape}"
        )
    read = read_files(files, shape, as_is=as_is)
    records, answered = records_of(read)
    if answered:
        codes = latent.split_codes(loaded, known.test).mean
        index = retrieval.Index(
            codes, known.test.images, known.test.labels, len(known.class_names)
        )
        _answer(loaded, known, index, read.images, answered, near)
    if as_json:
        click.echo(json.dumps(records))
        return
    for record in records:
        if "error" in record:
            click.echo(f"{record['path']}: {record['error']}", err=True)
            continue
        z = ",".join(f"{v:.4f}" for v in record["z"])
        unusual = record["unusual"]
        told = "" if unusual is None else f"  unusual {100 * unusual:3.0f} %"
        sure = 100 * record["confidence"]
        click.echo(f"{record['class']:14}  {sure:3.0f} %{told}  z {z}  {record['path']}")


def _answer(loaded, known, index, images, records: list[dict], near: int) -> None:
    """Completes the records of images uint8 [N, C, H, W]."""
    from .. import anomaly, latent
    from ..analysis import retrieval
    from ..analysis.pixel_neighbours import Neighbours
    from ..anomaly import thresholds
    from ..checkpoint.artifacts import load_aggregate
    from ..data.subsample import evenly_spaced

    codes = latent.encode_images(loaded.model, images).mean
    match = index.match(codes, images, max(near, retrieval.VOTERS))
    votes = [index.vote_shares(found.first(retrieval.VOTERS)) for found in match[1:]]
    confidence = retrieval.fit_confidence(index, loaded.model, known.train)
    probabilities = confidence.probabilities(votes)
    scorer = anomaly.Scorer(loaded.model, load_aggregate(loaded))
    few = known.test.images[evenly_spaced(len(index), _NORMAL)]
    unusual = [None] * len(images)
    if len(few) >= thresholds.MIN_IMAGES:
        usual = anomaly.score_images(scorer, few)
        unusual = thresholds.percentile_rank(usual, anomaly.score_images(scorer, images)).tolist()

    def items(of: Neighbours, row: int) -> list[dict]:
        return [
            {
                "item": int(i),
                "class": known.class_names[known.test.labels[i]],
                "distance": round(float(d), 6),
            }
            for i, d in zip(of.item[row], of.distance[row], strict=True)
        ]

    for row, record in enumerate(records):
        first = int(probabilities[row].argmax())
        record |= {
            "z": codes[row].astype(float).round(4).tolist(),
            "class": known.class_names[first],
            "confidence": round(float(probabilities[row, first]), 4),
            "unusual": unusual[row],
            "test_image": int(match.identical[row]) if match.identical[row] >= 0 else None,
            "nearest_by_code": items(match.by_code.first(near), row),
            "nearest_by_pixels": items(match.by_pixels.first(near), row),
        }
