"""Lesson 2: beta trades sharpness for order."""

from collections.abc import Sequence

import streamlit as st

import vae
from pages.ui.compare import cache as compare_cache
from pages.ui.compare import figures as compare_figures
from pages.ui.models.families import beta_family
from pages.ui.runtime import cache

from .items import missing

SIDE, REACH = 11, 2.5


@st.fragment
def beta(entries: Sequence[vae.Entry]) -> None:
    """The same model at several betas: its map, its pictures, what it pays for what it gets."""
    st.subheader("2 · Beta")
    family = beta_family(entries)
    if not family:
        missing(
            "three models or more that differ in beta alone",
            "--model vae --beta 0.1",
            "fashion-beta-0.1",
            "; repeat it with 0.3, 1, 3 and 10",
        )
        return
    st.markdown(
        "**Look for** two things at once: with a small beta the pictures are sharp but the codes "
        "sprawl and leave gaps; with a large one the codes fill one round cloud and the pictures "
        "blur into each other."
    )
    betas = [entry.config.model.beta for entry in family]
    middle = min(range(len(betas)), key=lambda i: abs(betas[i] - 1))
    chosen = st.segmented_control(
        "beta, the weight of the KL",
        range(len(betas)),
        default=middle,
        required=True,
        format_func=lambda i: f"{betas[i]:g}",
        key="lesson-beta",
    )
    entry = family[chosen]
    data, codes = (
        cache.display_dataset(entry.name, entry.digest),
        cache.codes(entry.name, entry.digest),
    )
    left, centre, right = st.columns(3, gap="medium")
    with left:
        st.markdown("**Codes of test images**")
        st.plotly_chart(
            compare_figures.codes_figure(codes.mean, data.test.labels, data.class_names),
            key="beta-codes",
            config={"displayModeBar": False},
            alt=f"Codes of 2,500 test images at beta {betas[chosen]:g}, coloured by class",
        )
    with centre:
        st.markdown(f"**{SIDE * SIDE} places, z from −{REACH} to {REACH}**")
        st.image(
            compare_cache.decoded_grid(entry.name, entry.digest, REACH, SIDE),
            width="stretch",
            output_format="PNG",
            alt=f"{SIDE * SIDE} places decoded at beta {betas[chosen]:g}",
        )
    with right:
        st.markdown("**What each beta pays, and gets**")
        numbers = [(e.metrics or {}).get("evaluation") or {} for e in family]
        if not all("kl" in n and "reconstruction" in n for n in numbers):
            st.caption("Not all of these were measured; `python -m vae evaluate` does it.")
            return
        st.plotly_chart(
            compare_figures.rate_distortion_figure(
                betas, [n["kl"] for n in numbers], [n["reconstruction"] for n in numbers], chosen
            ),
            key="beta-plane",
            config={"displayModeBar": False},
            alt="KL against reconstruction, one point a beta",
        )
        n = numbers[chosen]
        st.caption(
            f"beta {betas[chosen]:g}: reconstruction {n['reconstruction']:.1f} nats, KL "
            f"{n['kl']:.2f} nats, on the test split."
        )
