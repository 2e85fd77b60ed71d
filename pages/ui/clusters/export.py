"""The files in which clusters are taken home."""

import streamlit as st

import vae
from vae.analysis.clustering import table

from ..runtime import cache
from . import cache as clusters_cache
from .settings import Grouping

_FILES = {
    "csv": ("CSV", "text/csv"),
    "parquet": ("Parquet", "application/vnd.apache.parquet"),
    "npz": ("npz", "application/octet-stream"),
}


def cluster_files(entry: vae.Entry, grouping: Grouping) -> None:
    """One button a format; the file is made when it is pressed."""
    st.subheader("Take it home")
    st.caption(
        "One row an image: index, label, class, cluster (−1: noise), the cluster's name, its code."
    )
    data = cache.shown(entry.name, entry.digest)

    def make(form: str) -> bytes:
        found = clusters_cache.clustering(entry.name, entry.digest, *grouping.key)
        return table(
            form,
            cache.codes(entry.name, entry.digest).mean,
            found.labels,
            data.test.labels,
            class_names=data.class_names,
            names=[grouping.name(k) for k in range(len(found.centres))],
        )

    with st.container(horizontal=True):
        for form, (words, kind) in _FILES.items():
            st.download_button(
                words,
                lambda form=form: make(form),
                f"{entry.name}-{grouping.method}-{grouping.number}.{form}",
                kind,
                on_click="ignore",
                key=f"clusters-{form}",
            )
