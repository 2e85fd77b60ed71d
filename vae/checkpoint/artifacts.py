"""Results computed from a checkpoint and stored in its folder: the codes of a split, the aggregate
posterior, anomaly thresholds, where its data is now. Each records the digest of the checkpoint
that it belongs to. `preview.webp` (`vae.evaluation.preview`) is only looked at."""

import json
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import reported
from ..files import atomic, folders, owners
from ..files.owners import Visitor
from ..nn.distributions import Mixture
from .folder import Checkpoint, Entry, entry_of, json_bytes
from .tensor_file import CheckpointError, read_tensors, write_tensors

CODES, AGGREGATE = "codes.safetensors", "aggregate.safetensors"
THRESHOLDS, DATA, PREVIEW = "anomaly.json", "data.json", "preview.webp"


def save_codes(path: str | Path, split_digest: str, codes: dict[str, np.ndarray]) -> None:
    """Stores the codes of a split: `mean` [N, D] and, where q(z|x) has a density, `std` [N, D]."""
    owner = str(entry_of(path).digest)
    tensors = {name: torch.tensor(array) for name, array in codes.items()}
    write_tensors(Path(path) / CODES, tensors, {"checkpoint": owner, "split": split_digest})


def load_codes(checkpoint: Checkpoint, split_digest: str) -> dict[str, np.ndarray] | None:
    """The stored codes of a split, or None if there are none for these weights and this split."""
    owner = {"checkpoint": checkpoint.digest, "split": split_digest}
    codes = _stored(checkpoint.path / CODES, owner)
    shapes = {tuple(tensor.shape[1:]) for tensor in codes.values()}
    if "mean" not in codes or shapes != {(checkpoint.config.model.latent,)}:
        return None
    return {name: tensor.numpy() for name, tensor in codes.items()}


def save_aggregate(path: str | Path, aggregate: Mixture) -> None:
    """Stores the aggregate posterior that was fitted to the codes of the training split."""
    owner = str(entry_of(path).digest)
    write_tensors(Path(path) / AGGREGATE, aggregate._asdict(), {"checkpoint": owner})


def load_aggregate(checkpoint: Checkpoint) -> Mixture | None:
    """The stored aggregate posterior, or None if there is none for these weights."""
    stored = _stored(checkpoint.path / AGGREGATE, {"checkpoint": checkpoint.digest})
    if stored.keys() != set(Mixture._fields):
        return None
    mixture, latent = Mixture(**stored), checkpoint.config.model.latent
    count = len(mixture.log_weights.reshape(-1))
    shapes = (count,), (count, latent), (count, latent, latent)
    if tuple(tuple(tensor.shape) for tensor in mixture) != shapes:
        return None
    return mixture if count % max(1, checkpoint.model.classes) == 0 else None


def _stored(path: Path, owner: dict[str, str]) -> dict[str, Tensor]:
    """The tensors of a file of finite floats that belongs to `owner`; else empty."""
    try:
        tensors, facts = read_tensors(path)
    except (FileNotFoundError, CheckpointError):
        return {}
    if facts != owner or not all(tensor.is_floating_point() for tensor in tensors.values()):
        return {}
    tensors = {name: tensor.float() for name, tensor in tensors.items()}
    return tensors if all(tensor.isfinite().all() for tensor in tensors.values()) else {}


def save_threshold(path: str | Path, threshold: dict, by: Visitor | None = None) -> Path:
    """Stores the anomaly threshold of one score, in addition to those of other scores; that of a
    visitor who may not change the checkpoint in their own folder. Returns the folder."""
    path = Path(path)
    owner = str(entry_of(path).digest)
    if not owners.may_change(path, by):
        path = folders.thresholds() / by.id / owner[:16]
    failed = reported(CheckpointError, f"{path / THRESHOLDS} cannot be written")
    with failed, atomic.locked(path / f".{THRESHOLDS}.lock"):
        scores = load_thresholds(path, owner) | {threshold["score"]: threshold}
        atomic.write(path / THRESHOLDS, json_bytes({"checkpoint": owner, "scores": scores}))
    return path


def load_thresholds(path: str | Path, digest: str) -> dict[str, dict]:
    """The thresholds in a folder by score; empty if there are none for these weights."""
    try:
        stored = json.loads((Path(path) / THRESHOLDS).read_bytes())
        return dict(stored["scores"]) if stored["checkpoint"] == digest else {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}


def save_data_path(path: str | Path, data: str, by: Visitor | None = None) -> None:
    """Records where the data of a checkpoint is now; the config, and with it the digest, stays as
    it is. Raises `OwnerError` for a visitor whose checkpoint it is not."""
    path = Path(path)
    owners.check(path, by, path.name)
    record = {"checkpoint": str(entry_of(path).digest), "path": data}
    with reported(CheckpointError, f"{path / DATA} cannot be written"):
        atomic.write(path / DATA, json_bytes(record))


def data_path(checkpoint: Checkpoint | Entry) -> str:
    """The name or path of the data that a checkpoint was trained on: where it is now, if that was
    recorded for these weights, else as in its config."""
    try:
        stored = json.loads((checkpoint.path / DATA).read_bytes())
        if stored["checkpoint"] == checkpoint.digest and isinstance(stored["path"], str):
            return stored["path"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        pass
    return checkpoint.config.train.data
