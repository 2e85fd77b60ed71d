"""`score`: how unusual images are, one record an image."""

from __future__ import annotations

import json
from pathlib import Path

import click
from msgspec.structs import replace

from ..validation import ConfigError, one_of
from . import dataset_or_starter, main
from .image_arguments import picture_files, read_files, records_of

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
    from .. import anomaly
    from ..anomaly import thresholds
    from ..anomaly.summary_statistics import fit_summary
    from ..checkpoint.artifacts import load_aggregate, load_calibrations, save_calibration
    from ..checkpoint.folder import load

    one_of("--score", name, anomaly.SCORES)
    if false_alarms is not None and not 0 < false_alarms < 1:
        raise ConfigError(f"--false-alarms is {false_alarms:g}; expected a share such as 0.05")
    if threshold is not None and (save or false_alarms is not None):
        raise ConfigError("--threshold says all; leave --false-alarms and --save away")
    files = picture_files(images)
    loaded = load(checkpoint)
    splits = _Normal(loaded, data)
    summary = None
    if name == "summary":
        summary = fit_summary(loaded.model, *splits.of("train", _LEARNED))
    scorer = anomaly.Scorer(loaded.model, load_aggregate(loaded), summary)
    if name not in anomaly.available_scores(scorer):
        can = ", ".join({*anomaly.available_scores(scorer), "summary"})
        raise ConfigError(f"{loaded.name} cannot give the score {name}; it gives {can}")
    if threshold is None:
        kept = {} if data else load_calibrations(loaded.path, loaded.digest)
        try:
            if name in kept:
                found = thresholds.Calibration.from_json(kept[name])
            else:
                normal, codes = splits.of("test", _NORMAL)
                values = anomaly.score_images(scorer, normal, name, codes=codes)
                found = thresholds.calibrate(values, score=name, data=splits.name)
        except thresholds.CalibrationError as error:
            raise ConfigError(f"no threshold can be had: {error}") from error
        if false_alarms is not None:
            found = replace(found, target_fpr=false_alarms, manual_threshold=None)
        threshold = found.threshold
        if save:
            save_calibration(loaded.path, found.to_json())
    read = read_files(files, loaded.model.image_shape, as_is=as_is)
    records, answered = records_of(read)
    values = anomaly.score_images(scorer, read.images, name).tolist()
    for record, value in zip(answered, values, strict=True):
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
        self.loaded = loaded
        self.wanted, self.shape = data or loaded.config.train.data, loaded.model.image_shape
        self.read = None

    @property
    def name(self) -> str:
        return self.read.name if self.read else self.wanted

    def of(self, split: str, most: int):
        """At most so many images of a split, evenly spread, with their codes where those are kept
        with the checkpoint."""
        from ..checkpoint.artifacts import load_codes
        from ..data.subsample import evenly_spaced

        self.read = self.read or dataset_or_starter(self.wanted, self.shape[1])
        whole = getattr(self.read, split)
        if whole.images.shape[1:] != self.shape:
            raise ConfigError(
                f"{self.name} has images of {whole.images.shape[1:]}, the model expects "
                f"{self.shape}"
            )
        count = len(whole.images)
        few = evenly_spaced(count, most)
        kept = load_codes(self.loaded, whole.digest)
        told = self.loaded.model.classes > 0  # with the label, which no score is given
        codes = None
        if kept is not None and not told and len(kept["mean"]) == count:
            codes = (kept["mean"][few], kept["std"][few] if "std" in kept else None)
        return whole.images[few], codes
