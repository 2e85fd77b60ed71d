"""Tensors with text metadata in one safetensors file."""

import json
import struct
from pathlib import Path

from safetensors import SafetensorError
from safetensors import torch as tensors_io
from torch import Tensor, nn

from ..files import atomic
from .folder import CheckpointError


def write_tensors(path: str | Path, tensors: dict[str, Tensor], facts: dict[str, str]) -> None:
    """Writes tensors and metadata to one safetensors file, atomically."""
    raw = tensors_io.save({k: t.contiguous() for k, t in tensors.items()}, metadata=facts)
    try:
        atomic.write(path, raw)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written ({error})") from error


def read_tensors(path: str | Path) -> tuple[dict[str, Tensor], dict[str, str]] | None:
    """The tensors and metadata of a file, or None if it is absent or damaged."""
    try:
        raw = Path(path).read_bytes()
        length = struct.unpack("<Q", raw[:8])[0]
        facts = json.loads(raw[8 : 8 + length]).get("__metadata__", {})
        return tensors_io.load(raw), facts
    except (OSError, ValueError, AttributeError, struct.error, SafetensorError):
        return None


def save_half(path: Path, module: nn.Module, facts: dict[str, str]) -> None:
    """Writes the weights of a bundled network in float16."""
    state = module.state_dict().items()
    write_tensors(path, {k: v.half() if v.is_floating_point() else v for k, v in state}, facts)


def load_half(path: Path, module: nn.Module) -> nn.Module:
    """A bundled network with the weights of `save_half`, in evaluation mode."""
    stored = read_tensors(path)
    if stored is None:
        raise CheckpointError(f"{path.name} is missing or damaged; restore it from git")
    module.load_state_dict(stored[0])  # copies into the types of the module
    return module.eval().requires_grad_(False)
