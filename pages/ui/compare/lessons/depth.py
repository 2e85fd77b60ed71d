"""Lesson 3: adversarial and hierarchical models."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

import vae
from pages.ui.compare import cache as compare_cache
from pages.ui.compare import figures as compare_figures
from pages.ui.models.families import representative
from pages.ui.models.metrics_table import metrics_table
from pages.ui.runtime import cache

from .items import choose_item, lesson, missing, show_chart

SAMPLES, SEEDS = 1500, 8
_FIRST = 0  # a T-shirt, whose adversarial posterior is tilted most


@lesson("3 · Adversary and hierarchy: what do they add to a VAE?", "depth")
def depth(entries: Sequence[vae.Entry]) -> None:
    """One image: its Gaussian and adversarial posterior, and its noise variations."""
    models = [representative(entries, kind) for kind in ("vae", "avb", "hvae")]
    gaussian, adversarial, deep = models
    if adversarial or deep:
        reference = gaussian or adversarial or deep
        centres = compare_cache.central_items(reference.name, reference.digest)
        first = centres[min(_FIRST, len(centres) - 1)] or 0
        item = choose_item("Image", "depth-item", reference, first)
        _posteriors(gaussian, adversarial, item)
        _noise(deep, item)
        shown = [entry for entry in models if entry]
        st.html(
            metrics_table(shown, ("reconstruction", "kl", "nll_exact", "nll_bound"), "Benefit")
        )
    if adversarial is None:
        missing("an adversarial model", "--model avb", "fashion-avb")
    if deep is None:
        missing(
            "a hierarchical model", "--model hvae --binarize --beta-fraction 0.3", "fashion-hvae"
        )


def _posteriors(gaussian: vae.Entry | None, adversarial: vae.Entry | None, item: int) -> None:
    if adversarial is None:
        return
    st.markdown(
        "**What to look for.** The posterior of a Gaussian VAE is an ellipse along the axes, "
        "because it has a variance per axis. The adversarial model may give its posterior any "
        "shape; compare the numbers with those of a Gaussian, which are 0: is it only tilted?"
    )
    kinds = [entry for entry in (gaussian, adversarial) if entry]
    for entry, column in zip(kinds, st.columns(2, gap="medium"), strict=False):
        samples = compare_cache.posterior_draws(entry.name, entry.digest, item, SAMPLES)
        outline = compare_figures.ellipse(samples.mean(0), samples.std(0))
        with column:
            st.markdown(f"**{entry.name}** · {SAMPLES:,} samples of the posterior")
            words = "95 % of a Gaussian of the same mean and variances"
            figure = compare_figures.posterior_figure(samples, outline, words)
            alt = f"Samples of the posterior of {entry.name}, and the ellipse of a Gaussian"
            show_chart(figure, f"cloud-{entry.name}", alt)
            st.caption(shape_words(samples))


def shape_words(samples: np.ndarray) -> str:
    """How far samples [n, 2] are from a Gaussian with a variance per axis."""
    z = (samples - samples.mean(0)) / samples.std(0)
    moments = ((z**3).mean(0), "skewness"), ((z**4).mean(0) - 3, "excess kurtosis")
    shape = ", ".join(f"{name} {m[0]:.2f} and {m[1]:.2f}" for m, name in moments)
    return f"Tilt: correlation {z.prod(1).mean():.2f}. Shape of z1 and z2: {shape}."


def _noise(deep: vae.Entry | None, item: int) -> None:
    if deep is None:
        return
    st.markdown(
        "**What to look for.** All these images share one code on the map. Where one class "
        "dominates, it stays the same and the lower levels add detail; where several classes "
        "meet, the lower levels also choose between them."
    )
    data = cache.display_dataset(deep.name, deep.digest)
    images = compare_cache.noise_variations(deep.name, deep.digest, item, SEEDS)
    original = data.shown.images[item].transpose(1, 2, 0)
    captions = ["original", "zero noise", *(f"noise seed {s}" for s in range(1, SEEDS + 1))]
    st.markdown(f"**{deep.name}** · the code of this image")
    with st.container(horizontal=True, gap="small"):
        for image, caption in zip((original, *images), captions, strict=True):
            alt = f"{deep.name}: {caption}"
            st.image(image, caption=caption, width=96, output_format="PNG", alt=alt)
