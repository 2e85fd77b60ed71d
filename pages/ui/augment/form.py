"""The controls of the Augment page, and the choice of a file format."""

from dataclasses import astuple

import streamlit as st

import vae

from ..controls.job_panel import Begin
from ..runtime.query import MAX_SEED
from . import cache as augment_cache
from .settings import MAX_CONFIDENCE, MAX_PER_CLASS, MAX_SPREAD, AugmentSettings

SLOT = "augment-request"  # of the session: the settings
FORMATS = {"zip": "PNG folders (.zip)", "npz": "NumPy arrays (.npz)"}


def augment_form() -> AugmentSettings:
    """Shows the controls and returns the settings, which it stores in `SLOT` of the session."""
    values = zip(("n", "spread", "least", "seed"), astuple(st.session_state[SLOT]), strict=True)
    for key, value in values:  # a widget's value is lost on another page
        st.session_state.setdefault(f"augment-{key}", value)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        changed = AugmentSettings(
            st.number_input(
                "Images per class",
                1,
                MAX_PER_CLASS,
                step=10,
                key="augment-n",
                width=150,
                help="Number of images per class in the file. The command line allows more.",
            ),
            st.slider(
                "Spread",
                0.0,
                MAX_SPREAD,
                step=0.05,
                key="augment-spread",
                width=220,
                help="How far codes deviate from the centres of a class: 1 as real ones do, less "
                "for more typical images, more for more varied ones.",
            ),
            st.slider(
                "Minimum confidence",
                0.0,
                MAX_CONFIDENCE,
                step=0.01,
                key="augment-least",
                width=220,
                help="Images to which the classifier assigns a lower confidence are drawn again; "
                "0 accepts all.",
            ),
            st.number_input(
                "Seed",
                0,
                MAX_SEED,
                key="augment-seed",
                width=150,
                help="The same seed and settings give the same images.",
            ),
        )
    st.session_state[SLOT] = changed
    return changed


def file_form(entry: vae.Entry) -> Begin:
    """The file format; the settings are read from the session when the export starts."""
    format = st.selectbox(
        "Format",
        list(FORMATS),
        format_func=FORMATS.get,
        width=270,
        key="augment-format",
        help="File format of the images and their labels.",
    )
    return lambda: augment_cache.start_export(
        entry.name, entry.digest, st.session_state[SLOT], format
    )
