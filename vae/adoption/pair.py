"""Both networks of a model that is adopted: from what came to graphs with the conventions of this
program, and what was assumed on the way."""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..graph import Graph, Node
from ..operators.network import network
from ..validation import one_of
from . import ends, onnx_file, torch_pair
from .draft import Draft, shapes
from .onnx_file import AdoptError, OnnxNetwork
from .simplify import free_batch, simplify

Given = Callable | str | Path  # of PyTorch, or an ONNX file


@dataclass(frozen=True)
class Conventions:
    """How a model has its inputs and outputs; None and () where it shall be found out.

    outputs: of the encoder, the names of the mean and of the spread.
    second: what the spread is, one of `ends.SECONDS`; "none": the encoder has a code alone.
    input_range: of the encoder's pixels, one of `ends.RANGES`, with `mean` and `std` for
    "normalised", one number for all channels or one for each.
    pixels: the decoder's output, one of `ends.PIXELS`.
    flat: whether images are `[B, C H W]`; asked of PyTorch networks only.
    """

    outputs: Sequence[str] = ()
    second: str | None = None
    input_range: str = "unit"
    mean: Sequence[float] = ()
    std: Sequence[float] = ()
    pixels: str | None = None
    flat: bool | None = None

    def __post_init__(self) -> None:
        one_of("the range of the encoder's pixels", self.input_range, ends.RANGES)
        if self.second is not None:
            one_of("the encoder's second output", self.second, ends.SECONDS)
        if self.pixels is not None:
            one_of("the decoder's output", self.pixels, ends.PIXELS)


