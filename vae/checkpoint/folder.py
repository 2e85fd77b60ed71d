"""Checkpoints: folders with config.json, weights.safetensors and metrics.json, without pickles.

`save` is atomic: a reader finds the old checkpoint or the new one, also after a crash at any time.
"""

import hashlib
import json
import platform
import shutil
import stat
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

import msgspec
import torch
from safetensors import torch as tensors_io

from ..config import Config
from ..errors import reported
from ..files import atomic, owners, records
from ..files.owners import Visitor
from ..models import KINDS, build
from ..models.base import Autoencoder
from ..validation import ConfigError, one_of
from .tensor_file import CheckpointError, header, parse

CONFIG, WEIGHTS, METRICS = "config.json", "weights.safetensors", "metrics.json"
MAX_WEIGHTS_BYTES = 256 * 2**20
MAX_JSON_BYTES = 4 * 2**20
Value = TypeVar("Value")
# A complete newer version inside the folder of an older one, until its files have been moved.
_NEXT = ".next"

# Modules whose tensors older checkpoints store under another name.
_RENAMED_MODULES = {"told": "condition", "of_label": "class_prior", "into": "project"}


_Measured = float | bool | list[float] | dict[str, dict[str, float]] | None


class _Metrics(msgspec.Struct):
    """The types of the metrics that the program reads; other entries are not checked."""

    seed: int | None = None
    command: str = ""
    seconds: float | None = None
    data: dict[str, str] | None = None
    curve: list[dict[str, float]] = []
    evaluation: dict[str, _Measured] | None = None


@dataclass(frozen=True)
class Checkpoint:
    """A trained model in evaluation mode, without gradients, with its config and metrics."""

    model: Autoencoder
    config: Config
    metrics: dict
    name: str
    digest: str
    path: Path


@dataclass(frozen=True)
class Entry:
    """A checkpoint in a listing; `error` says why a damaged folder cannot be loaded."""

    name: str
    path: Path
    config: Config | None = None
    metrics: dict | None = None
    digest: str | None = None
    error: str | None = None


def load(path: str | Path) -> Checkpoint:
    """Loads a checkpoint with float32 weights. Raises `CheckpointError`."""
    path = Path(path)
    config, metrics, raw = _read(path)
    try:
        with torch.device("meta"):  # no memory is taken for a model that does not fit the file
            expected = build(config.model).without_training_parts().state_dict()
        shapes = {k: t["shape"] for k, t in header(raw).items() if k != "__metadata__"}
        _compare(with_current_names(shapes), {k: list(t.shape) for k, t in expected.items()})
        weights = with_current_names(parse(raw))
        for key, tensor in weights.items():
            if not tensor.to(expected[key].dtype).isfinite().all():
                raise ValueError(f"{key} has values that are not finite")
    except ValueError as error:
        raise CheckpointError(f"{path.name}/{WEIGHTS}: {error}; copy the folder again") from error
    model = build(config.model).without_training_parts()
    model.load_state_dict(weights)
    model.eval().requires_grad_(False)
    model.needs_label = model.classes > 0 and config.train.unlabelled == 0
    return Checkpoint(model, config, metrics, path.name, digest_of(config, raw), path)


def list_checkpoints(folder: str | Path) -> list[Entry]:
    """The checkpoints in a folder by name; a damaged one is listed with its error, not raised."""
    return [entry_of(path) for path in sorted(Path(folder).glob("[!.]*")) if path.is_dir()]


def entry_of(path: str | Path) -> Entry:
    """The listing entry of a folder, without loading its weights."""
    path = Path(path)
    try:
        config, metrics, raw = _read(path)
    except CheckpointError as error:
        return Entry(path.name, path, error=str(error))
    return Entry(path.name, path, config, metrics, digest_of(config, raw))


def digest_of(config: Config, weights: bytes) -> str:
    """sha256 of the canonical config and the bytes of the weights file."""
    return hashlib.sha256(config.canonical() + weights).hexdigest()


def save(
    path: str | Path, model: Autoencoder, config: Config, metrics: dict, *, half: bool = True
) -> str:
    """Writes a checkpoint, replacing an existing one, and returns its digest."""
    dtype = torch.float16 if half else torch.float32
    weights = {
        k: v.detach().cpu().to(dtype if v.is_floating_point() else v.dtype).contiguous()
        for k, v in model.state_dict().items()
        if k.split(".")[0] not in model.training_only
    }
    for name, tensor in weights.items():
        if not torch.isfinite(tensor).all():
            raise CheckpointError(
                f"{name} has values that are not finite as {dtype}; {path} is unchanged: "
                "store with --full, or train with a lower --lr"
            )
    raw = tensors_io.save(weights)
    files = {
        CONFIG: json_bytes(config.to_json()),
        WEIGHTS: raw,
        METRICS: json_bytes(metrics | {"digest": digest_of(config, raw), "versions": versions()}),
    }
    path = target = Path(path)
    with reported(CheckpointError, f"{path} cannot be written", "choose another --out"):
        if path.exists():  # a folder cannot be replaced in one step everywhere
            _finish(path)
            target = path / _NEXT
        with atomic.replacing(target) as place:
            place.mkdir(parents=True)
            for name, content in files.items():
                (place / name).write_bytes(content)
        _finish(path)
    return digest_of(config, raw)


