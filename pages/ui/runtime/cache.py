"""Results that several pages share; each page has a `cache.py` of its own as well.

Keys are names and digests, never modules or arrays. All sessions share the models, which are in
evaluation mode, without gradients, and never changed.
"""

import os
from pathlib import Path

import numpy as np
import streamlit as st

import vae
from vae import latent
from vae.analysis import pixel_neighbours
from vae.checkpoint.artifacts import load_aggregate
from vae.data.load import bundled_equivalent
from vae.isolation import reader
from vae.latent.aggregate_posterior import fit_aggregate_posterior
from vae.latent.density import RelativeDensity
from vae.nn.distributions import Mixture
from vae.pictures import grid

from . import routes
from .location import SEEDS, Pin, Space
from .map_assets import MapAssets, publish_map

CHECKPOINTS = Path(
    os.environ.get("VAE_CHECKPOINTS_DIR", Path(__file__).parents[3] / "checkpoints")
)
DEFAULT_MODEL = "fashion-vae"


def checkpoints() -> list[vae.Entry]:
    """The checkpoints in the folder; a damaged one has its error."""
    found = [*sorted(CHECKPOINTS.glob("*")), *sorted(CHECKPOINTS.glob("*/*"))]
    stamps = ((path, path.stat()) for path in found)
    listing = tuple((str(path), s.st_mtime_ns, s.st_size) for path, s in stamps)
    return _checkpoints(str(CHECKPOINTS), listing)


@st.cache_resource(max_entries=4, show_spinner=False)
def _checkpoints(folder: str, listing: tuple[tuple[str, int, int], ...]) -> list[vae.Entry]:
    return vae.list_checkpoints(folder)


@st.cache_resource(max_entries=8, show_spinner="Loading the model")
def _opened(name: str, digest: str) -> tuple[vae.Checkpoint, latent.Codec]:
    loaded = vae.load(CHECKPOINTS / name)
    return loaded, latent.TorchCodec(loaded.model)


def checkpoint(name: str, digest: str) -> vae.Checkpoint:
    """A checkpoint by name."""
    return _opened(name, digest)[0]


def codec(name: str, digest: str) -> latent.Codec:
    """The encoder and decoder of a checkpoint."""
    return _opened(name, digest)[1]


def space(name: str, digest: str) -> Space:
    """The latents, labels and noise seeds of a checkpoint."""
    return _space(codec(name, digest))


def _space(codec: latent.Codec) -> Space:
    info = codec.info
    return Space(info.latent, info.classes, SEEDS if info.noise_size else 1)


@st.cache_resource(max_entries=4, show_spinner="Reading the images")
def dataset(name: str, size: int) -> vae.Dataset:
    """The data set that is shown for a model trained on the one with this name; a .zip, which may
    be an upload, is read in a process of its own."""
    read = reader.read_dataset if name.endswith(".zip") else vae.load_dataset
    return read(bundled_equivalent(name), size=size)


@st.cache_resource(max_entries=16, show_spinner="Loading the map")
def map_assets(name: str, digest: str) -> MapAssets:
    """Encodes the test images and publishes everything that the map needs."""
    opened, data = codec(name, digest), display_dataset(name, digest)
    info, images = opened.info, data.test.images
    found = codes(name, digest)
    entropy = latent.pixel_entropy_field(opened, latent.bounds(found.mean))
    items = publish_map(found, data.test.labels, data.class_names, entropy=entropy)
    urls = {
        **items.urls,
        "items": routes.publish_images(data.digest[:16], images),
        "decode": routes.register_decoder(digest, _space(opened), lambda pin: _bytes(opened, pin)),
    }
    program = opened.program()
    if program is not None:  # without a program the map uses the decode route
        urls["program"] = routes.publish(program)
    if info.noise_size:
        noise = np.stack([opened.noise(seed) for seed in range(SEEDS)])
        urls["noise"] = routes.publish(noise.astype("<f4").tobytes())
    facts = {
        **items.facts,
        "contextSize": info.classes or info.noise_size,
        "context": "label" if info.classes else "noise" if info.noise_size else None,
        "name": name,
        "digest": digest,
        "image": list(info.image_shape),
        "prior": info.normal_prior,  # the map can show the density and quantiles of N(0, I) only
        "split": f"{len(images):,} test images",
    }
    return MapAssets(urls, facts)


