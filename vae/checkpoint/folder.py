"""Checkpoints: folders with config.json, weights.safetensors and metrics.json, without pickles.

`save` is atomic: a reader finds the old checkpoint or the new one.
"""

import hashlib
import json
import platform
import struct
import time
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors import torch as tensors_io
from torch import Tensor

from ..config import Config
from ..errors import AtelierError
from ..files import atomic
from ..models import MODELS, build
from ..models.base import Autoencoder
from ..validation import ConfigError, one_of

CONFIG, WEIGHTS, METRICS = "config.json", "weights.safetensors", "metrics.json"
MAX_WEIGHTS_BYTES = 256 * 2**20
MAX_JSON_BYTES = 4 * 2**20


# Modules whose tensors older checkpoints store under another name.
_RENAMED_MODULES = {"told": "condition", "of_label": "class_prior", "into": "project"}


class CheckpointError(AtelierError):
    """A folder that is not a usable checkpoint: what came, what was expected, what to do."""


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
        weights = with_current_names(tensors_io.load(raw))
    except SafetensorError as error:
        raise CheckpointError(
            f"{path.name}/{WEIGHTS} is not a complete safetensors file ({error}); "
            "copy the folder again"
        ) from error
    model = build(config.model)
    _fill(model, weights, path.name)
    model.eval().requires_grad_(False)
    return Checkpoint(model, config, metrics, path.name, digest_of(config, raw), path)


def list_checkpoints(folder: str | Path) -> list[Entry]:
    """The checkpoints in a folder by name; a damaged one is listed with its error, not raised."""
    folder = Path(folder)
    if not folder.is_dir():
        return []
    candidates = [p for p in sorted(folder.iterdir()) if p.is_dir() and not p.name.startswith(".")]
    return [entry_of(path) for path in candidates]


def entry_of(path: str | Path) -> Entry:
    """The listing entry of a folder, without loading its weights."""
    path = Path(path)
    try:
        config, metrics, raw = _read(path)
        _check_header(path.name, raw)
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
    path = Path(path)
    try:
        if path.exists():
            # A folder cannot be replaced in one step everywhere: metrics.json, which holds the
            # digest of the other two, is written last, and readers wait until the three agree.
            with ExitStack() as places:
                for name in (METRICS, WEIGHTS, CONFIG):  # renamed in reverse order
                    places.enter_context(atomic.replacing(path / name)).write_bytes(files[name])
        else:
            with atomic.replacing(path) as place:
                place.mkdir(parents=True)
                for name, content in files.items():
                    (place / name).write_bytes(content)
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be written ({error}); choose another --out"
        ) from error
    return digest_of(config, raw)


def with_current_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """A state dict with the current names of modules."""
    return {
        ".".join(_RENAMED_MODULES.get(part, part) for part in name.split(".")): tensor
        for name, tensor in weights.items()
    }


def save_metrics(path: str | Path, metrics: dict) -> None:
    """Replaces the metrics of a checkpoint; config and weights remain unchanged."""
    target = Path(path) / METRICS
    try:
        atomic.write(target, json_bytes(metrics))
    except OSError as error:
        raise CheckpointError(f"{target} cannot be written ({error})") from error


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
        config_raw, raw = (
            _bytes(path, CONFIG, MAX_JSON_BYTES),
            _bytes(path, WEIGHTS, MAX_WEIGHTS_BYTES),
        )
        metrics = _object(path, METRICS, _bytes(path, METRICS, MAX_JSON_BYTES))
        try:
            config = Config.from_json(_object(path, CONFIG, config_raw))
            one_of("model.name", config.model.name, MODELS)
        except ConfigError as error:
            raise CheckpointError(f"{path.name}/{CONFIG}: {error}") from error
        if metrics.get("digest") == digest_of(config, raw):
            return config, metrics, raw
        if attempt < 4:
            time.sleep(0.02)  # it may be being replaced
    _check_header(path.name, raw)
    raise CheckpointError(
        f"{path.name}: config and weights do not match the digest in {METRICS}; "
        "copy the folder again"
    )


def _bytes(path: Path, name: str, limit: int) -> bytes:
    file = path / name
    try:
        size = file.stat().st_size
        if size > limit:
            raise CheckpointError(
                f"{path.name}/{name} has {size:,} bytes; at most {limit:,} are read"
            )
        return file.read_bytes()
    except FileNotFoundError:
        raise CheckpointError(
            f"{path} has no {name}; expected a folder with {CONFIG}, {WEIGHTS} and {METRICS}"
        ) from None
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read ({error})") from error


def _object(path: Path, name: str, raw: bytes) -> dict:
    try:
        data = json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{path.name}/{name} is not JSON ({error}); copy the folder again"
        ) from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{path.name}/{name} holds a {type(data).__name__}, not an object")
    return data


def _check_header(name: str, raw: bytes) -> None:
    """Compares the length of a safetensors file with its header. Raises `CheckpointError`."""
    length = struct.unpack("<Q", raw[:8])[0] if len(raw) >= 8 else MAX_WEIGHTS_BYTES
    try:
        header = json.loads(raw[8 : 8 + length]) if length < len(raw) else None
        ends = [t["data_offsets"][1] for k, t in (header or {}).items() if k != "__metadata__"]
        announced = 8 + length + max(ends)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise CheckpointError(
            f"{name}/{WEIGHTS} does not begin with a safetensors header; copy the folder again"
        ) from None
    if announced != len(raw):
        raise CheckpointError(
            f"{name}/{WEIGHTS} has {len(raw):,} bytes, its header says {announced:,}; "
            "copy the folder again"
        )


def _fill(model: Autoencoder, weights: dict[str, Tensor], name: str) -> None:
    """Copies weights into a model after checking their names, shapes and values."""
    expected = model.state_dict()
    for key in expected.keys() ^ weights.keys():
        side = "lacks" if key in expected else "has an unknown"
        raise CheckpointError(f"{name}/{WEIGHTS} {side} tensor {key}; it belongs to another model")
    for key, tensor in weights.items():
        if tensor.shape != expected[key].shape:
            raise CheckpointError(
                f"{name}/{WEIGHTS}: {key} has shape {tuple(tensor.shape)}, the config requires "
                f"{tuple(expected[key].shape)}; it belongs to another model"
            )
        if not torch.isfinite(tensor).all():
            raise CheckpointError(f"{name}/{WEIGHTS}: {key} has values that are not finite")
    model.load_state_dict({k: v.to(expected[k].dtype) for k, v in weights.items()})