def _finish(path: Path) -> None:
    """Moves the files of a newer version, which readers prefer already, to their places."""
    for name in (WEIGHTS, CONFIG, METRICS):
        if (path / _NEXT / name).exists():
            (path / _NEXT / name).replace(path / name)
    shutil.rmtree(path / _NEXT, ignore_errors=True)
    atomic.remove_leftovers(path / _NEXT)


def with_current_names(weights: dict[str, Value]) -> dict[str, Value]:
    """A state dict, or other values by name, with the current names of modules."""
    return {
        ".".join(_RENAMED_MODULES.get(part, part) for part in name.split(".")): value
        for name, value in weights.items()
    }


def save_metrics(path: str | Path, metrics: dict) -> None:
    """Replaces the metrics of a checkpoint; config and weights remain unchanged."""
    target = Path(path) / METRICS
    with reported(CheckpointError, f"{target} cannot be written"):
        atomic.write(target, json_bytes(metrics))


def delete(path: str | Path, by: Visitor | None = None) -> None:
    """Deletes a checkpoint and what is stored with it. Raises `OwnerError` for a visitor whose it
    is not."""
    path = Path(path)
    owners.check(path, by, path.name)
    with reported(CheckpointError, f"{path.name} cannot be deleted"):
        atomic.delete_folder(path)


def versions() -> dict[str, str]:
    """The versions of the libraries on which results may depend."""
    libraries = ("torch", "torchvision", "numpy", "scikit-learn", "safetensors")
    return {"python": platform.python_version()} | {name: version(name) for name in libraries}


def json_bytes(data: dict) -> bytes:
    """JSON in the format of checkpoint files. Raises ValueError for NaN and infinity."""
    return (json.dumps(data, indent=2, allow_nan=False) + "\n").encode()


def _read(path: Path) -> tuple[Config, dict, bytes]:
    """Config, metrics and the bytes of the weights, checked against each other."""
    for attempt in range(5):
        config_raw = _bytes(path, CONFIG, MAX_JSON_BYTES)
        raw = _bytes(path, WEIGHTS, MAX_WEIGHTS_BYTES)
        metrics = _object(path, METRICS, _bytes(path, METRICS, MAX_JSON_BYTES))
        try:
            config = Config.from_json(_object(path, CONFIG, config_raw))
            one_of("model.name", config.model.name, KINDS)
        except ConfigError as error:
            raise CheckpointError(f"{path.name}/{CONFIG}: {error}") from error
        if metrics.get("digest") == digest_of(config, raw):
            break
        if attempt < 4:
            time.sleep(0.02)  # it may be being replaced
    try:
        header(raw)
        if attempt == 4:
            raise ValueError(f"it and {CONFIG} do not match the digest in {METRICS}")
    except ValueError as error:
        raise CheckpointError(f"{path.name}/{WEIGHTS}: {error}; copy the folder again") from error
    numbers = metrics.get("evaluation")
    if isinstance(numbers, dict):
        numbers = {k: v for k, v in numbers.items() if k != "split"}
    try:
        records.convert(metrics | {"evaluation": numbers}, _Metrics, CheckpointError)
    except CheckpointError as error:
        raise CheckpointError(f"{path.name}/{METRICS}: {error}; copy the folder again") from error
    return config, metrics, raw


def _bytes(path: Path, name: str, limit: int) -> bytes:
    file = path / _NEXT / name if (path / _NEXT / name).exists() else path / name
    shown = f"{path.name}/{name}"
    try:
        found = file.stat()
        if not stat.S_ISREG(found.st_mode):
            raise CheckpointError(f"{shown} is not a file; copy the folder again")
        if found.st_size > limit:
            raise CheckpointError(f"{shown} has {found.st_size:,} bytes; at most {limit:,}")
        return file.read_bytes()
    except FileNotFoundError:
        if file.parent.name == _NEXT:  # it was moved meanwhile
            return _bytes(path, name, limit)
        raise CheckpointError(
            f"{path} has no {name}; expected a folder with {CONFIG}, {WEIGHTS} and {METRICS}"
        ) from None
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read ({error})") from error


def _object(path: Path, name: str, raw: bytes) -> dict:
    shown, kinds = f"{path.name}/{name}", (ValueError, RecursionError)
    with reported(CheckpointError, f"{shown} is not JSON", "copy the folder again", of=kinds):
        data = json.loads(raw, parse_constant=_refuse)
    if not isinstance(data, dict):
        raise CheckpointError(f"{shown} holds a {type(data).__name__}, not an object")
    return data


def _refuse(number: str) -> None:
    raise ValueError(f"{number} is not a JSON number")


def _compare(shapes: dict[str, list[int]], expected: dict[str, list[int]]) -> None:
    """Raises ValueError for the first tensor that the other side lacks or that differs."""
    for key in sorted(expected.keys() ^ shapes.keys()):
        side = "lacks" if key in expected else "has an unknown"
        raise ValueError(f"it {side} tensor {key} and belongs to another model")
    for key, shape in shapes.items():
        if shape != expected[key]:
            raise ValueError(
                f"{key} has shape {shape}, the config requires {expected[key]}; it belongs to "
                "another model"
            )
