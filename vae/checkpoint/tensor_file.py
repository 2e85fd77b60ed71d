"""Tensors with text metadata in one safetensors file, with a checksum of both."""

import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors import torch as tensors_io
from torch import Tensor, nn

from ..errors import AtelierError, reported
from ..files import atomic

_CHECKSUM = "sha256"


class CheckpointError(AtelierError):
    """A folder or file that is not a usable checkpoint."""


def write_tensors(path: str | Path, tensors: Mapping[str, Tensor], facts: dict[str, str]) -> None:
    """Writes tensors and metadata atomically. Raises `CheckpointError`."""
    tensors = {k: t.detach().cpu().clone().contiguous() for k, t in tensors.items()}
    signed = facts | {_CHECKSUM: _checksum(tensors, facts)}
    with reported(CheckpointError, f"{path} cannot be written"):
        atomic.write(path, tensors_io.save(tensors, signed))


def read_tensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """The tensors and metadata that `write_tensors` wrote. Raises FileNotFoundError, and
    `CheckpointError` for a damaged file."""
    try:
        tensors = parse(raw := Path(path).read_bytes())
        facts = header(raw).get("__metadata__") or {}
        if facts.pop(_CHECKSUM, None) != _checksum(tensors, facts):
            raise ValueError("its content does not match its checksum")
    except FileNotFoundError:
        raise
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path} cannot be read ({error})") from error
    return tensors, facts


def parse(raw: bytes) -> dict[str, Tensor]:
    """The tensors of a safetensors file. Raises ValueError."""
    try:
        return tensors_io.load(raw)
    except (SafetensorError, KeyError, TypeError, RecursionError, RuntimeError) as error:
        raise ValueError(f"it is not a complete safetensors file: {error}") from error


def header(raw: bytes) -> dict[str, dict]:
    """The header of a safetensors file: type, shape and place of each tensor, and the metadata.
    Raises ValueError if the length of the file is not the announced one."""
    try:
        length = struct.unpack("<Q", raw[:8])[0]
        found = json.loads(raw[8 : 8 + length])
        ends = [tensor["data_offsets"][1] for k, tensor in found.items() if k != "__metadata__"]
        announced = 8 + length + max(ends)
    except Exception:  # foreign bytes: errors of all kinds
        raise ValueError("it does not begin with a safetensors header") from None
    if announced != len(raw):
        raise ValueError(f"it has {len(raw):,} bytes, its header says {announced:,}")
    return found


def _checksum(tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> str:
    """sha256 of names, types, shapes, values and metadata, in the order of the names."""
    found = hashlib.sha256(json.dumps(dict(facts), sort_keys=True).encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        found.update(tensors_io.save({"": tensor})[8:])
    return found.hexdigest()


def save_half(path: Path, module: nn.Module, facts: dict[str, str]) -> None:
    """Writes the weights of a bundled network in float16."""
    state = module.state_dict().items()
    write_tensors(path, {k: v.half() if v.is_floating_point() else v for k, v in state}, facts)


def load_half(path: Path, module: nn.Module) -> nn.Module:
    """A bundled network with the weights of `save_half`, in evaluation mode."""
    try:
        stored, _ = read_tensors(path)
    except (CheckpointError, FileNotFoundError) as error:
        raise CheckpointError(f"{path.name} is missing or damaged; restore it from git") from error
    module.load_state_dict(stored)  # copies into the types of the module
    return module.eval().requires_grad_(False)
