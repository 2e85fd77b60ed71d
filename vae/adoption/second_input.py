"""The second input of a network: the label of a conditional model, which its encoder may take as
well, or the noise of a decoder's lower levels."""

import math
from typing import NoReturn

import msgspec

from ..models.contexts import Context
from ..validation import within
from .onnx_file import AdoptError, Input, OnnxNetwork

_ADVICE = (
    "say that it is the label of a conditional model (--classes N, in Python classes=N) or "
    "standard normal noise (--noise N, the number of its values), or export a network that sets "
    "it itself"
)


def context_of(decoder: OnnxNetwork | None, name: str, classes: int, noise: int) -> Context:
    """What a decoder takes beside the code: what was said, else what a file of our own says. The
    decoder of a PyTorch project, None here, takes what was said."""
    within("the number of classes", classes, 0, 256)
    within("the number of values of noise", noise, 0, 4096)
    if classes and noise:
        raise AdoptError("a decoder takes a label or noise beside the code; choose one of both")
    said = Context(classes=classes) if classes else Context(levels=(noise,) if noise else ())
    if decoder is None:
        return said
    if len(decoder.inputs) == 1:
        if said.kind:
            raise AdoptError(
                f"{name} takes one input, the code; expected a second one for the {said.kind}: "
                "export a decoder that takes it, or adopt it without saying so"
            )
        return said
    if said.kind:
        return said
    if not (text := decoder.texts.get("context")):
        _refuse(name, decoder)
    try:
        return msgspec.json.decode(text.encode(), type=Context)
    except (msgspec.DecodeError, UnicodeEncodeError) as error:
        raise AdoptError(
            f"what {name} says of its inputs is damaged ({error}); {_ADVICE}"
        ) from None


def inputs_of(
    network: OnnxNetwork, name: str, kind: str | None, size: int
) -> tuple[Input, Input | None]:
    """The images or codes of a network, and its second input, a label or noise of `size` numbers.
    Raises `AdoptError`."""
    if len(network.inputs) == 1:
        return network.inputs[0], None
    if kind is None:
        _refuse(name, network)
    first, second = network.inputs
    if _is_label(first, size) and not _is_label(second, size):
        first, second = second, first
    row = second.shape[1:]
    expected = 1 if second.integer and kind == "label" else size
    if math.prod(n or expected for n in row) != expected or (len(row) > 1 and None in row):
        raise AdoptError(
            f"{name} has an input {second.name!r} of shape {row}; expected {expected} numbers for "
            f"the {kind}: adopt it with another number, or another file"
        )
    return first, second


def _is_label(value: Input, size: int) -> bool:
    return value.integer or value.shape[1:] == [size]


def _refuse(name: str, network: OnnxNetwork) -> NoReturn:
    names = " and ".join(value.name for value in network.inputs)
    raise AdoptError(
        f"{name} has 2 inputs, {names}, and does not tell what the second is: {_ADVICE}"
    )
