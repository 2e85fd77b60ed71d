"""Caches of the Augment page: what a model makes its images from, and ten of each class."""

import numpy as np
import streamlit as st

from vae.augmentation import dataset_files, synthetic
from vae.augmentation.synthetic import Source
from vae.pictures import grid

from ..runtime import cache
from ..runtime.jobs import Job
from .settings import AugmentRequest
from .tables import SHOWN, Row

_TRIES = 64  # draws a class for what is shown before the file is made
_TYPES = {"zip": "application/zip", "npz": "application/octet-stream"}


@st.cache_resource(max_entries=8, show_spinner="Finding where each class lies")
def source(name: str, digest: str) -> Source:
    """Learned from training images: a classifier will be tested on the others."""
    return synthetic.source(cache.checkpoint(name, digest), cache.shown(name, digest))


@st.cache_data(max_entries=64, show_spinner=False)
def preview(name: str, digest: str, request: AugmentRequest) -> list[Row]:
    """Ten of each class, or what a few draws find."""
    found = source(name, digest)
    made = synthetic.synthesize(
        found,
        SHOWN,
        spread=request.spread,
        seed=request.seed,
        least_confidence=request.least,
        most_tries=_TRIES,
        short=True,
    )
    rows = []
    for label, title in enumerate(found.class_names):
        own = made.images[made.labels == label].transpose(0, 2, 3, 1)
        strip = b""
        if len(own):
            strip = grid.png(grid.mosaic(np.ascontiguousarray(own), len(own)))
        rows.append(Row(title, strip, len(own), int(made.passed[label]), int(made.tried[label])))
    return rows


def make_file(name: str, digest: str, request: AugmentRequest, format: str) -> Job:
    """Starts to make the file; everything shared is read here, before the thread."""
    found = source(name, digest)
    origin = dataset_files.Origin(
        name,
        digest,
        cache.shown(name, digest).name,
        request.per_class,
        request.spread,
        request.seed,
        request.least or None,
        found.judged_by,
        found.class_names,
    )

    def work(progress) -> bytes:
        made = synthetic.synthesize(
            found,
            request.per_class,
            spread=request.spread,
            seed=request.seed,
            least_confidence=request.least,
            watch=progress,
        )
        return dataset_files.write(made, origin, format)

    count = request.per_class * len(found.class_names)
    return Job(
        work,
        name=f"{count:,} images, {request.per_class:,} of each class, seed {request.seed}",
        file=f"{name}-made-{request.seed}.{format}",
        media_type=_TYPES[format],
        expected=synthetic.AugmentError,
    )
