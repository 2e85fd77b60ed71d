"""The encoder and the decoder of a PyTorch project, modules or functions, traced to ONNX."""

import contextlib
import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec

import torch
from torch import Tensor, nn
from torch.distributions import Distribution, Independent, Normal
from torch.nn.functional import one_hot

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

    def forward(self, x: Tensor, second: Tensor | None = None) -> tuple[Tensor, ...]:
        inputs = (x,) if second is None else (x, second)
        return tuple(_tensors(self.function(*inputs)).values())


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


def labels(classes: int) -> list[tuple[Tensor]]:
    """Two labels, one-hot and as numbers of classes."""
    numbers = torch.tensor([0, classes - 1])
    return [(one_hot(numbers, classes).float(),), (numbers,)]


def trace_first(function: Callable, tried: Sequence[tuple[Tensor, ...]], what: str) -> OnnxNetwork:
    """The network for the first inputs that a function takes."""
    errors = []
    for inputs in tried:
        try:
            return trace(function, inputs, what)
        except AdoptError as error:
            errors.append(error)
    raise errors[0]


def trace(function: Callable, inputs: Sequence[Tensor], what: str) -> OnnxNetwork:
    """The network that a module or function, the encoder or the decoder, computes of one or two
    inputs `[B, ...]`, in evaluation mode. Raises `AdoptError`."""
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
            inputs = tuple(value.to(device_of(traced)) for value in inputs)
            names = list(_tensors(function(*inputs)))
            content = _onnx(traced, inputs, names)
    except AdoptError:
        raise
    except Exception as error:  # the function is somebody else's, and so is what it raises
        reason = " ".join(str(error).split())[:300]
        shapes = " and ".join(str(list(value.shape)) for value in inputs)
        count = "one tensor" if len(inputs) == 1 else "two tensors"
        raise AdoptError(
            f"the {what} failed for an input of shape {shapes} ({type(error).__name__}: "
            f"{reason}); expected a function of {count} with a free first axis"
        ) from error
    return parse(content, f"the {what}")


@torch.no_grad()
def output(function: Callable, *inputs: Tensor) -> Tensor:
    """What a network computes first of its inputs in evaluation mode."""
    with _evaluating(_Traced(function)) as traced:
        return traced(*(value.to(device_of(traced)) for value in inputs))[0].cpu()


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


def _onnx(traced: nn.Module, inputs: tuple[Tensor, ...], names: list[str]) -> bytes:
    batch = [torch.export.Dim("N"), torch.export.Dim.DYNAMIC]  # warns of one name for two inputs
    program = torch.onnx.export(
        traced,
        inputs,
        input_names=["x", "second"][: len(inputs)],
        output_names=names,
        dynamic_shapes=tuple({0: size} for size in batch[: len(inputs)]),
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
