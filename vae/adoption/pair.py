"""Both networks of a model that is adopted: from what came to graphs with the conventions of this
program, and what was assumed on the way."""

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..graph import Graph
from ..models.contexts import Context
from ..operators.network import network
from ..validation import one_of
from . import ends, onnx_file, torch_pair
from .checks import check_rows, mse
from .draft import Draft, Given, draft_of, name_of, shapes
from .exemplars import join_exemplars
from .onnx_file import AdoptError, Input, OnnxNetwork
from .second_input import context_of, inputs_of
from .simplify import free_batch, simplify


@dataclass(frozen=True)
class Conventions:
    """How a model has its inputs and outputs; None and () where it shall be found out.

    outputs: of the encoder, the names of the mean and of the spread.
    second: what the spread is, one of `ends.SECONDS`; "none": the encoder has a code alone.
    input_range: of the encoder's pixels, one of `ends.RANGES`, with `mean` and `std` for
    "normalised", one number for all channels or one for each.
    pixels: the decoder's output, one of `ends.PIXELS`.
    classes: of a conditional model, whose decoder, and encoder if it has a second input, takes the
    label beside the code: one-hot, or the number of the class.
    noise: the size of standard normal noise that the decoder takes beside the code.
    flat: whether images are `[B, C H W]`; asked of PyTorch networks only.
    """

    outputs: Sequence[str] = ()
    second: str | None = None
    input_range: str = "unit"
    mean: Sequence[float] = ()
    std: Sequence[float] = ()
    pixels: str | None = None
    classes: int = 0
    noise: int = 0
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
        self.context = Context()
        self.images: Tensor  # [B, C, H, W] of a batch on which the model is settled and checked
        self.beside: Tensor  # [B, E], what its decoder takes beside their codes
        self.image_shape = tuple(image_shape) if image_shape is not None else None
        self.encoder: tuple[Graph, dict[str, Tensor]]
        self.decoder: tuple[Graph, dict[str, Tensor]]
        self.order: Tensor | None = None
        self.second = self.pixels = self.layout = "none"
        self._read: OnnxNetwork
        self._decoder_read: OnnxNetwork | None = None
        self._second: Input | None = None  # of the decoder

    def read(self, encoder: Given, decoder: Given) -> None:
        """Reads files, or traces the encoder, and finds the shape of the images."""
        if isinstance(decoder, str | Path):
            self._decoder_read = onnx_file.read(decoder)
        classes, noise = self.how.classes, self.how.noise
        self.context = context_of(self._decoder_read, name_of(decoder, "decoder"), classes, noise)
        if self.context.kind == "label":
            self.notes.append(
                f"the decoder takes the label of one of {self.context.classes} classes"
            )
        if self.context.kind == "noise":
            self.notes.append(
                "the decoder takes noise, of which no posterior is known: numbers are those of "
                "zero noise"
            )
        if isinstance(encoder, str | Path):
            self._read = onnx_file.read(encoder)
            images, _ = self._inputs_of_encoder(name_of(encoder, "encoder"))
            self.image_shape = self.image_shape or _image_shape(images.shape)
            return
        if self.image_shape is None:
            raise AdoptError(
                "the shape of the images is not known; give image_shape=(channels, height, width)"
            )
        flat = torch.rand(2, math.prod(self.image_shape))
        rows = {False: flat.view(2, *self.image_shape), True: flat}
        kinds = (False, True) if self.how.flat is None else (self.how.flat,)
        labels = [*torch_pair.labels(self.context.classes), ()] if self.context.classes else [()]
        tried = [(rows[kind], *label) for label in labels for kind in kinds]
        self._read = torch_pair.trace_first(encoder, tried, "encoder")

    def settle_encoder(self, encoder: Given, sort_latents: bool) -> None:
        """Makes the encoder's graph: images in [0, 1], and labels if the model is conditional, to
        mean, or mean and log-variance."""
        how, read, classes = self.how, self._read, self.context.classes
        draft = draft_of(read, encoder, "encoder")
        images, label = self._inputs_of_encoder(draft.name)
        draft.input, draft.second = images.name, label.name if label else ""
        names = ends.choose_outputs(draft, read.outputs, how.outputs)
        if how.second == "none":
            del draft.outputs[1:]
        layout = ends.layout_of(images.shape, self.image_shape)
        free_batch(draft, images.shape[0])
        ends.image_before(draft, self.image_shape, layout, how.input_range, how.mean, how.std)
        if classes:
            ends.join_inputs(draft, self.image_shape, classes, label)
        rows = self._encoder_rows()
        simplify(draft, rows.shape[1:])
        self._settle_codes(draft, rows.shape[1:])
        if len(draft.outputs) > 1:
            self.second = how.second or self._spread(names, draft, rows)
            ends.log_variance_after(draft, self.second)
        if sort_latents and self.latent > 2:
            self._sort(draft, rows)
        self.encoder = draft.graph()
        check_rows(draft.name, network(*self.encoder), rows)

    def _inputs_of_encoder(self, name: str) -> tuple[Input, Input | None]:
        classes = self.context.classes
        return inputs_of(self._read, name, "label" if classes else None, classes)

    def _encoder_rows(self) -> Tensor:
        """What the encoder's graph takes, for the images of the batch."""
        if not self.context.classes:
            return self.images
        return torch.cat([self.images.flatten(1), self.beside], dim=1)

    def _settle_codes(self, draft: Draft, row: Sequence[int]) -> None:
        """Checks the shape of the codes; a mean and spread in one tensor are split."""
        found = shapes(draft, (2, *row)).of
        widths = [math.prod(found[name][1:]) for name in draft.outputs]
        if len(widths) == 1 and self.latent and widths[0] == 2 * self.latent:
            draft.outputs = draft.halves(draft.outputs[0])
            widths = [self.latent] * 2
            self.notes.append("the encoder's output was split into mean and spread")
            found = shapes(draft, (2, *row)).of
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

    def _spread(self, names: list[str], draft: Draft, rows: Tensor) -> str:
        by_name = ends.second_of(names[1]) if len(names) > 1 else None
        lowest = float(network(*copy.deepcopy(draft).graph())(rows)[1].min())
        if by_name and (lowest >= 0 or by_name.startswith("log")):
            self.notes.append(f"the spread is taken as {by_name}, by the name {names[1]!r}")
            return by_name
        second = "log-variance" if lowest < 0 else "std"
        why = "it is negative for some images" if lowest < 0 else "it is positive for all images"
        self.notes.append(f"the spread is taken as {second}, since {why}")
        return second

    def _sort(self, draft: Draft, rows: Tensor) -> None:
        """The latents in descending order of what they tell about the images (see
        `latent.ordering.channel_capacity`)."""
        found = network(*copy.deepcopy(draft).graph())(rows)
        mean = found if isinstance(found, Tensor) else found[0]
        capacity = mean.var(0)
        if len(draft.outputs) > 1:
            capacity = 0.5 * torch.log1p(capacity / found[1].exp().mean(0))
        order = capacity.argsort(descending=True, stable=True)
        if order.tolist() == [*range(self.latent)]:
            return
        self.order = order
        index = draft.new(tensor=order)
        draft.outputs = [draft.add("Gather", name, index, axis=1) for name in draft.outputs]
        self.notes.append("the latents are sorted by their information about the images")

    def settle_decoder(self, decoder: Given) -> None:
        """Makes the decoder's graph: codes, and what is beside them, to logits."""
        read, beside = self._decoder_read, self.context.size(self.latent)
        if self.context.kind == "noise":
            self.beside = torch.zeros(len(self.images), beside)
        if read is None:
            read = self._traced_decoder(decoder)
        draft = draft_of(read, decoder, "decoder")
        del draft.outputs[1:]
        codes, self._second = inputs_of(read, draft.name, self.context.kind, beside)
        draft.input, draft.second = codes.name, self._second.name if self._second else ""
        row = tuple(codes.shape[1:])
        if math.prod(n or self.latent for n in row) != self.latent:
            raise AdoptError(
                f"{draft.name} takes codes of shape {list(row)}, the encoder gives {self.latent} "
                "latents; expected networks of one model"
            )
        free_batch(draft, codes.shape[0])
        shape = (self.latent, *[1] * (len(row) - 1))
        if self._second is not None:
            ends.join_inputs(draft, shape, beside, self._second)
        elif len(shape) > 1:
            ends.codes_before(draft, shape)
        if self.order is not None:
            ends.order_before(draft, self.order, beside)
        output = shapes(draft, (2, self.latent + beside)).of[draft.outputs[0]]
        self.layout = layout = ends.layout_of(output, self.image_shape)
        found = network(*self.encoder)(self._encoder_rows())
        mean = found if isinstance(found, Tensor) else found[0]
        rows = torch.cat([mean, self.beside], dim=1)
        self.pixels = self.how.pixels or self._pixels(draft, rows, layout)
        self.decoder = self._decoder_with(draft, layout, self.pixels)
        check_rows(draft.name, network(*self.decoder), rows)

    def _traced_decoder(self, decoder: Callable) -> OnnxNetwork:
        codes, size = torch.randn(2, self.latent), self.context.size(self.latent)
        if self.context.kind == "label":
            tried = [(codes, *label) for label in torch_pair.labels(size)]
        else:
            tried = [(codes, torch.randn(2, size)) if size else (codes,)]
        return torch_pair.trace_first(decoder, tried, "decoder")

    def inputs_of_decoder(self, codes: Tensor, beside: Tensor) -> tuple[Tensor, ...]:
        """What a PyTorch decoder takes for codes `[B, D]` of the checkpoint and what is beside
        them."""
        if self.order is not None:
            codes = codes[:, self.order.argsort()]
        if self._second is None:
            return (codes,)
        return codes, beside.argmax(1) if self._second.integer else beside

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
        simplify(draft, (self.latent + self.beside.shape[1],))
        if self.context.exemplars:
            join_exemplars(draft, self.latent, self.context.bandwidth)
        return draft.graph()

    def _pixels(self, draft: Draft, rows: Tensor, layout: str) -> str:
        """What the decoder's output is: by its last activation, else what reconstructs best."""
        last = ends.last_activation(draft)
        if last is not None:
            found = {"Sigmoid": "unit", "Tanh": "signed"}[last.op]
            self.notes.append(f"the decoder ends with a {last.op.lower()}: {ends.WORDS[found]}")
            return found
        candidates = [name for name in ends.PIXELS if name != "normalised" or self.how.mean]
        errors = {
            name: mse(network(*self._decoder_with(draft, layout, name))(rows), self.images)
            for name in candidates
        }
        best = min(errors, key=errors.get)
        told = ", ".join(f"as {ends.WORDS[name]} {error:.4f}" for name, error in errors.items())
        self.notes.append(
            f"the decoder's output is taken as {ends.WORDS[best]}, by the MSE per pixel: {told}"
        )
        return best


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
