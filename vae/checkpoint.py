"""Checkpoints: a folder of config.json, weights.safetensors and metrics.json, and nothing pickled.

`save` is atomic: a reader finds the old checkpoint or the new one.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import struct
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors import torch as tensors_io
from torch import Tensor

from .config import Config, ConfigError, one_of
from .distributions import Mixture
from .models import MODELS, build
from .models.base import Autoencoder

CONFIG, WEIGHTS, METRICS = "config.json", "weights.safetensors", "metrics.json"
CODES, AGGREGATE = "codes.safetensors", "aggregate.safetensors"
CALIBRATION = "anomaly.json"
MOST_WEIGHTS = 256 * 2**20
MOST_JSON = 4 * 2**20


class CheckpointError(ValueError):
    """A folder that is no usable checkpoint: what came, what was expected, what to do."""


@dataclass(frozen=True)
class Checkpoint:
    """A trained model in evaluation mode, without gradients, with what is known about it."""

    model: Autoencoder
    config: Config
    metrics: dict
    name: str
    digest: str
    path: Path


@dataclass(frozen=True)
class Entry:
    """One line of a listing; `error` says why a damaged folder cannot be loaded."""

    name: str
    path: Path
    config: Config | None = None
    metrics: dict | None = None
    digest: str | None = None
    error: str | None = None


def load(path: str | Path) -> Checkpoint:
    """The checkpoint in a folder, its weights as float32. Raises `CheckpointError`."""
    path = Path(path)
    config, metrics, raw = _read(path)
    try:
        weights = tensors_io.load(raw)
    except SafetensorError as error:
        raise CheckpointError(
            f"{path.name}/{WEIGHTS} is no whole safetensors file ({error}); copy the folder again"
        ) from error
    model = build(config.model)
    _fill(model, weights, path.name)
    model.eval().requires_grad_(False)
    return Checkpoint(model, config, metrics, path.name, digest_of(config, raw), path)


def list_checkpoints(folder: str | Path) -> list[Entry]:
    """Every subfolder that is or was meant to be a checkpoint, by name; never raises for one."""
    folder = Path(folder)
    if not folder.is_dir():
        return []
    candidates = [p for p in sorted(folder.iterdir()) if p.is_dir() and not p.name.startswith(".")]
    return [_entry(path) for path in candidates]


def _entry(path: Path) -> Entry:
    try:
        config, metrics, raw = _read(path)
        _check_header(path.name, raw)
    except CheckpointError as error:
        return Entry(path.name, path, error=str(error))
    return Entry(path.name, path, config, metrics, digest_of(config, raw))


def digest_of(config: Config, weights: bytes) -> str:
    """sha256 over the canonical config and the bytes of the weights file."""
    return hashlib.sha256(config.canonical() + weights).hexdigest()


def save(
    path: str | Path, model: Autoencoder, config: Config, metrics: dict, *, half: bool = True
) -> str:
    """Writes a checkpoint and returns its digest; an existing one at `path` is replaced."""
    dtype = torch.float16 if half else torch.float32
    weights = {k: v.detach().cpu().to(dtype).contiguous() for k, v in model.state_dict().items()}
    for name, tensor in weights.items():
        if not torch.isfinite(tensor).all():
            raise CheckpointError(
                f"{name} holds numbers that are not finite as {dtype}; {path} is left as it was: "
                "store with --full, or train with a lower --lr"
            )
    raw = tensors_io.save(weights)
    files = {
        CONFIG: _json(config.to_json()),
        WEIGHTS: raw,
        METRICS: _json(metrics | {"digest": digest_of(config, raw), "versions": versions()}),
    }
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        for name, content in files.items():
            (beside / name).write_bytes(content)
        if not path.exists():
            beside.rename(path)
        else:
            # A folder cannot be swapped in one step everywhere: metrics.json, which names the
            # digest of the other two, comes last, and readers wait until the three agree.
            for name in (CONFIG, WEIGHTS, METRICS):
                (beside / name).replace(path / name)
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be written ({error}); choose another --out"
        ) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return digest_of(config, raw)


def save_metrics(path: str | Path, metrics: dict) -> None:
    """Replaces what is known about a checkpoint; config and weights stay as they are."""
    target = Path(path) / METRICS
    beside = target.with_name(f".{METRICS}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(_json(metrics))
        beside.replace(target)
    except OSError as error:
        raise CheckpointError(f"{target} cannot be written ({error})") from error
    finally:
        beside.unlink(missing_ok=True)


def versions() -> dict[str, str]:
    """The libraries that numbers may depend on."""
    libraries = ("torch", "torchvision", "numpy", "scikit-learn", "safetensors")
    return {"python": platform.python_version()} | {name: version(name) for name in libraries}


def _json(data: dict) -> bytes:
    return (json.dumps(data, indent=2, allow_nan=False) + "\n").encode()


# --- reading ------------------------------------------------------------------------------------


def _read(path: Path) -> tuple[Config, dict, bytes]:
    """Config, metrics and the bytes of the weights, which must belong together."""
    for attempt in range(5):
        config_raw, raw = _bytes(path, CONFIG, MOST_JSON), _bytes(path, WEIGHTS, MOST_WEIGHTS)
        metrics = _object(path, METRICS, _bytes(path, METRICS, MOST_JSON))
        try:
            config = Config.from_json(_object(path, CONFIG, config_raw))
            one_of("model.name", config.model.name, MODELS)
        except ConfigError as error:
            raise CheckpointError(f"{path.name}/{CONFIG}: {error}") from error
        if metrics.get("digest") == digest_of(config, raw):
            return config, metrics, raw
        if attempt < 4:
            time.sleep(0.02)  # perhaps it is being replaced right now
    _check_header(path.name, raw)
    raise CheckpointError(
        f"{path.name}: config and weights are not those {METRICS} names; copy the folder again"
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
            f"{path.name}/{name} is no JSON ({error}); copy the folder again"
        ) from error
    if not isinstance(data, dict):
        raise CheckpointError(f"{path.name}/{name} holds a {type(data).__name__}, not an object")
    return data


def _check_header(name: str, raw: bytes) -> None:
    """Whether the length of a safetensors file is the one its header announces."""
    length = struct.unpack("<Q", raw[:8])[0] if len(raw) >= 8 else MOST_WEIGHTS
    try:
        header = json.loads(raw[8 : 8 + length]) if length < len(raw) else None
        ends = [t["data_offsets"][1] for k, t in (header or {}).items() if k != "__metadata__"]
        announced = 8 + length + max(ends)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        raise CheckpointError(
            f"{name}/{WEIGHTS} does not start like a safetensors file; copy the folder again"
        ) from None
    if announced != len(raw):
        raise CheckpointError(
            f"{name}/{WEIGHTS} has {len(raw):,} bytes, its header announces {announced:,}; "
            "copy the folder again"
        )


def _fill(model: Autoencoder, weights: dict[str, Tensor], name: str) -> None:
    """Copies weights into a model after checking that they are these and are numbers."""
    expected = model.state_dict()
    for key in expected.keys() ^ weights.keys():
        side = "lacks" if key in expected else "has an unknown"
        raise CheckpointError(f"{name}/{WEIGHTS} {side} tensor {key}; it belongs to another model")
    for key, tensor in weights.items():
        if tensor.shape != expected[key].shape:
            raise CheckpointError(
                f"{name}/{WEIGHTS}: {key} has shape {tuple(tensor.shape)}, the config asks for "
                f"{tuple(expected[key].shape)}; it belongs to another model"
            )
        if not torch.isfinite(tensor).all():
            raise CheckpointError(f"{name}/{WEIGHTS}: {key} holds numbers that are not finite")
    model.load_state_dict({k: v.to(expected[k].dtype) for k, v in weights.items()})


# --- tensors beside the weights: codes of a split, the aggregate posterior --------------------


def write_tensors(path: str | Path, tensors: dict[str, Tensor], facts: dict[str, str]) -> None:
    """Writes tensors and texts about them to one safetensors file, atomically."""
    path = Path(path)
    raw = tensors_io.save({k: t.contiguous() for k, t in tensors.items()}, metadata=facts)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        beside.write_bytes(raw)
        beside.replace(path)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written ({error})") from error
    finally:
        beside.unlink(missing_ok=True)


def read_tensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]] | None:
    """What `write_tensors` wrote, or None where the file is absent or damaged."""
    try:
        raw = Path(path).read_bytes()
        length = struct.unpack("<Q", raw[:8])[0]
        facts = json.loads(raw[8 : 8 + length]).get("__metadata__", {})
        return tensors_io.load(raw), facts
    except (OSError, ValueError, AttributeError, struct.error, SafetensorError):
        return None


def save_codes(path: str | Path, split_digest: str, codes: dict[str, np.ndarray]) -> None:
    """Keeps the codes that the checkpoint gives a split: `mean`, perhaps `std` [N, D]."""
    owner = str(_entry(Path(path)).digest)
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
    owner = str(_entry(Path(path)).digest)
    write_tensors(Path(path) / AGGREGATE, aggregate._asdict(), {"checkpoint": owner})


def load_aggregate(checkpoint: Checkpoint) -> Mixture | None:
    """The aggregate posterior of these very weights, or None where none was kept."""
    read = read_tensors(checkpoint.path / AGGREGATE)
    if read is None or read[1] != {"checkpoint": checkpoint.digest}:
        return None
    if read[0].keys() != set(Mixture._fields):
        return None
    mixture, model = Mixture(**read[0]), checkpoint.model
    labels = model.extra if model.extra_kind == "label" else 1
    return mixture if len(mixture.means) % labels == 0 else None


def save_calibration(path: str | Path, told: dict) -> None:
    """Keeps a threshold for unusual images, for these weights, beside those of other scores."""
    path = Path(path)
    owner = str(_entry(path).digest)
    kept = load_calibrations(path, owner) | {told["score"]: told}
    beside = path / f".{CALIBRATION}.{os.getpid()}.tmp"
    try:
        beside.write_bytes(_json({"checkpoint": owner, "scores": kept}))
        beside.replace(path / CALIBRATION)
    except OSError as error:
        raise CheckpointError(f"{path / CALIBRATION} cannot be written ({error})") from error
    finally:
        beside.unlink(missing_ok=True)


def load_calibrations(path: str | Path, digest: str) -> dict[str, dict]:
    """What was kept for these very weights, by score; nothing where the file is damaged."""
    try:
        told = json.loads((Path(path) / CALIBRATION).read_bytes())
        return dict(told["scores"]) if told["checkpoint"] == digest else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}
