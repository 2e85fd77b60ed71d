"""What the Generate page computes once: pictures of records, and what is known of them."""

import json

import numpy as np
import streamlit as st

from vae.latent import sampling
from vae.pictures import grid

from ..runtime import cache, routes
from ..runtime.location import Pin
from .sheet import SampleStats


def sample_stats(name: str, digest: str, pins: tuple[Pin, ...]) -> SampleStats:
    """What is known of records: pictures in one sprite and crowding at once, the nearest real
    images when the browser asks, because those take longer than all else."""
    made, trained = cache.pictures(name, digest, pins), cache.checkpoint(name, digest).config
    data, size = trained.train.data, trained.model.image_shape[1]
    columns = min(20, len(pins))
    rows = -(-len(pins) // columns)
    room = np.zeros((columns * rows, *made.shape[1:]), np.uint8)
    room[: len(made)] = made
    sprite = grid.mosaic(room, columns)
    grey = made.shape[3] == 1
    url = routes.publish(grid.png(sprite[..., 0] if grey else sprite), "image/png")
    return SampleStats(
        url,
        columns,
        rows,
        routes.publish_later(
            f"{url} {len(made)} {data} {size}", lambda: _nearest(made, data, size)
        ),
        cache.ground(name, digest).at(np.array([pin.z for pin in pins])),
        cache.usual_distances(data, size),
    )


def _nearest(made: np.ndarray, data: str, size: int) -> bytes:
    """The nearest real image of each picture, its label and the distance, as JSON."""
    near = cache.gallery(data, size).nearest(made)
    found = {
        "nearest": near.item.tolist(),
        "nearestLabel": cache.dataset(data, size).test.labels[near.item].tolist(),
        "distance": near.distance.astype(float).round(4).tolist(),
    }
    return json.dumps(found).encode()


@st.cache_data(max_entries=64, show_spinner=False)
def samples(name: str, digest: str, request: sampling.SamplingRequest) -> sampling.Samples:
    """The records of a request."""
    return sampling.sample(
        cache.checkpoint(name, digest).model,
        request,
        codes=cache.codes(name, digest),
        labels=cache.shown(name, digest).test.labels,
        density=cache.ground(name, digest),
        aggregate=cache.aggregate_posterior(name, digest),
    )
