"""`score`: anomaly scores of images, one record per image."""

from pathlib import Path

import click
import numpy as np
from msgspec.structs import replace

from ..checkpoint.folder import Checkpoint
from ..validation import ConfigError, one_of
from . import data_for, device_option, load, main
from .image_arguments import image_arguments, image_files, print_records, read_images

_CALIBRATION_IMAGES = 2000  # test images that the threshold is computed from
_SUMMARY_IMAGES = 5000  # training images that summary statistics are fitted to


@main.command()
@image_arguments
@device_option
@click.option("--score", "name", default="structure", help="which score; see below")
@click.option("--target-fpr", type=float, help="fraction of normal images flagged as anomalous")
@click.option("--threshold", type=float, help="scores above it are anomalous")
@click.option("--save", is_flag=True, help="save the threshold to the checkpoint")
def score(
    checkpoint: Path,
    images: tuple[Path, ...],
    name: str,
    target_fpr: float | None,
    threshold: float | None,
    data: str | None,
    as_is: bool,
    save: bool,
    as_json: bool,
) -> None:
    """Compute how anomalous IMAGES, files or folders, are for CHECKPOINT.

    The threshold is the one saved to the checkpoint, otherwise the one that flags 5 % of the test
    images. Images of another size than the model's are prepared: inverted if the background is
    light, cropped to the object, resized. A file that cannot be read gets a record with its error.

    Scores: structure, squared, deviance, reconstruction, neg_elbo, exact, place, summary, regret,
    complexity. Each model supports some of them.
    """
    from .. import anomaly
    from ..anomaly.summary_statistics import fit_summary
    from ..checkpoint.artifacts import load_aggregate

    one_of("--score", name, anomaly.SCORES)
    if target_fpr is not None and not 0 < target_fpr < 1:
        raise ConfigError(f"--target-fpr is {target_fpr:g}; expected a share such as 0.05")
    if threshold is not None and (save or target_fpr is not None):
        raise ConfigError("--threshold excludes --target-fpr and --save; leave them away")
    files = image_files(images)
    loaded = load(checkpoint)
    normal = _NormalImages(loaded, data)
    summary = None
    if name == "summary":
        summary = fit_summary(loaded.model, *normal.sample("train", _SUMMARY_IMAGES))
    scorer = anomaly.Scorer(loaded.model, load_aggregate(loaded), summary)
    if name not in anomaly.available_scores(scorer):
        supported = ", ".join({*anomaly.available_scores(scorer), "summary"})
        raise ConfigError(f"{loaded.name} has no score {name}; it supports {supported}")
    if threshold is None:
        threshold = _calibrated(normal, scorer, name, target_fpr, save=save)
    records, readable, pixels = read_images(files, loaded.model.image_shape, as_is=as_is)
    values = anomaly.score_images(scorer, pixels, name).tolist()
    for record, value in zip(readable, values, strict=True):
        record |= {"score": value, "threshold": threshold, "anomalous": value > threshold}
    print_records(records, _line, as_json=as_json)
    if not as_json:
        click.echo(f"threshold {threshold:.4f} of the score {name}", err=True)


def _line(record: dict) -> str:
    word = "anomalous" if record["anomalous"] else "normal"
    return f"{word:9}  {record['score']:10.4f}  {record['path']}"


class _NormalImages:
    """Images that are normal for a model, loaded when they are needed."""

    def __init__(self, loaded: Checkpoint, data: str | None) -> None:
        self.loaded, self.data, self.dataset = loaded, data, None

    def sample(self, split: str, limit: int) -> tuple[np.ndarray, tuple | None]:
        """At most `limit` images of a split, evenly spaced, and their codes if they are saved."""
        from ..checkpoint.artifacts import load_codes
        from ..data.subsample import evenly_spaced

        self.dataset = self.dataset or data_for(self.loaded, self.data)
        part = getattr(self.dataset, split)
        rows = evenly_spaced(len(part.images), limit)
        saved = load_codes(self.loaded, part.digest)
        # The saved codes of a conditional model depend on the label, which no score is given.
        usable = saved is not None and not self.loaded.model.classes
        if not usable or len(saved["mean"]) != len(part.images):
            return part.images[rows], None
        return part.images[rows], (
            saved["mean"][rows],
            saved["std"][rows] if "std" in saved else None,
        )


def _calibrated(
    normal: _NormalImages, scorer, name: str, target_fpr: float | None, *, save: bool
) -> float:
    """The threshold saved to the checkpoint, or computed from normal images."""
    from .. import anomaly
    from ..anomaly import thresholds
    from ..checkpoint.artifacts import load_thresholds, save_threshold

    path = normal.loaded.path
    saved = {} if normal.data else load_thresholds(path, normal.loaded.digest)
    try:
        if name in saved:
            calibration = thresholds.Calibration.from_json(saved[name])
        else:
            images, codes = normal.sample("test", _CALIBRATION_IMAGES)
            values = anomaly.score_images(scorer, images, name, codes=codes)
            calibration = thresholds.calibrate(values, score=name, data=normal.dataset.name)
    except thresholds.CalibrationError as error:
        raise ConfigError(f"no threshold can be computed: {error}") from error
    if target_fpr is not None:
        calibration = replace(calibration, target_fpr=target_fpr, manual_threshold=None)
    if save:
        save_threshold(path, calibration.to_json())
    return calibration.threshold
