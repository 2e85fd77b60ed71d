"""Lesson 2: the trade-off of beta."""

from collections.abc import Sequence

import streamlit as st

import vae
from pages.ui.compare import cache as compare_cache
from pages.ui.compare import figures as compare_figures
from pages.ui.models.families import beta_family, evaluation
from pages.ui.runtime import cache

from .items import lesson, missing, show_chart

SIDE, EXTENT = 11, 2.5


@lesson("2 · Beta: what does the weight of the KL term change?", "weight")
def beta(entries: Sequence[vae.Entry]) -> None:
    """One model at several betas: its map, its decoded grid, its rate and distortion."""
    family = beta_family(entries)
    if not family:
        what = "three or more models that differ only in beta"
        more = "; repeat it with 0.3, 1, 3 and 10"
        missing(what, "--model vae --beta 0.1", "fashion-beta-0.1", more)
        return
    st.markdown(
        "**What to look for.** With a small beta the codes spread past the prior and leave gaps; "
        "with a large one they fill one round cloud and the images blur. Compare the squared "
        "errors: below some beta the reconstructions hardly get sharper."
    )
    betas = [entry.config.model.beta for entry in family]
    middle = min(range(len(betas)), key=lambda i: abs(betas[i] - 1))
    chosen = st.segmented_control(
        "Beta, the weight of the KL term",
        range(len(betas)),
        default=middle,
        required=True,
        format_func=lambda i: f"{betas[i]:g}",
        key="lesson-beta",
    )
    entry = family[chosen]
    data = cache.display_dataset(entry.name, entry.digest)
    codes = cache.codes(entry.name, entry.digest).mean
    left, centre, right = st.columns(3, gap="medium")
    with left:
        st.markdown("**Codes of test images**")
        figure = compare_figures.codes_figure(codes, data.shown.labels, data.class_names)
        alt = f"Codes of 2,500 test images at beta {betas[chosen]:g}, coloured by class"
        show_chart(figure, "beta-codes", alt)
    with centre:
        st.markdown(f"**Decoded grid, z from −{EXTENT} to {EXTENT}**")
        picture = compare_cache.decoded_grid(entry.name, entry.digest, EXTENT, SIDE)
        alt = f"{SIDE * SIDE} codes decoded at beta {betas[chosen]:g}"
        st.image(picture, width="stretch", output_format="PNG", alt=alt)
    with right:
        st.markdown("**Rate and distortion**")
        numbers = [evaluation(e) for e in family]
        if not all("kl" in n and "reconstruction" in n for n in numbers):
            st.caption("Some of these models were not evaluated; run `python -m vae evaluate`.")
            return
        figure = compare_figures.rate_distortion_figure(
            betas, [n["kl"] for n in numbers], [n["reconstruction"] for n in numbers], chosen
        )
        show_chart(figure, "beta-plane", "Reconstruction against KL, one point per beta")
        n = numbers[chosen]
        errors = ", ".join(f"{e['mse']:.4f}" for e in numbers if "mse" in e)
        st.caption(
            f"beta {betas[chosen]:g}: reconstruction {n['reconstruction']:.1f} nats, KL "
            f"{n['kl']:.2f} nats, on the test split. Squared error per pixel, in the order of "
            f"the betas: {errors}."
        )
