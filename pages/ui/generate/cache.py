"""Caches of the Generate page: samples, and how they compare with real images."""

import json

import numpy as np
import streamlit as st

from vae.latent import sampling

from ..runtime import cache, routes
from ..runtime.location import Pin
from .sheet import SampleStats


@st.cache_data(max_entries=64, show_spinner=False)
def samples(name: str, digest: str, request: sampling.SamplingRequest) -> sampling.Samples:
    """Samples a request."""
    return sampling.sample(
        cache.checkpoint(name, digest).model,
        request,
        codes=cache.codes(name, digest),
        labels=cache.display_dataset(name, digest).shown.labels,
        density=cache.density_reference(name, digest),
        aggregate=cache.aggregate_posterior(name, digest),
    )


def sample_stats(name: str, digest: str, pins: tuple[Pin, ...]) -> SampleStats:
    """The sprite and the local density of records. The nearest real images take longer, so they
    are computed when the browser requests their URL."""
    images = cache.decoded_images(name, digest, pins)
    known = cache.images_of(name, digest)
    columns = min(20, len(pins))
    rows = -(-len(pins) // columns)
    url = cache.publish_mosaic(images, columns)
    nearest_url = routes.publish_deferred(
        f"{url} {len(images)} {known}", lambda: _nearest(images, known)
    )
    density = cache.density_reference(name, digest).at(np.array([pin.z for pin in pins]))
    return SampleStats(url, columns, rows, nearest_url, density, cache.reference_distances(known))


def _nearest(images: np.ndarray, known: cache.Images) -> bytes:
    """The nearest real image of each sample, its label and the distance, as JSON."""
    found = cache.pixel_index(known).nearest(images)
    return json.dumps(
        {
            "nearest": found.item.tolist(),
            "nearestLabel": cache.dataset(known).shown.labels[found.item].tolist(),
            "distance": found.distance.astype(float).round(4).tolist(),
        }
    ).encode()
