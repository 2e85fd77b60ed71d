"""Models that other projects trained become checkpoints: `adopt`."""

import math
import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..checkpoint import folder
from ..checkpoint.folder import Checkpoint
from ..config import Config, ModelConfig, TrainConfig
from ..data import kept_images
from ..data.dataset import Dataset, evenly_spaced
from ..data.load import NAMED, bundled_equivalent, load_dataset, local_folder
from ..graph import Networks
from ..models import build
from ..models.base import Autoencoder
from ..preparation.choices import Choices
from ..progress import Progress, no_progress
from ..validation import one_of
from . import torch_pair
from .checks import mse
from .draft import Given
from .onnx_file import AdoptError
from .pair import Conventions, Pair

LIKELIHOODS = ("bernoulli", "gaussian", "continuous-bernoulli")
_CHECKED = 256  # images on which a model is checked
_TOLERANCE = 1 / 255  # of pixels, between a PyTorch pair and what was made of it
_STEPS = 5


def adopt(
    encoder: Given,
    decoder: Given,
    *,
    data: str | Path,
    out: str | Path,
    image_shape: Sequence[int] | None = None,
    latent: int | None = None,
    likelihood: str = "bernoulli",
    sort_latents: bool = False,
    wanted: Choices | None = None,
    command: str = "vae.adopt",
    progress: Progress = no_progress,
    **conventions: object,
) -> Checkpoint:
    """Writes the checkpoint of a model that another project trained, and loads it.

    `encoder` and `decoder` are modules or functions of PyTorch, or ONNX files. The encoder takes
    images and gives the mean of q(z|x), or mean and spread as a pair, a dict or a
    `torch.distributions.Normal`; the decoder takes codes `[B, D]` and gives logits or pixels.
    `data` is a name or path as for training, whose images become `image_shape`, (C, H, W).
    `sort_latents` puts the most informative latents first, which the map shows. `wanted`: about
    the preparation of pictures. The other arguments are those of `Conventions`.

    What was assumed is in `.metrics["adopted"]["notes"]`. Warns if the reconstructions are no
    better than the mean image. Raises `AtelierError`.
    """
    pair = Pair(Conventions(**conventions), image_shape, latent)
    one_of("the likelihood of an adopted model", likelihood, LIKELIHOODS)
    data = str(data)
    if not local_folder(data):
        data = bundled_equivalent(data)
    progress(0, _STEPS)
    pair.read(encoder, decoder)
    dataset = _dataset(data, pair.image_shape, wanted)
    progress(1, _STEPS)
    pair.images, labels = _batch(dataset)
    with torch.no_grad():
        pair.beside = _beside(pair, dataset, labels)
        pair.settle_encoder(encoder, sort_latents)
        progress(2, _STEPS)
        pair.settle_decoder(decoder)
        progress(3, _STEPS)
        config = _config(pair, dataset, data, likelihood)
        model = _model(pair, config)
        facts = _check(pair, model, labels, (encoder, decoder))
    progress(4, _STEPS)
    recorded = {"name": dataset.name, "digest": dataset.digest}
    metrics = {"command": command, "data": recorded, "adopted": facts}
    folder.save(out, model, config, metrics, half=False)
    if data not in NAMED:
        kept_images.save(Path(out), dataset)
    progress(_STEPS, _STEPS)
    if facts["warning"]:
        warnings.warn(facts["warning"], stacklevel=2)
    return folder.load(out)