class Pair:
    """Both networks, from what came to their graphs, and what was assumed about them."""

    def __init__(
        self, how: Conventions, image_shape: Sequence[int] | None, latent: int | None
    ) -> None:
        self.how, self.latent, self.notes = how, latent, []
        self.image_shape = tuple(image_shape) if image_shape is not None else None
        self.encoder: tuple[Graph, dict[str, Tensor]]
        self.decoder: tuple[Graph, dict[str, Tensor]]
        self.order: Tensor | None = None
        self.second = self.pixels = self.layout = "none"
        self._read: OnnxNetwork
        self._decoder_read: OnnxNetwork | None = None

    def read(self, encoder: Given, decoder: Given) -> None:
        """Reads files, or traces the encoder, and finds the shape of the images."""
        if isinstance(decoder, str | Path):
            self._decoder_read = onnx_file.read(decoder)
        if isinstance(encoder, str | Path):
            self._read = onnx_file.read(encoder)
            self.image_shape = self.image_shape or _image_shape(self._read.input_shape)
            return
        if self.image_shape is None:
            raise AdoptError(
                "the shape of the images is not known; give image_shape=(channels, height, width)"
            )
        flat = torch.rand(2, math.prod(self.image_shape))
        rows = {False: flat.view(2, *self.image_shape), True: flat}
        kinds, errors = (False, True) if self.how.flat is None else (self.how.flat,), []
        for kind in kinds:
            try:
                self._read = torch_pair.trace(encoder, rows[kind], "encoder")
                return
            except AdoptError as error:
                errors.append(error)
        raise errors[0]

    def settle_encoder(self, encoder: Given, batch: Tensor, sort_latents: bool) -> None:
        """Makes the encoder's graph: images in [0, 1] to mean, or mean and log-variance."""
        how, read = self.how, self._read
        draft = draft_of(read, encoder, "encoder")
        names = ends.choose_outputs(draft, read.output_names, how.outputs)
        if how.second == "none":
            del draft.outputs[1:]
        layout = ends.layout_of(read.input_shape, self.image_shape)
        free_batch(draft, read.input_shape[0])
        ends.image_before(draft, self.image_shape, layout, how.input_range, how.mean, how.std)
        simplify(draft, self.image_shape)
        self._settle_codes(draft)
        if len(draft.outputs) > 1:
            self.second = how.second or self._second(names, draft, batch)
            ends.log_variance_after(draft, self.second)
        if sort_latents and self.latent > 2:
            self._sort(draft, batch)
        self.encoder = draft.graph()
        check_rows(draft.name, network(*self.encoder), batch)

    def _settle_codes(self, draft: Draft) -> None:
        """Checks the shape of the codes; a mean and spread in one tensor are split."""
        found = shapes(draft, (2, *self.image_shape)).of
        widths = [math.prod(found[name][1:]) for name in draft.outputs]
        if len(widths) == 1 and self.latent and widths[0] == 2 * self.latent:
            draft.outputs = _split(draft, draft.outputs[0])
            widths = [self.latent] * 2
            self.notes.append("the encoder's output was split into mean and spread")
            found = shapes(draft, (2, *self.image_shape)).of
        self.latent = self.latent or widths[0]
        if self.latent < 2:
            raise AdoptError(
                f"{draft.name} gives {self.latent} latent; maps of codes have two axes: adopt a "
                "model with 2 latents or more"
            )
        if set(widths) != {self.latent}:
            came = " and ".join(f"{list(found[name])}" for name in draft.outputs)
            raise AdoptError(
                f"{draft.name} gives {came}; expected [B, {self.latent}] for the mean and the "
                "same for the spread: pass the encoder that gives these, or another latent"
            )
        draft.outputs = [
            name if len(found[name]) == 2 else draft.add("Reshape", name, shape=[-1, self.latent])
            for name in draft.outputs
        ]

    def _second(self, names: list[str], draft: Draft, batch: Tensor) -> str:
        by_name = ends.second_of(names[1]) if len(names) > 1 else None
        lowest = float(network(*copy.deepcopy(draft).graph())(batch)[1].min())
        if by_name and (lowest >= 0 or by_name.startswith("log")):
            self.notes.append(f"the spread is taken as {by_name}, by the name {names[1]!r}")
            return by_name
        second = "log-variance" if lowest < 0 else "std"
        why = "it is negative for some images" if lowest < 0 else "it is positive for all images"
        self.notes.append(f"the spread is taken as {second}, since {why}")
        return second

    def _sort(self, draft: Draft, batch: Tensor) -> None:
        """The latents in descending order of what they tell about the images (see
        `latent.ordering.channel_capacity`)."""
        found = network(*copy.deepcopy(draft).graph())(batch)
        mean = found if isinstance(found, Tensor) else found[0]
        capacity = mean.var(0)
        if len(draft.outputs) > 1:
            capacity = 0.5 * torch.log1p(capacity / found[1].exp().mean(0))
        self.order = capacity.argsort(descending=True, stable=True)
        index = draft.new(tensor=self.order)
        draft.outputs = [draft.add("Gather", name, index, axis=1) for name in draft.outputs]
        self.notes.append("the latents are sorted by their information about the images")

    def settle_decoder(self, decoder: Given, batch: Tensor) -> None:
        """Makes the decoder's graph: codes to logits."""
        read = self._decoder_read
        if read is None:
            read = torch_pair.trace(decoder, torch.randn(2, self.latent), "decoder")
        draft = draft_of(read, decoder, "decoder")
        del draft.outputs[1:]
        row = tuple(read.input_shape[1:])
        if math.prod(n or self.latent for n in row) != self.latent:
            raise AdoptError(
                f"{draft.name} takes codes of shape {list(row)}, the encoder gives {self.latent} "
                "latents; expected networks of one model"
            )
        free_batch(draft, read.input_shape[0])
        _codes_before(draft, self.latent, len(row), self.order)
        output = shapes(draft, (2, self.latent)).of[draft.outputs[0]]
        self.layout = layout = ends.layout_of(output, self.image_shape)
        found = network(*self.encoder)(batch)
        codes = found if isinstance(found, Tensor) else found[0]
        self.pixels = self.how.pixels or self._pixels(draft, codes, layout, batch)
        self.decoder = self._decoder_with(draft, layout, self.pixels)
        check_rows(draft.name, network(*self.decoder), codes)

    def image(self, output: Tensor) -> Tensor:
        """Pixels `[B, C, H, W]` in [0, 1] of what the decoder gives."""
        how = self.how
        return ends.image_after(
            output, self.image_shape, self.layout, self.pixels, how.mean, how.std
        )

    def _decoder_with(
        self, draft: Draft, layout: str, pixels: str
    ) -> tuple[Graph, dict[str, Tensor]]:
        draft = copy.deepcopy(draft)
        how = self.how
        ends.logits_after(draft, self.image_shape, layout, pixels, how.mean, how.std)
        simplify(draft, (self.latent,))
        return draft.graph()

    def _pixels(self, draft: Draft, codes: Tensor, layout: str, batch: Tensor) -> str:
        """What the decoder's output is: by its last activation, else what reconstructs best."""
        last = ends.last_activation(draft)
        if last is not None:
            found = {"Sigmoid": "unit", "Tanh": "signed"}[last.op]
            self.notes.append(f"the decoder ends with a {last.op.lower()}: {ends.WORDS[found]}")
            return found
        candidates = [name for name in ends.PIXELS if name != "normalised" or self.how.mean]
        errors = {
            name: mse(network(*self._decoder_with(draft, layout, name))(codes), batch)
            for name in candidates
        }
        best = min(errors, key=errors.get)
        told = ", ".join(f"as {ends.WORDS[name]} {error:.4f}" for name, error in errors.items())
        self.notes.append(
            f"the decoder's output is taken as {ends.WORDS[best]}, by the MSE per pixel: {told}"
        )
        return best


