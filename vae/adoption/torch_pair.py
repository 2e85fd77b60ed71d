"""The encoder and the decoder of a PyTorch project, modules or functions, traced to ONNX."""

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal

from ..models.base import device_of
from .onnx_file import AdoptError, OnnxNetwork, parse

PACKAGES = ("onnx", "onnxscript")  # imported only when a network is traced
_OPSET = 18
_EXPECTED = (
    "a tensor, a tuple or dict of tensors, or a torch.distributions.Normal: pass a function that "
    "returns one"
)


class _Traced(nn.Module):
    """A module or function as a module that returns tensors alone."""

    def __init__(self, function: Callable) -> None:
        super().__init__()
        owner = getattr(function, "__self__", function)
        self.owner = owner if isinstance(owner, nn.Module) else None  # whose weights are traced
        self.function = function

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return tuple(_tensors(self.function(x)).values())


def _tensors(found: object) -> dict[str, Tensor]:
    """What an encoder or a decoder returned, by names."""
    if isinstance(found, Independent):
        found = found.base_dist
    if isinstance(found, Normal):
        return {"mean": found.loc, "std": found.scale}
    if isinstance(found, Tensor):
        return {"output": found}
    pairs = ()
    if isinstance(found, Mapping):
        pairs = found.items()
    elif isinstance(found, tuple | list):
        fields = getattr(found, "_fields", [f"output{i}" for i in range(len(found))])
        pairs = zip(fields, found, strict=True)
    tensors = {str(name): value for name, value in pairs if isinstance(value, Tensor)}
    if not tensors:
        raise AdoptError(f"a network returned a {type(found).__name__}; expected {_EXPECTED}")
    return tensors


def trace(function: Callable, rows: Tensor, what: str) -> OnnxNetwork:
    """The network that a module or function, the encoder or the decoder, computes of `rows`
    `[B, ...]`, in evaluation mode. Raises `AdoptError`."""
    if missing := [name for name in PACKAGES if find_spec(name) is None]:
        raise AdoptError(
            f"to trace a network takes {' and '.join(missing)}, which are not installed; "
            f"pip install {' '.join(PACKAGES)}"
        )
    if not callable(function):
        raise AdoptError(
            f"the {what} is a {type(function).__name__}; expected an nn.Module or a function"
        )
    try:
        with torch.no_grad(), _without_checks(), _evaluating(_Traced(function)) as traced:
            rows = rows.to(device_of(traced))
            names = list(_tensors(function(rows)))
            content = _onnx(traced, rows, names)
    except AdoptError:
        raise
    except Exception as error:  # the function is somebody else's, and so is what it raises
        reason = " ".join(str(error).split())[:300]
        raise AdoptError(
            f"the {what} failed for an input of shape {list(rows.shape)} ({type(error).__name__}: "
            f"{reason}); expected a function of one tensor with a free first axis"
        ) from error
    return parse(content, f"the {what}")


@torch.no_grad()
def output(function: Callable, rows: Tensor) -> Tensor:
    """What a network computes first of `rows` in evaluation mode."""
    with _evaluating(_Traced(function)) as traced:
        return traced(rows.to(device_of(traced)))[0].cpu()


@contextlib.contextmanager
def _evaluating(module: nn.Module) -> Iterator[nn.Module]:
    """The module in evaluation mode; its parts are again in training afterwards."""
    training = [part for part in module.modules() if part.training]
    module.eval()
    try:
        yield module
    finally:
        for part in training:
            part.training = True


def _onnx(traced: nn.Module, rows: Tensor, names: list[str]) -> bytes:
    program = torch.onnx.export(
        traced,
        (rows,),
        input_names=["x"],
        output_names=names,
        dynamic_shapes=({0: torch.export.Dim("N")},),
        opset_version=_OPSET,
        dynamo=True,
        verbose=False,
    )
    return program.model_proto.SerializeToString()


@contextlib.contextmanager
def _without_checks() -> Iterator[None]:
    """Without the checks of torch.distributions, which look at values and cannot be traced, and
    without the exporter's remarks."""
    before = Distribution._validate_args
    Distribution.set_default_validate_args(False)
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        Distribution.set_default_validate_args(before)
        logger.setLevel(level)
