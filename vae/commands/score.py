"""`score`: anomaly scores of images, one record per image."""

import functools
from collections.abc import Callable
from pathlib import Path

import click
import numpy as np
from msgspec.structs import replace

from ..checkpoint.folder import Checkpoint
from ..data.dataset import Dataset, Split
from ..data.load import preparation_of
from ..validation import ConfigError, one_of
from . import data_for, load, main, on_device
from .image_arguments import Paths, image_arguments, image_files, print_records, read_images

_CALIBRATION_IMAGES = 2000  # test images that the threshold is computed from
_SUMMARY_IMAGES = 5000  # training images that summary statistics are fitted to


@main.command()
@image_arguments
@on_device
@click.option("--score", "name", default="structure", help="which score; see below")
@click.option("--target-fpr", type=float, help="fraction of normal images flagged as anomalous")
@click.option("--threshold", type=float, help="scores above it are anomalous")
@click.option("--save", is_flag=True, help="save the threshold to the checkpoint")
@click.option("--thresholds", "folder", type=click.Path(path_type=Path), help="its FOLDER, where "
              "the Anomalies page saved one; by default CHECKPOINT", metavar="FOLDER")  # fmt: skip
def score(
    checkpoint: Path,
    images: Paths,
    name: str,
    target_fpr: float | None,
    threshold: float | None,
    data: str | None,
    as_is: bool,
    save: bool,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Compute how anomalous IMAGES, files or folders, are for CHECKPOINT.

    The threshold is the one saved to the checkpoint, otherwise the one that flags 5 % of the test
    images; there is none where these are fewer than 20. Images are prepared as those that the
    model was trained on; for a model of items on black, the item is found, centred and made
    bright. A file that cannot be read gets a record with its error.

    Scores: structure, squared, deviance, reconstruction, neg_elbo, exact, place, summary, regret,
    complexity. Each model supports some of them.
    """
    from .. import anomaly
    from ..anomaly.summary_statistics import fit_summary
    from ..checkpoint.artifacts import load_aggregate, load_thresholds, save_threshold

    one_of("--score", name, anomaly.SCORES)
    if target_fpr is not None and not 0 < target_fpr < 1:
        raise ConfigError(f"--target-fpr is {target_fpr:g}; expected a share such as 0.05")
    if threshold is not None and (save or target_fpr is not None):
        raise ConfigError("--threshold excludes --target-fpr and --save; leave them away")
    if folder is not None and (data or threshold is not None):
        raise ConfigError("--thresholds excludes --threshold and --data; leave them away")
    files = image_files(images)
    loaded = load(checkpoint)
    dataset = functools.cache(functools.partial(data_for, loaded, data))  # read when needed
    summary = None
    if name == "summary":
        summary = fit_summary(loaded.model, *_sample(loaded, dataset().train, _SUMMARY_IMAGES))
    scorer = anomaly.Scorer(loaded.model, load_aggregate(loaded), summary)
    if name not in anomaly.available_scores(scorer):
        supported = ", ".join({*anomaly.available_scores(scorer), "summary"})
        raise ConfigError(f"{loaded.name} has no score {name}; it supports {supported}")
    if threshold is None:
        saved = {} if data else load_thresholds(folder or loaded.path, loaded.digest)
        if folder is not None and name not in saved:
            raise ConfigError(f"{folder} has no threshold of the score {name} for {loaded.name}")
        asked = save or target_fpr is not None
        calibration = _calibrated(loaded, dataset, scorer, name, saved.get(name), asked=asked)
        if target_fpr is not None:
            calibration = replace(calibration, target_fpr=target_fpr, manual_threshold=None)
        if save:
            save_threshold(loaded.path, calibration.to_json())
        threshold = calibration and calibration.threshold
    records, readable, pixels = read_images(files, preparation_of(loaded.config), as_is=as_is)
    values = anomaly.score_images(scorer, pixels, name).tolist()
    for record, value in zip(readable, values, strict=True):
        anomalous = None if threshold is None else value > threshold
        record |= {"score": value, "threshold": threshold, "anomalous": anomalous}
    print_records(records, _line, as_json=as_json)
    if not as_json and threshold is not None:
        click.echo(f"threshold {threshold:.4f} of the score {name}", err=True)


def _line(record: dict) -> str:
    word = {True: "anomalous", False: "normal", None: "scored"}[record["anomalous"]]
    return f"{word:9}  {record['score']:10.4f}  {record['path']}"


def _sample(loaded: Checkpoint, part: Split, limit: int) -> tuple[np.ndarray, tuple | None]:
    """At most `limit` images of a split, evenly spaced, and their codes if they are saved."""
    from ..checkpoint.artifacts import load_codes
    from ..data.dataset import evenly_spaced

    rows = evenly_spaced(len(part.images), limit)
    saved = load_codes(loaded, part.digest)
    # The saved codes of a conditional model depend on the label, which no score is given.
    if saved is None or loaded.model.classes or len(saved["mean"]) != len(part.images):
        return part.images[rows], None
    std = saved["std"][rows] if "std" in saved else None
    return part.images[rows], (saved["mean"][rows], std)


def _calibrated(
    loaded: Checkpoint,
    dataset: Callable[[], Dataset],
    scorer,
    name: str,
    saved: dict | None,
    *,
    asked: bool,
):
    """The calibration saved to the checkpoint, or one computed from normal images; None if these
    are too few and none was `asked` for."""
    from .. import anomaly
    from ..anomaly import thresholds

    try:
        if saved is not None:
            return thresholds.Calibration.from_json(saved)
        images, codes = _sample(loaded, dataset().test, _CALIBRATION_IMAGES)
        values = anomaly.score_images(scorer, images, name, codes=codes)
        return thresholds.calibrate(values, score=name, data=dataset().name)
    except thresholds.CalibrationError as error:
        if saved is None and not asked:
            click.echo(f"no threshold: {error}", err=True)
            return None
        raise ConfigError(f"no threshold can be computed: {error}") from error
