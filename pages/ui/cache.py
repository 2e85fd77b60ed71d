"""Every cache of the app. Keys are names and digests, never modules or arrays.

Models are shared by all sessions: in evaluation mode, without gradients, never changed.
"""

import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import streamlit as st

import vae
from vae import export, latent

from . import routes
from .atlas import MapAssets, publish_map

CHECKPOINTS = Path(
    os.environ.get("VAE_CHECKPOINTS_DIR", Path(__file__).parents[2] / "checkpoints")
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
        loaded.digest,
        loaded.model.latent,
        lambda z: latent.decode_bytes(loaded.model, np.array([z]))[0].tobytes(),
    )
    return loaded


@st.cache_resource(max_entries=4, show_spinner="Reading the images")
def dataset(name: str, size: int) -> vae.Dataset:
    """A data set by name. Only its test images are shown, and those of the bundled starter are
    Fashion-MNIST's own, so the map never has to read the full set."""
    bundled = "fashion-mnist-starter" if name == "fashion-mnist" else name
    return vae.load_dataset(bundled, size=size)


@st.cache_resource(max_entries=16, show_spinner="Laying out the map")
def map_assets(name: str, digest: str) -> MapAssets:
    """Encodes the test images, measures the plane, publishes what the map needs."""
    ck = checkpoint(name, digest)
    data = dataset(ck.config.train.data, ck.model.image_shape[1])
    images = data.test.images
    codes = latent.split_codes(ck, data.test)
    doubt = latent.entropy(ck.model, latent.bounds(codes.mean))
    items = publish_map(codes, data.test.labels, data.class_names, uncertainty=doubt)
    urls = {
        **items.urls,
        "items": routes.publish_images(data.digest[:16], images),
        "decode": f"{routes.PREFIX}/decode/{ck.digest}",
    }
    with suppress(export.ExportError):  # without a program the map asks the decode route
        urls["program"] = routes.publish(export.decoder_program(ck.model))
    facts = {
        **items.facts,
        "name": name,
        "digest": digest,
        "image": list(ck.model.image_shape),
        "prior": ck.model.has_prior,
        "split": f"{len(images):,} test images",
    }
    return MapAssets(urls, facts)


@st.cache_data(max_entries=20_000, show_spinner=False)
def decoded(name: str, digest: str, z: tuple[float, ...]) -> bytes:
    """The image [H, W, C] that torch decodes at z, as bytes."""
    return latent.decode_bytes(checkpoint(name, digest).model, np.array([z]))[0].tobytes()


def warm_up() -> None:
    """Fills the caches with what the first screen shows."""
    routes.plotly_url()
    for entry in checkpoints():
        if entry.name == DEFAULT_MODEL and entry.error is None:
            map_assets(entry.name, entry.digest)