def draft_of(read: OnnxNetwork, network: Given, what: str) -> Draft:
    name = Path(network).name if isinstance(network, str | Path) else f"the {what}"
    graph = read.graph
    tensors = {key: torch.from_numpy(array) for key, array in read.arrays.items()}
    return Draft(name, graph.input, list(graph.outputs), list(graph.nodes), tensors)


def _split(draft: Draft, value: str) -> list[str]:
    halves = draft.new(), draft.new()
    draft.nodes.append(Node("Split", (value,), halves, {"axis": 1, "num_outputs": 2}))
    return list(halves)


def _codes_before(draft: Draft, latent: int, axes: int, order: Tensor | None) -> None:
    """Makes codes `[B, D]` in the order of the checkpoint the input of a decoder."""
    nodes, draft.nodes = draft.nodes, []
    old, draft.input = draft.input, "code"
    value = draft.input
    if order is not None:
        value = draft.add("Gather", value, draft.new(tensor=order.argsort()), axis=1)
    if axes != 1:
        value = draft.add("Reshape", value, shape=[-1, latent, *[1] * (axes - 1)])
    draft.nodes += nodes
    draft.rename({old: value})


def _image_shape(shape: Sequence[int | None]) -> tuple[int, int, int]:
    """(C, H, W) of the images that a network takes, by the shape of its input."""
    row = list(shape[1:])
    if len(row) == 3 and None not in row:
        return tuple(row) if row[0] <= 4 else (row[2], row[0], row[1])
    for channels in (1, 3):
        side = math.isqrt((row[0] or 0) // channels) if len(row) == 1 else 0
        if side >= 4 and channels * side * side == row[0]:
            return channels, side, side
    raise AdoptError(
        f"the encoder takes inputs of shape {row}, which does not tell the size of the images; "
        "give the image shape (channels, height, width)"
    )


def mse(logits: Tensor, images: Tensor) -> float:
    """Of the pixels of logits, both `[B, C, H, W]`."""
    return float((logits.sigmoid() - images).square().mean())


def check_rows(name: str, made: nn.Module, rows: Tensor) -> None:
    """Raises `AdoptError` for numbers that are not finite, and for a network that does something
    else to three rows than to each of them."""

    def outputs(rows: Tensor) -> list[Tensor]:
        found = made(rows)
        return [found] if isinstance(found, Tensor) else list(found)

    together = outputs(rows[:3])
    if not all(value.isfinite().all() for value in together):
        raise AdoptError(
            f"{name} gives numbers that are not finite; check its weights, the range of its "
            "pixels and what its second output is"
        )
    single = [outputs(row[None]) for row in rows[:3]]
    for at, value in enumerate(together):
        alone = torch.cat([parts[at] for parts in single])
        far = (value - alone).abs().max() if value.shape == alone.shape else math.inf
        if far > 1e-3 * (1 + value.abs().max()):
            raise AdoptError(
                f"{name} gives something else for three images or codes than for each of them; "
                "export it in evaluation mode, model.eval(), with a free batch size"
            )
