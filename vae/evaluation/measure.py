"""A checkpoint is measured: its metrics, and what is stored with them."""

import os
import time
from collections.abc import Callable

import numpy as np
import torch

from ..checkpoint import folder
from ..checkpoint.artifacts import PREVIEW, data_path, save_aggregate, save_codes
from ..checkpoint.folder import Checkpoint
from ..data import kept_images
from ..data.dataset import Dataset, Split, evenly_spaced
from ..data.load import NAMED, bundled_equivalent, load_dataset, preparation_of
from ..data.memory_mapped import subsample
from ..files import atomic
from ..latent.aggregate_posterior import fit_aggregate_posterior
from ..latent.encoding import Codes, encode_images
from ..models.base import Autoencoder
from ..progress import Progress, no_progress
from .disentanglement import factor_scores
from .metrics import ALL, Log, evaluate, sizes_within
from .preview import preview

# Codes of splits, by the names of these steps; None where another process goes on.
Encode = Callable[[Autoencoder, dict[str, Split], Log], list[Codes] | None]


def encode_splits(model: Autoencoder, splits: dict[str, Split], log: Log) -> list[Codes]:
    """Codes of images given their labels."""
    return [encode_images(model, *split, progress=log(name)) for name, split in splits.items()]


def measure(
    loaded: Checkpoint,
    dataset: Dataset,
    *,
    save: bool,
    iwae_k: int | None = None,
    binarize: bool | None = None,
    seconds: float | None = None,
    encode: Encode = encode_splits,
    log: Log = lambda step: no_progress,
) -> dict:
    """All metrics of a model on the test split, or those that take about `seconds`, on as many
    images as that allows. With `save` they are written to the checkpoint, with the aggregate
    posterior, a preview and, if all of them were encoded, the codes of the test split.

    `encode` may share its work among processes; it returns None on all but one, for which the
    metrics are empty. `log` is as of `metrics.evaluate`."""
    model = loaded.model
    sizes = ALL if seconds is None else sizes_within(seconds, model, dataset.test.images)
    used = subsample(dataset, train=sizes.train, test=sizes.test)
    parts = {"test": used.test, "training": used.train}
    splits = {f"codes of {len(s.labels):,} {name} images": s for name, s in parts.items()}
    if (found := encode(model, splits, log)) is None:
        return {}
    codes, train_codes = found
    log("aggregate posterior")
    mixture = fit_aggregate_posterior(model, train_codes, used.train.labels)
    binarize = loaded.config.train.binarize if binarize is None else binarize
    known = {"codes": codes, "train_codes": train_codes, "aggregate": mixture}
    options = {"iwae_k": iwae_k, "binarize": binarize, "sizes": sizes, "log": log}
    metrics = evaluate(model, used, **known, **options)
    if dataset.test_metadata.columns:
        log("factors")
        metrics |= factor_metrics(dataset, train_codes, codes, sizes.embedding)
    if save:
        folder.save_metrics(loaded.path, loaded.metrics | {"evaluation": metrics})
        save_aggregate(loaded.path, mixture)
        atomic.write(loaded.path / PREVIEW, preview(model, mixture))
        if len(codes.mean) == len(dataset.test.labels):
            arrays = {name: array for name, array in codes._asdict().items() if array is not None}
            save_codes(loaded.path, dataset.test.digest, arrays)
    return metrics


def measure_folder(path: str, seconds: float, progress: Progress = no_progress) -> None:
    """Measures a checkpoint on its data for about `seconds` and saves what was found; beside other
    work, so with half of the processors."""
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // 2))
    loaded, start = folder.load(path), time.perf_counter()

    def tell(*_: int) -> None:
        progress(round(min(time.perf_counter() - start, seconds)), round(seconds))

    def log(step: str) -> Progress:
        tell()
        return tell

    measure(loaded, _dataset(loaded), save=True, seconds=seconds, log=log)


def _dataset(loaded: Checkpoint) -> Dataset:
    """The data of a checkpoint as pages show it, or the images that are kept with it."""
    data = bundled_equivalent(data_path(loaded))
    if data not in NAMED and not os.path.exists(data) and kept_images.exists(loaded.path):
        return kept_images.load(loaded.path)
    held_out = loaded.config.train.held_out
    return load_dataset(data, preparation=preparation_of(loaded.config), held_out=held_out)


def factor_metrics(dataset: Dataset, train: Codes, test: Codes, limit: int) -> dict:
    """The scores of codes, of all or of evenly spaced images, for the class and the columns of a
    data set; empty where no column is a factor."""
    parts = []
    for name, codes in (("train", train), ("test", test)):
        labels = getattr(dataset, name).labels
        rows = evenly_spaced(len(labels), len(codes.mean))
        columns = getattr(dataset, f"{name}_metadata").take(rows).columns
        parts += [codes.mean, {"class": np.array(dataset.class_names)[labels[rows]]} | columns]
    found = factor_scores(*parts, limit=limit)
    if found is None:
        return {}
    factors = {
        name: {"gap": gap, "informativeness": found.informativeness[name]}
        for name, gap in found.gaps.items()
    }
    scores = {"mig": found.mig, "disentanglement": found.disentanglement}
    return scores | {"completeness": found.completeness, "factors": factors}