def adopt_files(
    encoder: str, decoder: str, progress: Progress = no_progress, **options: object
) -> dict:
    """`adopt` of two ONNX files, with plain values for a process of its own; what was found."""
    wanted = Choices(**options.pop("wanted", {}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it is among what was found
        loaded = adopt(encoder, decoder, wanted=wanted, progress=progress, **options)
    return loaded.metrics["adopted"]


def _dataset(data: str, image_shape: tuple, wanted: Choices | None) -> Dataset:
    channels, *sides = image_shape
    wanted = wanted or Choices()
    if wanted.colour == "auto":
        wanted = wanted._replace(colour="grey" if channels == 1 else "colour")
    dataset = load_dataset(data, size=tuple(sides), wanted=wanted)
    found = dataset.train.images.shape[1:]
    if tuple(found) != tuple(image_shape):
        raise AdoptError(
            f"the images of {data} are {list(found)}, the model takes {list(image_shape)} "
            "(channels, height, width): adopt it with other data, or with the image shape of the "
            "model"
        )
    return dataset


def _batch(dataset: Dataset) -> tuple[Tensor, Tensor]:
    """Some images `[B, C, H, W]` and their labels `[B]`."""
    images, labels = dataset.train
    rows = evenly_spaced(len(images), min(_CHECKED, len(images)))
    pixels = torch.from_numpy(np.array(images[rows])).float() / 255
    return pixels, torch.from_numpy(np.array(labels[rows]))


def _beside(pair: Pair, dataset: Dataset, labels: Tensor) -> Tensor:
    """The one-hot labels of a batch, if the model takes some."""
    classes, names = pair.context.classes, dataset.class_names
    if classes and classes != len(names):
        raise AdoptError(
            f"the model takes the labels of {classes} classes, {dataset.name} has {len(names)} "
            f"({', '.join(names[:3])}, ...): adopt it with the data that it was trained on"
        )
    return (labels[:, None] == torch.arange(classes)).float()


def _config(pair: Pair, dataset: Dataset, data: str, likelihood: str) -> Config:
    graphs = Networks(pair.encoder[0], pair.decoder[0])
    name = "adopted-vae" if len(graphs.encoder.outputs) == 2 else "adopted-ae"
    model = ModelConfig(
        name=name,
        latent=pair.latent,
        image_shape=pair.image_shape,
        likelihood=likelihood,
        network="graph",
        fourier=0,
        classes=pair.context.classes,
        levels=pair.context.levels,
        exemplars=pair.context.exemplars,
        bandwidth=pair.context.bandwidth,
        graphs=graphs,
    )
    if data not in NAMED and os.path.exists(data):
        data = os.path.abspath(data)  # wherever the model is opened
    train = TrainConfig(data=data, unlabelled=pair.context.unlabelled)
    return Config(model, train, dataset.preparation)


def _model(pair: Pair, config: Config) -> Autoencoder:
    model = build(config.model)
    for module, (_, tensors) in ((model.encoder, pair.encoder), (model.decoder, pair.decoder)):
        module.load_state_dict(dict(tensors))
    return model.eval()


def _check(pair: Pair, model: Autoencoder, labels: Tensor, given: tuple) -> dict:
    """What was found of a model on a batch of its data."""
    batch, codes = pair.images, model.encode(pair.images, labels)
    error = mse(model.decode(codes, labels), batch)
    reference = float((batch - batch.mean(0)).square().mean())
    if hasattr(model.likelihood, "log_sigma"):
        model.likelihood.log_sigma.fill_(0.5 * math.log(max(error, 1e-6)))
    difference = _difference(pair, model, codes, given[1])
    warning = ""
    if not error < reference:
        warning = (
            f"the reconstructions have an MSE of {error:.4f} per pixel, the mean image "
            f"{reference:.4f}: probably the range of the encoder's pixels ({pair.how.input_range})"
            f" or the meaning of the decoder's output ({pair.pixels}) is another, or the data is"
        )
    facts = {"encoder": _title(given[0]), "decoder": _title(given[1]), "mse": error}
    facts |= {"mse_of_mean_image": reference, "checked_images": len(batch)}
    facts |= {"second": pair.second, "input_range": pair.how.input_range, "pixels": pair.pixels}
    facts |= {"context": pair.context.kind or "none"}
    if pair.order is not None:
        facts["latents"] = pair.order.tolist()
    return facts | {"difference": difference, "notes": pair.notes, "warning": warning}


def _difference(pair: Pair, model: Autoencoder, codes: Tensor, decoder: Given) -> float | None:
    """The largest difference of pixels from a PyTorch decoder's own; None for a file. Raises
    `AdoptError` for more than a grey level."""
    if isinstance(decoder, str | Path):
        return None
    beside = pair.beside
    if pair.context.kind == "noise":
        beside = torch.randn(beside.shape, generator=torch.Generator().manual_seed(0))
    theirs = torch_pair.output(decoder, *pair.inputs_of_decoder(codes, beside))
    pixels = model.decode_with(codes, beside).sigmoid()
    difference = float((pixels - pair.image(theirs)).abs().max())
    if not difference <= _TOLERANCE:
        raise AdoptError(
            f"the decoder differs by {difference:.3f} from its own output in PyTorch; expected at "
            f"most {_TOLERANCE:.4f}: adopt it in evaluation mode, model.eval(), or report this"
        )
    return difference


def _title(network: Given) -> str:
    if isinstance(network, str | Path):
        return Path(network).name
    return getattr(network, "__qualname__", type(network).__name__)
