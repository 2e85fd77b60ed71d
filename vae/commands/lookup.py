"""`lookup`: similarity search, one record per image."""

from pathlib import Path

import click
import numpy as np

from ..checkpoint.folder import Checkpoint
from ..data.dataset import Dataset
from ..data.load import NAMED, bundled_equivalent, preparation_of
from . import data_for, load, main, on_device
from .image_arguments import Paths, image_arguments, image_files, print_records, read_images

_REFERENCE_IMAGES = 1000  # test images that anomaly scores are compared with


@main.command("lookup")
@image_arguments
@on_device
@click.option("--neighbours", default=8, type=click.IntRange(1, 100), help="nearest items")
def look_up(
    checkpoint: Path, images: Paths, data: str | None, neighbours: int, as_is: bool, as_json: bool
) -> None:
    """Find the class of IMAGES, files or folders, and the nearest test images.

    A record holds the code z, the class with its calibrated confidence, the nearest test images by
    code and by pixels, and `unusual`, the fraction of test images with a lower anomaly score. A
    test image is not its own neighbour. Images are prepared as those that the model was trained
    on; for a model of items on black, the item is found, centred and made bright. A file that
    cannot be read gets a record with its error.
    """
    files = image_files(images)
    loaded = load(checkpoint)
    named = bundled_equivalent(data or loaded.config.train.data)
    dataset = data_for(loaded, named if data or named in NAMED else None)
    records, readable, pixels = read_images(files, preparation_of(loaded.config), as_is=as_is)
    if readable:
        _complete(readable, pixels, loaded, dataset, neighbours)
    print_records(records, _line, as_json=as_json)


def _line(record: dict) -> str:
    z = ",".join(f"{v:.4f}" for v in record["z"])
    unusual = record["unusual"]
    anomaly = "" if unusual is None else f"  more anomalous than {100 * unusual:3.0f} %"
    confidence = 100 * record["confidence"]
    return f"{record['class']:14}  {confidence:3.0f} %{anomaly}  z {z}  {record['path']}"


def _complete(
    records: list[dict], images: np.ndarray, loaded: Checkpoint, dataset: Dataset, neighbours: int
) -> None:
    """Completes the records of images uint8 [N, C, H, W]."""
    from .. import anomaly, latent
    from ..analysis import retrieval
    from ..analysis.pixel_neighbours import Neighbours
    from ..anomaly import thresholds
    from ..checkpoint.artifacts import load_aggregate
    from ..data.dataset import evenly_spaced

    test, class_names = dataset.test, dataset.class_names
    known_codes = latent.split_codes(loaded, test).mean
    index = retrieval.Index(known_codes, test.images, test.labels, len(class_names))
    codes = latent.encode_images(loaded.model, images).mean
    match = index.match(codes, images, max(neighbours, retrieval.VOTERS))
    votes = [index.vote_shares(found.first(retrieval.VOTERS)) for found in match[1:]]
    confidence = retrieval.fit_confidence(index, loaded.model, dataset.train)
    probabilities = confidence.probabilities(votes)
    scorer = anomaly.Scorer(loaded.model, load_aggregate(loaded))
    reference = test.images[evenly_spaced(len(index), _REFERENCE_IMAGES)]
    ranks = [None] * len(images)
    if len(reference) >= thresholds.MIN_IMAGES:
        normal, scores = (anomaly.score_images(scorer, part) for part in (reference, images))
        ranks = thresholds.percentile_rank(normal, scores).tolist()

    def items(found: Neighbours, row: int) -> list[dict]:
        pairs = zip(found.item[row].tolist(), found.distance[row].tolist(), strict=True)
        return [
            {"item": i, "class": class_names[test.labels[i]], "distance": round(distance, 6)}
            for i, distance in pairs
        ]

    for row, record in enumerate(records):
        label, identical = int(probabilities[row].argmax()), int(match.identical[row])
        record |= {
            "z": codes[row].astype(float).round(4).tolist(),
            "class": class_names[label],
            "confidence": round(float(probabilities[row, label]), 4),
            "unusual": ranks[row],
            "test_image": identical if identical >= 0 else None,
            "nearest_by_code": items(match.by_code.first(neighbours), row),
            "nearest_by_pixels": items(match.by_pixels.first(neighbours), row),
        }
