"""What more than one page computes once; what a page alone needs lies in its own `*_cache.py`.

In all of them keys are names and digests, never modules or arrays.

Models are shared by all sessions: in evaluation mode, without gradients, never changed.
"""

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import streamlit as st

import vae
from vae import export, latent
from vae.analysis import pixel_neighbours
from vae.checkpoint.artifacts import load_aggregate
from vae.data.named import bundled_equivalent
from vae.latent import sampling
from vae.latent.aggregate_posterior import fit_for
from vae.nn.distributions import Mixture

from . import routes
from .location import SEEDS, Pin, Space
from .map_assets import MapAssets, publish_map

CHECKPOINTS = Path(
    os.environ.get("VAE_CHECKPOINTS_DIR", Path(__file__).parents[3] / "checkpoints")
)
DEFAULT_MODEL = "fashion-vae"


def checkpoints() -> list[vae.Entry]:
    """What lies in the checkpoints folder, damaged folders included with their reason."""
    found = [*sorted(CHECKPOINTS.glob("*")), *sorted(CHECKPOINTS.glob("*/*"))]
    stamps = [(p, p.stat()) for p in found]
    return _checkpoints(
        str(CHECKPOINTS), tuple((str(p), s.st_mtime_ns, s.st_size) for p, s in stamps)
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def _checkpoints(folder: str, listing: tuple[tuple[str, int, int], ...]) -> list[vae.Entry]:
    return vae.list_checkpoints(folder)


@st.cache_resource(max_entries=8, show_spinner="Loading the model")
def checkpoint(name: str, digest: str) -> vae.Checkpoint:
    """One checkpoint; its decode route opens with it."""
    loaded = vae.load(CHECKPOINTS / name)
    routes.register_decoder(
        loaded.digest, _space(loaded.model), lambda pin: _bytes(loaded.model, pin)
    )
    return loaded


def space(name: str, digest: str) -> Space:
    """What decides about a checkpoint's pictures."""
    return _space(checkpoint(name, digest).model)


def _space(model: vae.Autoencoder) -> Space:
    return Space(model.latent, model.classes, SEEDS if model.noise_size else 1)


def shown_data(name: str) -> str:
    """The data set that is shown for `name`."""
    return bundled_equivalent(name)


@st.cache_resource(max_entries=4, show_spinner="Reading the images")
def dataset(name: str, size: int) -> vae.Dataset:
    """A data set by name."""
    return vae.load_dataset(shown_data(name), size=size)


@st.cache_resource(max_entries=16, show_spinner="Laying out the map")
def map_assets(name: str, digest: str) -> MapAssets:
    """Encodes the test images, measures the plane, publishes what the map needs."""
    ck = checkpoint(name, digest)
    data = dataset(ck.config.train.data, ck.model.image_shape[1])
    pictures = data.test.images
    codes = latent.split_codes(ck, data.test)
    doubt = latent.entropy(ck.model, latent.bounds(codes.mean))
    items = publish_map(codes, data.test.labels, data.class_names, uncertainty=doubt)
    urls = {
        **items.urls,
        "items": routes.publish_images(data.digest[:16], pictures),
        "decode": f"{routes.PREFIX}/decode/{ck.digest}",
    }
    with suppress(export.DecoderProgramError):  # without a program the map asks the decode route
        urls["program"] = routes.publish(export.decoder_program(ck.model))
    if ck.model.noise_size:
        noise = [ck.model.context_vector(seed=seed).numpy() for seed in range(SEEDS)]
        urls["details"] = routes.publish(np.stack(noise).astype("<f4").tobytes())
    facts = {
        **items.facts,
        "extra": ck.model.context_size,
        "extraKind": export.CONTEXT_NAMES[ck.model.context],
        "name": name,
        "digest": digest,
        "image": list(ck.model.image_shape),
        # The map shows a standard normal's density and quantiles, so no learned prior's.
        "prior": ck.model.has_prior and ck.config.model.prior == "normal",
        "split": f"{len(pictures):,} test images",
    }
    return MapAssets(urls, facts)


@st.cache_data(max_entries=20_000, show_spinner=False)
def decoded(name: str, digest: str, pin: Pin) -> bytes:
    """The image [H, W, C] that torch decodes there, as bytes."""
    return _bytes(checkpoint(name, digest).model, pin)


def _bytes(model: vae.Autoencoder, pin: Pin) -> bytes:
    codes = np.array([pin.z])
    return latent.decode_uint8(model, codes, label=pin.label, seed=pin.seed)[0].tobytes()


@st.cache_resource(max_entries=16, show_spinner="Encoding the test images")
def codes(name: str, digest: str) -> latent.Codes:
    """Codes of the test images."""
    ck = checkpoint(name, digest)
    return latent.split_codes(ck, shown(name, digest).test)


def shown(name: str, digest: str) -> vae.Dataset:
    """The data set whose test images a model is shown with."""
    ck = checkpoint(name, digest)
    return dataset(ck.config.train.data, ck.model.image_shape[1])


def code_of(name: str, digest: str, image: np.ndarray, label: int | None) -> tuple[float, ...]:
    """The code of one image uint8 [C, H, W], rounded as codes are shown."""
    model = checkpoint(name, digest).model
    labels = None if label is None else np.array([label])
    mean = latent.encode_images(model, image[None], labels).mean[0]
    return tuple(float(v) for v in mean.round(4) + 0.0)


@st.cache_resource(max_entries=16, show_spinner=False)
def ground(name: str, digest: str) -> sampling.Ground:
    """How the shown items lie on a model's plane."""
    return sampling.Ground.of(codes(name, digest).mean)


@st.cache_resource(max_entries=16, show_spinner="Finding where images lie")
def aggregate_posterior(name: str, digest: str) -> Mixture:
    """The one kept with the checkpoint, else fitted to the shown images' codes."""
    ck = checkpoint(name, digest)
    kept = load_aggregate(ck)
    if kept is not None:
        return kept
    return fit_for(ck.model, codes(name, digest), shown(name, digest).test.labels)


@st.cache_data(max_entries=200, show_spinner=False)
def pictures(name: str, digest: str, pins: tuple[Pin, ...]) -> np.ndarray:
    """uint8 pictures [n, H, W, C] of records that share a label, as torch decodes them."""
    z = np.array([pin.z for pin in pins], np.float32)
    seeds = np.array([pin.seed for pin in pins])
    model = checkpoint(name, digest).model
    out = None
    for label in {pin.label for pin in pins}:
        of = np.array([pin.label == label for pin in pins])
        part = latent.decode_uint8(model, z[of], label=label, seed=seeds[of])
        out = np.empty((len(pins), *part.shape[1:]), np.uint8) if out is None else out
        out[of] = part
    return out


@st.cache_data(max_entries=8, show_spinner="Comparing the images with each other")
def usual_distances(data: str, size: int) -> tuple[float, float]:
    """Between the test images of a data set: the 5th percentile and the median."""
    return pixel_neighbours.usual_distances(dataset(data, size).test.images)


@st.cache_resource(max_entries=2, show_spinner=False)
def gallery(data: str, size: int) -> pixel_neighbours.Gallery:
    """The test images of a data set, to find the nearest among."""
    return pixel_neighbours.Gallery(dataset(data, size).test.images)


def warm_up() -> None:
    """Fills the caches with what the first screen shows."""
    routes.plotly_url()
    for entry in checkpoints():
        if entry.name == DEFAULT_MODEL and entry.error is None:
            map_assets(entry.name, entry.digest)
