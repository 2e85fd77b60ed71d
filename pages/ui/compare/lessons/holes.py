"""Lesson 1: a plain autoencoder's plane has holes, a VAE's has not."""

from collections.abc import Sequence

import streamlit as st

import vae
from pages.ui.compare import cache as compare_cache
from pages.ui.compare import figures as compare_figures
from pages.ui.models.families import representative
from vae.latent.density import LOW_DENSITY

from .items import choose_item, missing

FRAMES = 15


@st.fragment
def holes(entries: Sequence[vae.Entry]) -> None:
    """Two strips along the straight line between the same two items."""
    st.subheader("1 · Holes")
    pair = [representative(entries, kind) for kind in ("ae", "vae")]
    for kind, entry in zip(("ae", "vae"), pair, strict=True):
        if entry is None:
            missing("a model of kind " + kind, f"--model {kind}", f"fashion-{kind}")
    if None in pair:
        return
    st.markdown(
        "**Look for** the stretch where the autoencoder's density falls to zero: hardly an "
        "image ever landed there, so nothing holds its pictures to what is real. The VAE's walk "
        "between the same two images stays in inhabited country, because the KL packs all codes "
        "together."
    )
    torn, whole = ((entry.name, entry.digest) for entry in pair)
    first, last = compare_cache.most_contrasting_pair(torn, whole)
    start = choose_item("From", "walk-from", pair[1], first)
    end = choose_item("To", "walk-to", pair[1], last)
    if start == end:
        st.caption("Both ends are the same item; choose another one to walk to.")
        return
    walks = [compare_cache.traversal(e.name, e.digest, start, end, FRAMES) for e in pair]
    paths = [path for path, _ in walks]
    tops = (
        max(float(p.density.max()) for p in paths),
        max(float(p.nearest_error.max()) for p in paths),
        max(float(p.entropy.max()) for p in paths),
    )
    for entry, column, (path, strip) in zip(pair, st.columns(2, gap="medium"), walks, strict=True):
        with column.container(gap="small"):
            words = f"{path.low_density_fraction:.0%} of the way is empty"
            st.markdown(f"**{entry.name}** · {words}")
            st.image(
                strip,
                width="stretch",
                output_format="PNG",
                alt=f"{FRAMES} pictures decoded by {entry.name} along the straight line",
            )
            st.plotly_chart(
                compare_figures.walk_figure(path, FRAMES, tops),
                key=f"walk-{entry.name}",
                config={"displayModeBar": False},
                alt=f"Density of the items, difference from the nearest real image and pixel "
                f"entropy along the line: {words}",
            )
    st.caption(
        "The straight line between the two items' own codes in each model. Empty: less than "
        f"{LOW_DENSITY:.0%} of the density at the median test item. Nearest real image: among all "
        "test images, grey values from 0 to 1. Entropy: mean over the pixels, 0 to 0.69 nats."
    )
