"""Lesson 3: what an adversary and a hierarchy buy."""

from collections.abc import Sequence

import streamlit as st

import vae
from pages.ui.compare import cache as compare_cache
from pages.ui.compare import figures as compare_figures
from pages.ui.models.families import representative
from pages.ui.models.metrics_table import metrics_table
from pages.ui.runtime import cache

from .items import choose_item, missing

DRAWS, SEEDS = 1500, 8
_FIRST = 6  # a shirt: the class that looks most like others, so its code is least certain


@st.fragment
def depth(entries: Sequence[vae.Entry]) -> None:
    """One item: its cloud in a Gaussian and an adversarial model, its details in a deep one."""
    st.subheader("3 · Adversary and hierarchy")
    gauss, free, deep = (representative(entries, kind) for kind in ("vae", "avb", "hvae"))
    if free or deep:
        reference = gauss or free or deep
        centres = compare_cache.central_items(reference.name, reference.digest)
        item = choose_item(
            "Item", "depth-item", reference, centres[min(_FIRST, len(centres) - 1)] or 0
        )
        _adversary(gauss, free, item)
        _hierarchy(deep, item)
        shown = [entry for entry in (gauss, free, deep) if entry]
        st.html(
            metrics_table(
                shown, ("reconstruction", "kl", "nll_exact", "nll_iwae"), "What they buy"
            )
        )
    if free is None:
        missing("an adversarial model", "--model avb", "fashion-avb")
    if deep is None:
        missing(
            "a hierarchical model", "--model hvae --binarize --beta-fraction 0.3", "fashion-hvae"
        )


def _adversary(gauss: vae.Entry | None, free: vae.Entry | None, item: int) -> None:
    if free is None:
        return
    st.markdown(
        "**Look for** a cloud that is no ellipse: a Gaussian VAE must answer *where could this "
        "image lie?* with an ellipse, while the adversarial one may bend its cloud along the "
        "places that explain the image equally well."
    )
    kinds = [entry for entry in (gauss, free) if entry]
    for entry, column in zip(kinds, st.columns(2, gap="medium"), strict=False):
        draws = compare_cache.posterior_draws(entry.name, entry.digest, item, DRAWS)
        outline = compare_figures.ellipse(draws.mean(0), draws.std(0))
        with column:
            st.markdown(f"**{entry.name}** · {DRAWS:,} draws for this item")
            st.plotly_chart(
                compare_figures.cloud_figure(
                    draws, outline, "95 % of the Gaussian with its moments"
                ),
                key=f"cloud-{entry.name}",
                config={"displayModeBar": False},
                alt=f"Cloud of draws from the posterior of {entry.name}, and a Gaussian's ellipse",
            )


def _hierarchy(deep: vae.Entry | None, item: int) -> None:
    if deep is None:
        return
    st.markdown(
        "**Look for** what stays and what changes: all these pictures share one place on the "
        "plane. Where one kind of garment lives there it stays, and the levels below choose its "
        "details; where several meet, the levels below decide between them too."
    )
    data = cache.display_dataset(deep.name, deep.digest)
    pictures = compare_cache.details(deep.name, deep.digest, item, SEEDS)
    original = data.test.images[item].transpose(1, 2, 0)
    words = ["original", "means", *(f"seed {s}" for s in range(1, SEEDS + 1))]
    st.markdown(f"**{deep.name}** · the place of this item")
    with st.container(horizontal=True, gap="small"):
        for picture, word in zip((original, *pictures), words, strict=True):
            st.image(
                picture if picture.shape[2] > 1 else picture[..., 0],
                caption=word,
                width=96,
                output_format="PNG",
                alt=f"{deep.name}: {word}",
            )
