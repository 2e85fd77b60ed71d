"""Results that several pages share; each page has a `cache.py` of its own as well.

Keys are names and digests, never modules or arrays. All sessions share the models, which are in
evaluation mode, without gradients, and never changed.
"""

import hashlib
import json
import os
import sys
from collections.abc import Sequence
from functools import partial
from inspect import signature
from pathlib import Path
from typing import NamedTuple

import numpy as np
import streamlit as st
from streamlit.runtime.caching.cache_utils import CachedFunc

import vae
from vae import latent
from vae.analysis import columns as map_columns
from vae.analysis import pixel_neighbours
from vae.checkpoint.artifacts import data_path, load_aggregate
from vae.config import Preparation
from vae.data import kept_images, selection, sources
from vae.data.load import NAMED, bundled_equivalent, preparation_of
from vae.data.sources import TORCHVISION
from vae.explorer.map_data import decoder_data
from vae.formats.untrusted import DataError
from vae.isolation import reader
from vae.latent.aggregate_posterior import fit_aggregate_posterior
from vae.latent.codec import SEEDS
from vae.latent.density import RelativeDensity
from vae.nn.distributions import Mixture
from vae.pictures import grid

from . import routes
from .location import Pin, Space
from .map_assets import MapAssets, publish_map

CHECKPOINTS = Path(
    os.environ.get("VAE_CHECKPOINTS_DIR", Path(__file__).parents[3] / "checkpoints")
)
_BROWSER = {  # the first bytes of pictures that browsers show
    b"\x89PNG": "image/png",
    b"\xff\xd8": "image/jpeg",
    b"GIF8": "image/gif",
    b"BM": "image/bmp",
}
DEFAULT_MODEL, SHARP_MODEL = "fashion-vae", "fashion-exemplar"


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


class Images(NamedTuple):
    """What identifies the images of a model: the name or path of the data, how they are prepared,
    and the share that is held out where the data has no test images."""

    data: str
    how: Preparation
    held_out: float
    folder: str = ""  # of the checkpoint, if its images are to be used, since the data is not here


def images_of(name: str, digest: str) -> Images:
    """The images that are shown with a model."""
    opened = checkpoint(name, digest)
    config, data = opened.config, bundled_equivalent(data_path(opened))
    gone = data not in NAMED and not os.path.exists(data) and kept_images.exists(opened.path)
    kept = str(opened.path) if gone else ""
    return Images(data, preparation_of(config), config.train.held_out, kept)


def data_missing(entry: vae.Entry) -> str | None:
    """The path where the data of a model is not found; None if it is there, or has a name."""
    data = data_path(entry)
    named = data in NAMED or data.startswith(TORCHVISION)
    return None if named or os.path.exists(data) else data


@st.cache_resource(max_entries=4, show_spinner="Reading the images")
def dataset(images: Images) -> vae.Dataset:
    """A data set; files, which may be uploads, are read in a process of its own."""
    data, how, held_out, folder = images
    if folder:
        return kept_images.load(Path(folder))
    if data in NAMED:
        return vae.load_dataset(data, preparation=how, held_out=held_out)
    if not data.startswith(TORCHVISION) and not os.path.exists(data):
        raise DataError(
            f"its images are not at {data} any more, and none are kept with it; its owner can "
            "point to them on the page Models"
        )
    return reader.read_dataset(data, how, held_out)


@st.cache_resource(max_entries=16, show_spinner="Loading the map")
def map_assets(name: str, digest: str) -> MapAssets:
    """Encodes the images and publishes everything that the map needs."""
    opened, data = codec(name, digest), display_dataset(name, digest)
    images = data.shown.images
    items = publish_map(
        codes(name, digest),
        data.shown.labels,
        data.class_names,
        columns=columns(images_of(name, digest)),
    )
    urls = {
        **items.urls,
        **item_urls(name, digest, data.shown.digest[:16], images, data.shown_metadata.paths),
        "entropy": routes.publish_deferred(
            f"entropy {name} {digest}", partial(_entropy, name, digest), "application/octet-stream"
        ),
        "decode": routes.register_decoder(digest, _space(opened), lambda pin: _bytes(opened, pin)),
    }
    arrays, decoder = decoder_data(opened)  # without a program the map uses the decode route
    urls |= {key: routes.publish(array) for key, array in arrays.items()}
    facts = {
        **items.facts,
        **decoder,
        "name": name,
        "digest": digest,
        "split": data.shown_count,
        "heldOut": len(data.test.labels),  # the first images; those after them are trained on
        "choices": list(selection.choices(data).items()),
        "shown": selection.select(data).show,
    }
    return MapAssets(urls, facts)


