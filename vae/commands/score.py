"""`score`: how unusual images are, one record an image."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..config import ConfigError, one_of
from . import dataset_or_starter, main
from .pictures import picture_files, prepared

_NORMAL = 2000  # held-out images that a threshold is taken from
_LEARNED = 5000  # training images that summary statistics are fitted to


@main.command()
@click.argument("checkpoint", type=click.Path(path_type=Path))
@click.argument("images", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--score", "name", default="structure", help="which score; see below")
@click.option("--false-alarms", type=float, help="share of normal images called anomalous")
@click.option("--threshold", type=float, help="scores above it are anomalous")
@click.option("--data", help="normal images; by default those it was trained on")
@click.option("--as-is", is_flag=True, help="never invert or centre, only resize")
@click.option("--save", is_flag=True, help="keep the threshold with the checkpoint")
@click.option("--json", "as_json", is_flag=True, help="print an array of records")
def score(
    checkpoint: Path,
    images: tuple[Path, ...],
    name: str,
    false_alarms: float | None,
    threshold: float | None,
    data: str | None,
    as_is: bool,
    save: bool,
    as_json: bool,
) -> None:
    """Say how unusual IMAGES, files or folders, are for CHECKPOINT.

    The threshold is the one kept with the checkpoint, else it is taken from held-out images so
    that 5 % of normal ones lie above it. A picture of another size than the model's is prepared:
    inverted where its ground is light, cut to its item, resized. A file that cannot be read gets a
    record with its error; the others are scored.

    Scores: structure, squared, deviance, reconstruction, neg_elbo, exact, place, summary, regret,
    complexity. Each model has those that it can give.
    """
    import numpy as np

    from .. import anomaly, calibration
    from .. import checkpoint as checkpoints

    one_of("--score", name, anomaly.SCORES)
    if false_alarms is not None and not 0 < false_alarms < 1:
        raise ConfigError(f"--false-alarms is {false_alarms:g}; expected a share such as 0.05")
    if threshold is not None and (save or false_alarms is not None):
        raise ConfigError("--threshold says all; leave --false-alarms and --save away")
    files = picture_files(images)
    loaded = checkpoints.load(checkpoint)
    splits = _Normal(loaded, data)
    summary = None
    if name == "summary":
        summary = anomaly.fit_summary(loaded.model, splits.of("train", _LEARNED))
    judge = anomaly.Judge(loaded.model, checkpoints.load_aggregate(loaded), summary)
    if name not in anomaly.available(judge):
        can = ", ".join(anomaly.available(judge))
        raise ConfigError(f"{loaded.name} cannot give the score {name}; it gives {can}")
    if threshold is None:
        kept = (
            None if data else checkpoints.load_calibrations(loaded.path, loaded.digest).get(name)
        )
        try:
            if kept:
                found = calibration.Calibration.from_json(kept)
            else:
                normal = anomaly.scores(judge, splits.of("test", _NORMAL), name)
                found = calibration.calibrate(normal, score=name, data=splits.name)
            threshold = found.threshold if false_alarms is None else found.at(false_alarms)
        except calibration.CalibrationError as error:
            raise ConfigError(f"no threshold can be had: {error}") from error
        if save:
            told = found.to_json()
            told["false_alarms"] = found.false_alarms if false_alarms is None else false_alarms
            checkpoints.save_calibration(loaded.path, told)
    records, readable = [], []
    for file in files:
        record = {"path": str(file)}
        try:
            readable.append((prepared(file, loaded.model.image_shape, as_is=as_is), record))
        except (OSError, ValueError) as error:
            record["error"] = str(error)
        records.append(record)
    if readable:
        values = anomaly.scores(judge, np.stack([image for image, _ in readable]), name)
        for value, (_, record) in zip(values.tolist(), readable, strict=True):
            record |= {"score": value, "threshold": threshold, "anomalous": value > threshold}
    if as_json:
        click.echo(json.dumps(records))
        return
    for record in records:
        if "error" in record:
            click.echo(f"{record['path']}: {record['error']}", err=True)
        else:
            word = "anomalous" if record["anomalous"] else "normal"
            click.echo(f"{word:9}  {record['score']:10.4f}  {record['path']}")
    click.echo(f"threshold {threshold:.4f} of the score {name}", err=True)


class _Normal:
    """Normal images for a model, read when they are needed."""

    def __init__(self, loaded, data: str | None) -> None:
        self.wanted, self.shape = data or loaded.config.train.data, loaded.model.image_shape
        self.read = None

    @property
    def name(self) -> str:
        return self.read.name if self.read else self.wanted

    def of(self, split: str, most: int):
        """At most so many images of a split, evenly spread."""
        import numpy as np

        self.read = self.read or dataset_or_starter(self.wanted, self.shape[1])
        images = getattr(self.read, split).images
        if images.shape[1:] != self.shape:
            raise ConfigError(
                f"{self.name} has images of {images.shape[1:]}, the model expects {self.shape}"
            )
        few = np.linspace(0, len(images) - 1, min(most, len(images))).round().astype(int)
        return images[np.unique(few)]
