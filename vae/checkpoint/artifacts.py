"""What is computed once from a checkpoint and kept in its folder: codes of a split, the aggregate
posterior, thresholds for unusual images; each names the weights that it belongs to."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from ..files import atomic
from ..nn.distributions import Mixture
from .folder import Checkpoint, CheckpointError, entry_of, json_bytes
from .tensor_file import read_tensors, write_tensors

CODES, AGGREGATE = "codes.safetensors", "aggregate.safetensors"
CALIBRATION = "anomaly.json"


def save_codes(path: str | Path, split_digest: str, codes: dict[str, np.ndarray]) -> None:
    """Keeps the codes that the checkpoint gives a split: `mean`, perhaps `std` [N, D]."""
    owner = str(entry_of(path).digest)
    tensors = {name: torch.tensor(array) for name, array in codes.items()}
    write_tensors(Path(path) / CODES, tensors, {"checkpoint": owner, "split": split_digest})


def load_codes(checkpoint: Checkpoint, split_digest: str) -> dict[str, np.ndarray] | None:
    """Codes kept for this split by these very weights, or None: then they must be computed."""
    read = read_tensors(checkpoint.path / CODES)
    if read is None or read[1] != {"checkpoint": checkpoint.digest, "split": split_digest}:
        return None
    return {name: tensor.numpy() for name, tensor in read[0].items()}


def save_aggregate(path: str | Path, aggregate: Mixture) -> None:
    """Keeps the aggregate posterior that was fitted to the checkpoint's training codes."""
    owner = str(entry_of(path).digest)
    write_tensors(Path(path) / AGGREGATE, aggregate._asdict(), {"checkpoint": owner})


def load_aggregate(checkpoint: Checkpoint) -> Mixture | None:
    """The aggregate posterior of these very weights, or None where none was kept."""
    read = read_tensors(checkpoint.path / AGGREGATE)
    if read is None or read[1] != {"checkpoint": checkpoint.digest}:
        return None
    if read[0].keys() != set(Mixture._fields):
        return None
    mixture, model = Mixture(**read[0]), checkpoint.model
    return mixture if len(mixture.means) % max(1, model.classes) == 0 else None


def save_calibration(path: str | Path, told: dict) -> None:
    """Keeps a threshold for unusual images, for these weights, beside those of other scores."""
    path = Path(path)
    owner = str(entry_of(path).digest)
    kept = load_calibrations(path, owner) | {told["score"]: told}
    try:
        atomic.write(path / CALIBRATION, json_bytes({"checkpoint": owner, "scores": kept}))
    except OSError as error:
        raise CheckpointError(f"{path / CALIBRATION} cannot be written ({error})") from error


def load_calibrations(path: str | Path, digest: str) -> dict[str, dict]:
    """What was kept for these very weights, by score; nothing where the file is damaged."""
    try:
        told = json.loads((Path(path) / CALIBRATION).read_bytes())
        return dict(told["scores"]) if told["checkpoint"] == digest else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
