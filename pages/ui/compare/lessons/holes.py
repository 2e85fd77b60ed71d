"""Lesson 1: the latent space of a plain autoencoder has holes, that of a VAE has not."""

from collections.abc import Sequence

import streamlit as st

import vae
from pages.ui.compare import cache as compare_cache
from pages.ui.compare import figures as compare_figures
from pages.ui.models.families import representative
from vae.latent.density import LOW_DENSITY

from .items import choose_item, lesson, missing, show_chart

FRAMES = 15


@lesson("1 · Holes: does every code decode to an image that could be real?", "holes")
def holes(entries: Sequence[vae.Entry]) -> None:
    """Two models along the straight line between the same two images."""
    pair = [representative(entries, kind) for kind in ("ae", "vae")]
    for kind, entry in zip(("ae", "vae"), pair, strict=True):
        if entry is None:
            missing("a model of kind " + kind, f"--model {kind}", f"fashion-{kind}")
    if None in pair:
        return
    st.markdown(
        "**What to look for.** Where the density of the autoencoder falls to zero, it has "
        "hardly any codes, so its images there need not look real. The path of the VAE between "
        "the same two images stays in high-density regions, because the KL term keeps all codes "
        "together."
    )
    autoencoder, variational = ((entry.name, entry.digest) for entry in pair)
    first, last = compare_cache.most_contrasting_pair(autoencoder, variational)
    start = choose_item("From", "walk-from", pair[1], first)
    end = choose_item("To", "walk-to", pair[1], last)
    if start == end:
        st.caption("Both ends are the same image; choose another one.")
        return
    traversals = [compare_cache.traversal(e.name, e.digest, start, end, FRAMES) for e in pair]
    paths = [path for path, _ in traversals]
    tops = [
        max(float(values.max()) for values in both)
        for both in zip(*((p.density, p.nearest_error, p.entropy) for p in paths), strict=True)
    ]
    columns = st.columns(2, gap="medium")
    for entry, column, (path, strip) in zip(pair, columns, traversals, strict=True):
        with column.container(gap="small"):
            summary = f"{path.low_density_fraction:.0%} of the path has low density"
            st.markdown(f"**{entry.name}** · {summary}")
            alt = f"{FRAMES} images decoded by {entry.name} along the straight line"
            st.image(strip, width="stretch", output_format="PNG", alt=alt)
            figure = compare_figures.traversal_figure(path, FRAMES, tops)
            alt = "Density, distance from the nearest real image and pixel entropy along the line"
            show_chart(figure, f"walk-{entry.name}", f"{alt}: {summary}")
    st.caption(
        "The straight line between the codes of the two images in each model. Low density: "
        f"less than {LOW_DENSITY:.0%} of the density at the median test image. Nearest real "
        "image: among all test images, grey values from 0 to 1. Entropy: mean over the pixels, "
        "0 to 0.69 nats."
    )
