"""Caches of the search by choosing: what the pictures of a model are like, and galleries."""

from functools import partial

import numpy as np
import streamlit as st

from vae.preference.search import PreferenceSearch

from ..runtime import cache
from .search import Found, Search


@st.cache_resource(max_entries=4, show_spinner="Looking at pictures of this model")
def _engine(name: str, digest: str, label: int | None) -> PreferenceSearch:
    """The search in a model's latent space, of a conditional model for one label."""
    prior = cache.aggregate_posterior(name, digest)
    codec = cache.codec(name, digest)
    if label is not None:
        prior = prior.block(label, codec.info.classes)
    return PreferenceSearch(partial(codec.pixel_means, label=label), prior)


@st.cache_data(max_entries=400, show_spinner=False)
def gallery(name: str, digest: str, label: int | None, search: Search) -> Found:
    """The gallery that follows the choices of a search; raises PreferenceError."""
    choices = [np.array(choice, np.float32) for choice in search.choices]
    found = _engine(name, digest, label).gallery(choices)
    return Found(f"{digest[:12]}/{label}/{search.key}", found.codes.tolist(), found.spread)


def chosen(
    name: str, digest: str, label: int | None, search: Search, found: Found, index: int
) -> Search:
    """The search after the choice of a picture in its gallery."""
    choice = _engine(name, digest, label).choose(np.array(found.codes), index)
    return Search((*search.choices, tuple(tuple(map(float, code)) for code in choice)))
