"""The downloads of the clusters: tables, and the picture files of each cluster."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

import vae
from vae.analysis.clustering import export_table
from vae.data import selection

from ..controls.downloads import downloads
from ..controls.originals_panel import Chosen, originals_panel
from ..models import shown_items
from ..runtime import cache
from ..runtime.text import plain
from . import cache as clusters_cache
from .settings import ClusterSettings

_FILES = {
    "csv": ("CSV", "text/csv"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "npz": ("npz", "application/octet-stream"),
}
_ALL, _FOLDERS = -1, ("cluster", "class")


def cluster_files(entry: vae.Entry, settings: ClusterSettings) -> None:
    """Shows a button per format; a file is created when its button is pressed."""
    st.subheader("Download")
    st.caption(
        "One row per image: index, label, class, cluster (−1: noise), cluster name, file and what "
        "else is known of it, code."
    )
    data = cache.display_dataset(entry.name, entry.digest)

    def create(form: str) -> bytes:
        found = clusters_cache.clustering(entry.name, entry.digest, *settings.key)
        numbers = selection.select(data, settings.show).numbers
        return export_table(
            form,
            shown_items.codes(entry.name, entry.digest, settings.show).mean,
            found.labels,
            selection.labels_of(data, numbers),
            numbers=numbers,
            class_names=data.class_names,
            known=selection.metadata_of(data).take(numbers).table(),
            names=[settings.name(k) for k in range(len(found.centres))],
        )

    name = f"{entry.name}-{settings.method}-{settings.number}"
    downloads(_FILES, create, name=name, key="clusters")
    source = cache.originals(entry.name, entry.digest)
    if source is not None:
        key = f"{entry.digest}-{settings.key}"
        originals_panel(key, source, lambda: _chosen_originals(entry, settings))


def _chosen_originals(entry: vae.Entry, settings: ClusterSettings) -> Chosen:
    """Draws the choice of a cluster and of the folders."""
    found = clusters_cache.clustering(entry.name, entry.digest, *settings.key)
    data, names = cache.display_dataset(entry.name, entry.digest), _names(found.centres, settings)
    st.markdown("**Original pictures**")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cluster = st.selectbox(
            "Pictures of",
            [_ALL, *range(len(names))],
            min(settings.selected + 1, len(names)),
            format_func=lambda k: "all clusters" if k == _ALL else names[k],
            width=270,
            help="Noise belongs to no cluster and is left out." * bool((found.labels < 0).any()),
            key=f"clusters-originals-{len(names)}-{settings.selected}",
        )
        folder = _FOLDERS[0]
        if cluster != _ALL and len(data.class_names) > 1:
            folder = st.segmented_control(
                "A folder per", _FOLDERS, default=folder, required=True, key="clusters-folders"
            )
    rows = [int(row) for k in ([cluster] if cluster != _ALL else range(len(names)))
            for row in found.members(k)]  # fmt: skip
    numbers = selection.select(data, settings.show).numbers[rows].tolist()
    paths = [selection.name_of(data, number) for number in numbers]
    per_cluster = [names[found.labels[row]] for row in rows]
    which = "all clusters" if cluster == _ALL else plain(names[cluster])
    file = f"{entry.name}-clusters" if cluster == _ALL else f"{entry.name}-cluster-{cluster + 1}"
    folders = None if folder == _FOLDERS[1] else per_cluster
    return Chosen(paths, folders, file, f"{which}, a folder per {folder}")


def _names(centres: Sequence, settings: ClusterSettings) -> list[str]:
    """The names of all clusters, with their numbers where several have the same."""
    names = [settings.name(k) for k in range(len(centres))]
    count = Counter(names)
    return [f"{name} ({k})" if count[name] > 1 else name for k, name in enumerate(names, 1)]
