"""Caches of the Generate page: samples, and how they compare with real images."""

import json

import numpy as np
import streamlit as st

from vae.analysis.ready_directions import ready_directions
from vae.evaluation.class_reader import ClassReader
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
    directions_url, near = _ready_directions_url(name, digest), cache.reference_distances(known)
    return SampleStats(url, columns, rows, nearest_url, directions_url, density, near)


@st.cache_resource(max_entries=2, show_spinner=False)
def class_reader(images: cache.Images) -> ClassReader | None:
    """What reads the class that a picture shows; None where there is one class only."""
    dataset = cache.dataset(images)
    if len(dataset.class_names) < 2:
        return None
    return ClassReader(dataset, cache.pixel_index(images))


def _ready_directions_url(name: str, digest: str) -> str:
    """Where the directions that are ready for each class are served, by its number."""

    def found() -> bytes:
        dataset, codes = cache.display_dataset(name, digest), cache.codes(name, digest).mean
        ready = ready_directions(dataset, codes, model=name, digest=digest)
        return json.dumps(
            {
                label: [{"name": d.name, "vector": d.vector, "auc": round(d.auc, 2)} for d in some]
                for label, some in ready.items()
            }
        ).encode()

    return routes.publish_deferred(f"directions {digest} {cache.images_of(name, digest)}", found)


def _nearest(images: np.ndarray, known: cache.Images) -> bytes:
    """The nearest real image of each sample, its label and the distance, and the class that the
    sample shows, as JSON."""
    found = cache.pixel_index(known).nearest(images)
    read = class_reader(known)
    return json.dumps(
        {
            "kinds": read(images).argmax(1).tolist() if read else [0] * len(images),
            "nearest": found.item.tolist(),
            "nearestLabel": cache.dataset(known).shown.labels[found.item].tolist(),
            "distance": found.distance.astype(float).round(4).tolist(),
        }
    ).encode()