@st.cache_data(max_entries=20_000, show_spinner=False)
def decoded_bytes(name: str, digest: str, pin: Pin) -> bytes:
    """The image [H, W, C] that torch decodes at a pin, as bytes."""
    return _bytes(codec(name, digest), pin)


def _bytes(codec: latent.Codec, pin: Pin) -> bytes:
    return codec.decode(np.array([pin.z]), label=pin.label, seed=pin.seed)[0].tobytes()


@st.cache_resource(max_entries=16, show_spinner="Encoding the test images")
def codes(name: str, digest: str) -> latent.Codes:
    """Codes of the test images."""
    return latent.split_codes(checkpoint(name, digest), display_dataset(name, digest).test)


def display_dataset(name: str, digest: str) -> vae.Dataset:
    """The data set whose test images are shown with a model."""
    config = checkpoint(name, digest).config
    return dataset(config.train.data, config.model.image_shape[1])


def code_of(name: str, digest: str, image: np.ndarray, label: int | None) -> tuple[float, ...]:
    """The code of one image uint8 [C, H, W], rounded to 4 decimals."""
    labels = None if label is None else np.array([label])
    mean = codec(name, digest).encode(image[None], labels).mean[0]
    return tuple(float(v) for v in mean.round(4) + 0.0)


@st.cache_resource(max_entries=16, show_spinner=False)
def density_reference(name: str, digest: str) -> RelativeDensity:
    """The local density of latent space, relative to that of the test images."""
    return RelativeDensity.fit(codes(name, digest).mean)


@st.cache_resource(max_entries=16, show_spinner="Fitting the aggregate posterior")
def aggregate_posterior(name: str, digest: str) -> Mixture:
    """The aggregate posterior stored with the checkpoint, else fitted to the codes of the test
    images."""
    ck = checkpoint(name, digest)
    if (stored := load_aggregate(ck)) is not None:
        return stored
    labels = display_dataset(name, digest).test.labels
    return fit_aggregate_posterior(ck.model, codes(name, digest), labels)


@st.cache_data(max_entries=200, show_spinner=False)
def decoded_images(name: str, digest: str, pins: tuple[Pin, ...]) -> np.ndarray:
    """The images uint8 [n, H, W, C] that torch decodes at pins."""
    images = {}
    for label in {pin.label for pin in pins}:
        alike = [pin for pin in pins if pin.label == label]
        z, seeds = np.array([p.z for p in alike], np.float32), np.array([p.seed for p in alike])
        decoded = codec(name, digest).decode(z, label=label, seed=seeds)
        images |= zip(alike, decoded, strict=True)
    return np.stack([images[pin] for pin in pins])


def publish_mosaic(images: np.ndarray, columns: int, *, private: bool = False) -> str:
    """The URL of images uint8 [N, H, W, C] side by side as one PNG."""
    png = grid.encode_png(grid.mosaic(images, columns))
    return routes.publish(png, "image/png", private=private)


@st.cache_data(max_entries=8, show_spinner="Measuring distances between the images")
def reference_distances(data: str, size: int) -> tuple[float, float]:
    """The 5th percentile and the median of the distances between a data set's test images."""
    return pixel_neighbours.reference_distances(dataset(data, size).test.images)


@st.cache_resource(max_entries=2, show_spinner=False)
def pixel_index(data: str, size: int) -> pixel_neighbours.PixelIndex:
    """A nearest-neighbour index of a data set's test images."""
    return pixel_neighbours.PixelIndex(dataset(data, size).test.images)


def warm_up() -> None:
    """Fills the caches that the first page needs."""
    routes.plotly_url()
    for entry in checkpoints():
        if entry.name == DEFAULT_MODEL and entry.error is None:
            map_assets(entry.name, entry.digest)
