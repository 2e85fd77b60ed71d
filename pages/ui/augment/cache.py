"""The caches of the Augment page: a model's source of labelled images, and a preview."""

import streamlit as st

from vae.augmentation import dataset_files, synthetic
from vae.augmentation.synthetic import Source
from vae.pictures import grid

from ..runtime import cache
from ..runtime.jobs import Job, start_job
from .settings import AugmentSettings
from .tables import SHOWN, PreviewRow

_PREVIEW_DRAWS = 64  # per class
_MEDIA_TYPES = {"zip": "application/zip", "npz": "application/octet-stream"}


@st.cache_resource(max_entries=8, show_spinner="Fitting the codes of each class")
def source(name: str, digest: str) -> Source:
    """The source of labelled images, fitted to training images only: a classifier may be tested on
    the test images."""
    return synthetic.create_source(
        cache.checkpoint(name, digest), cache.display_dataset(name, digest)
    )


def _synthesize(found: Source, count: int, settings: AugmentSettings, **options):
    chosen = {name: getattr(settings, name) for name in ("spread", "seed", "min_confidence")}
    return synthetic.synthesize(found, count, **chosen, **options)


@st.cache_data(max_entries=64, show_spinner=False)
def preview(name: str, digest: str, settings: AugmentSettings) -> list[PreviewRow]:
    """Ten images per class, or as many as a few draws give."""
    found = source(name, digest)
    made = _synthesize(found, SHOWN, settings, max_draws=_PREVIEW_DRAWS, allow_fewer=True)
    rows = []
    for label, title in enumerate(found.class_names):
        images = made.images[made.labels == label].transpose(0, 2, 3, 1)
        strip = grid.encode_png(grid.mosaic(images, len(images))) if len(images) else b""
        passed, tried = int(made.accepted[label]), int(made.draws[label])
        rows.append(PreviewRow(title, strip, len(images), passed, tried))
    return rows


def start_export(name: str, digest: str, settings: AugmentSettings, format: str) -> Job:
    """Starts creating the file. Streamlit's caches are read here, before the thread starts."""
    found = source(name, digest)
    origin = dataset_files.Origin(
        name,
        digest,
        cache.display_dataset(name, digest).name,
        settings.per_class,
        settings.spread,
        settings.seed,
        settings.min_confidence or None,
        found.classifier_name,
        found.class_names,
    )

    def work(progress) -> bytes:
        made = _synthesize(found, settings.per_class, settings, progress=progress)
        return dataset_files.write(made, origin, format)

    count = settings.per_class * len(found.class_names)
    title = f"{count:,} images, {settings.per_class:,} per class, seed {settings.seed}"
    file = f"{name}-synthetic-{settings.seed}.{format}"
    return start_job(work, name=title, file=file, media_type=_MEDIA_TYPES[format])
