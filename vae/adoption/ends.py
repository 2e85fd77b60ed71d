"""What stands before and after a foreign network, as further nodes of its graph: pixels on its
scale and in its layout, its spread as a log-variance, and its pixels as logits."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from ..graph import Node
from ..validation import one_of
from .draft import Draft
from .onnx_file import AdoptError, Input

RANGES = ("unit", "signed", "normalised")
SECONDS = ("std", "variance", "log-variance", "log-std", "none")
PIXELS = ("logits", "unit", "signed", "normalised")
WORDS = {
    "logits": "logits",
    "unit": "pixels from 0 to 1",
    "signed": "pixels from −1 to 1",
    "normalised": "pixels by mean and std",
}
_LAYOUTS = {"chw": (0, 1, 2), "hwc": (1, 2, 0)}
_REARRANGING = ("Reshape", "Flatten", "Transpose", "Identity", "Squeeze", "Unsqueeze", "Dropout")
_CODE_NAMES = ("mean", "mu", "loc", "embedding", "code")


def layout_of(shape: Sequence[int | None], image_shape: tuple[int, int, int]) -> str:
    """How a network has images `[C, H, W]`, by the shape `[B, ...]` of its input or output: flat,
    chw or hwc. Raises `AdoptError` for another shape."""
    fits = {"flat": (math.prod(image_shape),)}
    fits |= {name: tuple(image_shape[i] for i in axes) for name, axes in _LAYOUTS.items()}
    row = tuple(shape[1:])
    for name, expected in fits.items():
        pairs = zip(row, expected, strict=False)
        if len(row) == len(expected) and all(a in (None, b) for a, b in pairs):
            return name
    channels, height, width = image_shape
    raise AdoptError(
        f"a network has images of shape {list(row)}, the data has {channels} x {height} x {width} "
        f"(or {fits['flat'][0]} flat): give the image shape of the model (channels, height, width)"
    )


def image_before(
    draft: Draft, image_shape: tuple[int, int, int], layout: str, scale: str,
    mean: Sequence[float], std: Sequence[float],
) -> None:  # fmt: skip
    """Makes `[B, C, H, W]` in [0, 1] the input of an encoder that expects another range and
    layout; `mean` and `std` are those of a normalised one."""
    old, (gain, shift) = draft.input, _from_unit(scale, mean, std)

    def make(value: str) -> dict[str, str]:
        if (gain, shift) != ([1.0], [0.0]):
            value = draft.add("Mul", value, _per_channel(draft, gain))
            value = draft.add("Add", value, _per_channel(draft, shift))
        if layout == "flat":
            value = draft.add("Reshape", value, shape=[-1, math.prod(image_shape)])
        if layout == "hwc":
            value = draft.add("Transpose", value, perm=[0, 2, 3, 1])
        return {old: value}

    draft.prepend(make)


def join_inputs(draft: Draft, row: Sequence[int], size: int, second: Input | None) -> None:
    """Makes `[B, n + size]` the input of a network: its rows `[B, *row]` of n numbers, then those
    of its second input, noise or a one-hot label, which a network without one leaves out."""
    old, width = draft.input, math.prod(row)

    def make(both: str) -> dict[str, str]:
        names = {old: draft.add("Slice", both, starts=[0], ends=[width], axes=[1])}
        if len(row) > 1:
            names[old] = draft.add("Reshape", names[old], shape=[-1, *row])
        if second is None:
            return names
        value = draft.add("Slice", both, starts=[width], ends=[width + size], axes=[1])
        if second.integer:
            value = draft.add("ArgMax", value, axis=1, keepdims=len(second.shape) - 1)
        elif len(second.shape) > 2:
            value = draft.add("Reshape", value, shape=[-1, *second.shape[1:]])
        return names | {draft.second: value}

    draft.prepend(make)
    draft.second = ""


def codes_before(draft: Draft, shape: Sequence[int]) -> None:
    """Makes codes `[B, D]` the input of a decoder that takes them as `[B, *shape]`."""
    old = draft.input
    draft.prepend(lambda code: {old: draft.add("Reshape", code, shape=[-1, *shape])})


def order_before(draft: Draft, order: Tensor, beside: int) -> None:
    """Makes codes that are sorted by an order `[D]` the input of a decoder, with what is beside
    them."""
    old = draft.input
    places = torch.cat([order.argsort(), len(order) + torch.arange(beside)])
    index = draft.new(tensor=places)
    draft.prepend(lambda code: {old: draft.add("Gather", code, index, axis=1)})


def log_variance_after(draft: Draft, second: str) -> None:
    """Makes log-variance the second output of an encoder, which gives another measure of spread
    there."""
    one_of("the second output", second, SECONDS[:-1])
    value = draft.outputs[1]
    if second in ("std", "variance"):
        value = draft.add("Log", value)
    if second in ("std", "log-std"):
        value = draft.add("Mul", value, draft.new(tensor=torch.tensor(2.0)))
    draft.outputs[1] = value


def logits_after(
    draft: Draft, image_shape: tuple[int, int, int], layout: str, pixels: str,
    mean: Sequence[float], std: Sequence[float],
) -> None:  # fmt: skip
    """Makes logits `[B, C, H, W]` the output of a decoder that gives pixels in another form. A
    sigmoid at its end is left out, and a tanh is that of half the logit, so both are exact; of
    other pixels the logits are those of pixels a little away from 0 and 1."""
    one_of("the decoder's output", pixels, PIXELS)
    last = last_activation(draft)
    exact = last is not None and (last.op, pixels) in (("Sigmoid", "unit"), ("Tanh", "signed"))
    if exact:
        draft.nodes = [node for node in draft.nodes if node is not last]
        draft.rename({last.outputs[0]: last.inputs[0]})
    value = draft.outputs[0]
    if layout == "flat":
        value = draft.add("Reshape", value, shape=[-1, *image_shape])
    if layout == "hwc":
        value = draft.add("Transpose", value, perm=[0, 3, 1, 2])
    if exact and pixels == "signed":
        value = draft.add("Mul", value, draft.new(tensor=torch.tensor(2.0)))
    if not exact and pixels != "logits":
        gain, shift = _from_unit(pixels, mean, std)
        if (gain, shift) != ([1.0], [0.0]):
            inverse = [1 / g for g in gain]
            back = [-s / g for s, g in zip(shift, gain, strict=True)]
            value = draft.add("Mul", value, _per_channel(draft, inverse))
            value = draft.add("Add", value, _per_channel(draft, back))
        value = draft.add("Logit", value)
    draft.outputs = [value]


def image_after(
    output: Tensor, image_shape: tuple[int, int, int], layout: str, pixels: str,
    mean: Sequence[float], std: Sequence[float],
) -> Tensor:  # fmt: skip
    """Pixels `[B, C, H, W]` in [0, 1] of the output of a decoder, as `logits_after` has them."""
    shape = [image_shape[i] for i in _LAYOUTS.get(layout, (0, 1, 2))]
    image = output.reshape(-1, *shape)
    image = image.permute(0, 3, 1, 2) if layout == "hwc" else image
    if pixels == "logits":
        return image.sigmoid()
    gain, shift = (torch.tensor(n).view(1, -1, 1, 1) for n in _from_unit(pixels, mean, std))
    return ((image - shift) / gain).clamp(0, 1)


def last_activation(draft: Draft) -> Node | None:
    """The sigmoid or tanh at the end of a decoder, after which it only rearranges."""
    producers, readers, value = draft.producers(), draft.readers(), draft.outputs[0]
    while (node := producers.get(value)) and len(readers[value]) == 1:
        if node.op in ("Sigmoid", "Tanh"):
            return node
        if node.op not in _REARRANGING:
            return None
        value = node.inputs[0]
    return None


def choose_outputs(draft: Draft, names: Sequence[str], wanted: Sequence[str]) -> list[str]:
    """Keeps of an encoder's outputs the mean, and the spread if there is one, and returns their
    names: those that are `wanted`, else by what they are called, else the first two."""
    for name in wanted:
        one_of(f"an output of {draft.name}", name, names)
    chosen = list(wanted)
    if not chosen:
        means = [n for n in names if any(word in n.lower() for word in _CODE_NAMES)]
        means = [n for n in means if second_of(n) is None] or list(names[:1])
        spreads = [n for n in names if second_of(n) is not None]
        if not spreads and len(names) == 2:
            spreads = [n for n in names if n != means[0]]
        if not spreads and len(names) > 2:
            raise AdoptError(
                f"{draft.name} has the outputs {', '.join(names)}; say which are the mean and the "
                "spread of q(z|x) (outputs)"
            )
        chosen = [means[0], *spreads[:1]]
    if len(chosen) > 2:
        raise AdoptError(f"{len(chosen)} outputs were named; expected the mean, and the spread")
    draft.outputs = [draft.outputs[list(names).index(name)] for name in chosen]
    return chosen


def second_of(name: str) -> str | None:
    """What an output is, by its name: a measure of spread, or None if the name says nothing."""
    word = name.lower().replace("_", "").replace("-", "").replace(".", "")
    if "log" in word and ("var" in word or "cov" in word or "sigma2" in word):
        return "log-variance"
    if "log" in word and any(part in word for part in ("std", "sigma", "scale")):
        return "log-std"
    if "std" in word or "sigma" in word or "scale" in word or "stddev" in word:
        return "std"
    return "variance" if "var" in word and "log" not in word else None


def _from_unit(
    scale: str, mean: Sequence[float], std: Sequence[float]
) -> tuple[list[float], list[float]]:
    """Gain and shift from pixels in [0, 1] to a range, one for all channels or for each."""
    one_of("the range of pixels", scale, (*RANGES, "logits"))
    if scale == "signed":
        return [2.0], [-1.0]
    if scale == "normalised":
        if not mean or len(mean) != len(std) or min(std) <= 0:
            raise AdoptError(
                f"normalised pixels got mean {list(mean)} and std {list(std)}; expected as many "
                "of both, one for all channels or one for each, and std above 0"
            )
        return [1 / s for s in std], [-m / s for m, s in zip(mean, std, strict=True)]
    return [1.0], [0.0]


def _per_channel(draft: Draft, numbers: list[float]) -> str:
    return draft.new(tensor=torch.tensor(numbers).view(1, -1, 1, 1))
