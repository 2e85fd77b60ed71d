"""The downloads of the clusters."""

import streamlit as st

import vae
from vae.analysis.clustering import export_table

from ..controls.downloads import downloads
from ..runtime import cache
from . import cache as clusters_cache
from .settings import ClusterSettings

_FILES = {
    "csv": ("CSV", "text/csv"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "npz": ("npz", "application/octet-stream"),
}


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
        return export_table(
            form,
            cache.codes(entry.name, entry.digest).mean,
            found.labels,
            data.shown.labels,
            class_names=data.class_names,
            known=data.shown_metadata.table(),
            names=[settings.name(k) for k in range(len(found.centres))],
        )

    name = f"{entry.name}-{settings.method}-{settings.number}"
    downloads(_FILES, create, name=name, key="clusters")