@st.cache_resource(max_entries=16, show_spinner=False)
def _entropy(name: str, digest: str) -> bytes:
    """The decoder's pixel entropy over the rectangle of the map, float32 values row by row."""
    area = latent.bounds(codes(name, digest).mean)
    return latent.pixel_entropy_field(codec(name, digest), area).values.astype("<f4").tobytes()


@st.cache_resource(max_entries=4, show_spinner=False)
def columns(images: Images) -> dict[str, map_columns.Column]:
    """The columns of a data set that its map may be coloured by, of all images by their numbers
    (`vae.data.selection`)."""
    return map_columns.colourings(selection.metadata_of(dataset(images)).columns)


def item_urls(
    name: str,
    digest: str,
    key: str,
    images: Sequence[np.ndarray],
    paths: Sequence[str],
    numbers: Sequence[int] | None = None,
) -> dict[str, str]:
    """The URLs of images [N, C, H, W], of the names of their files, of some or all, and of these
    files, below a `key` that determines the images."""
    urls = {"items": routes.publish_images(key, images)}
    if paths:
        names = paths if numbers is None else {number: paths[number] for number in numbers}
        urls["files"] = routes.publish(json.dumps(names).encode(), "application/json")
        if source := originals(name, digest):
            read = routes.Originals(len(paths), lambda item: _original(source, paths[item]))
            where = f"{key} {data_path(checkpoint(name, digest))}"  # which may be moved
            where = hashlib.sha256(where.encode()).hexdigest()[:16]
            urls["originals"] = routes.publish_originals(where, read)
    return urls


def originals(name: str, digest: str) -> sources.Originals | None:
    """The picture files of a model's images; None without any, or if they are not here."""
    images = images_of(name, digest)
    if images.folder or images.data in NAMED:  # of these the paths are names
        return None
    known = display_dataset(name, digest).shown_metadata.paths
    return sources.Originals(images.data) if known else None


def _original(source: sources.Originals, path: str) -> tuple[bytes, str]:
    """The bytes and the media type of a picture file, as a PNG if browsers show no such."""
    content = source.read(path)
    for mark, kind in _BROWSER.items():
        if content.startswith(mark):
            return content, kind
    return grid.encode_png(reader.read_picture(content, path)), "image/png"


@st.cache_data(max_entries=20_000, show_spinner=False)
def decoded_bytes(name: str, digest: str, pin: Pin) -> bytes:
    """The image [H, W, C] that torch decodes at a pin, as bytes."""
    return _bytes(codec(name, digest), pin)


def _bytes(codec: latent.Codec, pin: Pin) -> bytes:
    return codec.decode(np.array([pin.z]), label=pin.label, seed=pin.seed)[0].tobytes()


@st.cache_resource(max_entries=16, show_spinner="Encoding the images")
def codes(name: str, digest: str) -> latent.Codes:
    """Codes of the images that are shown."""
    return latent.split_codes(checkpoint(name, digest), display_dataset(name, digest).shown)


def display_dataset(name: str, digest: str) -> vae.Dataset:
    """The data set whose images are shown with a model."""
    return dataset(images_of(name, digest))


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
    labels = display_dataset(name, digest).shown.labels
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
def reference_distances(images: Images) -> tuple[float, float]:
    """The 5th percentile and the median of the distances between the images that are shown."""
    return pixel_neighbours.reference_distances(dataset(images).shown.images)


@st.cache_resource(max_entries=2, show_spinner=False)
def pixel_index(images: Images) -> pixel_neighbours.PixelIndex:
    """A nearest-neighbour index of the images that are shown."""
    return pixel_neighbours.PixelIndex(dataset(images).shown.images)


def forget_images() -> None:
    """Lets go of what is computed from the images of models, in the caches of all pages: those of
    a model have been found elsewhere, and may be more than were kept with it."""
    for module in [m for name, m in sys.modules.items() if name.startswith("pages.ui.")]:
        for function in vars(module).values():
            if isinstance(function, CachedFunc) and "digest" in signature(function).parameters:
                function.clear()


def warm_up() -> None:
    """Fills the caches that the first page needs."""
    routes.plotly_url()
    for entry in checkpoints():
        if entry.name == DEFAULT_MODEL and entry.error is None:
            map_assets(entry.name, entry.digest)
