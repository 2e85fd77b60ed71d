"""Results computed from a checkpoint and stored in its folder: the codes of a split, the aggregate
posterior, anomaly thresholds. Each records the digest of the checkpoint that it belongs to."""

import json
from pathlib import Path

import numpy as np
import torch

from ..files import atomic
from ..nn.distributions import Mixture
from .folder import Checkpoint, CheckpointError, entry_of, json_bytes
from .tensor_file import read_tensors, write_tensors

CODES, AGGREGATE = "codes.safetensors", "aggregate.safetensors"
THRESHOLDS = "anomaly.json"


def save_codes(path: str | Path, split_digest: str, codes: dict[str, np.ndarray]) -> None:
    """Stores the codes of a split: `mean` [N, D] and, where q(z|x) has a density, `std` [N, D]."""
    owner = str(entry_of(path).digest)
    tensors = {name: torch.tensor(array) for name, array in codes.items()}
    write_tensors(Path(path) / CODES, tensors, {"checkpoint": owner, "split": split_digest})


def load_codes(checkpoint: Checkpoint, split_digest: str) -> dict[str, np.ndarray] | None:
    """The stored codes of a split, or None if there are none for these weights and this split."""
    read = read_tensors(checkpoint.path / CODES)
    if read is None or read[1] != {"checkpoint": checkpoint.digest, "split": split_digest}:
        return None
    return {name: tensor.numpy() for name, tensor in read[0].items()}


def save_aggregate(path: str | Path, aggregate: Mixture) -> None:
    """Stores the aggregate posterior that was fitted to the codes of the training split."""
    owner = str(entry_of(path).digest)
    write_tensors(Path(path) / AGGREGATE, aggregate._asdict(), {"checkpoint": owner})


def load_aggregate(checkpoint: Checkpoint) -> Mixture | None:
    """The stored aggregate posterior, or None if there is none for these weights."""
    read = read_tensors(checkpoint.path / AGGREGATE)
    if read is None or read[1] != {"checkpoint": checkpoint.digest}:
        return None
    if read[0].keys() != set(Mixture._fields):
        return None
    mixture, model = Mixture(**read[0]), checkpoint.model
    return mixture if len(mixture.means) % max(1, model.classes) == 0 else None


def save_threshold(path: str | Path, threshold: dict) -> None:
    """Stores the anomaly threshold of one score, in addition to those of other scores."""
    path = Path(path)
    owner = str(entry_of(path).digest)
    scores = load_thresholds(path, owner) | {threshold["score"]: threshold}
    try:
        atomic.write(path / THRESHOLDS, json_bytes({"checkpoint": owner, "scores": scores}))
    except OSError as error:
        raise CheckpointError(f"{path / THRESHOLDS} cannot be written ({error})") from error


def load_thresholds(path: str | Path, digest: str) -> dict[str, dict]:
    """The stored thresholds by score; empty if there are none for these weights."""
    try:
        stored = json.loads((Path(path) / THRESHOLDS).read_bytes())
        return dict(stored["scores"]) if stored["checkpoint"] == digest else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
