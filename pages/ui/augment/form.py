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


_CONTROLS = {  # label, lowest and highest value, step
    "n": ("Images per class", 1, MAX_PER_CLASS, 10),
    "spread": ("Spread", 0.0, MAX_SPREAD, 0.05),
    "least": ("Minimum confidence", 0.0, MAX_CONFIDENCE, 0.01),
    "seed": ("Seed", 0, MAX_SEED, 1),
}
_HELP = {
    "n": "Number of images per class in the file. The command line allows more.",
    "spread": "How far codes deviate from the centres of a class: 1 as real ones do, less for "
    "more typical images, more for more varied ones.",
    "least": "Images to which the classifier assigns a lower confidence are drawn again; 0 "
    "accepts all.",
    "seed": "The same seed and settings give the same images.",
}


def augment_form() -> AugmentSettings:
    """Shows the controls and returns the settings, which it stores in `SLOT` of the session."""
    chosen = []
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        for name, value in zip(_CONTROLS, astuple(st.session_state[SLOT]), strict=True):
            label, low, high, step = _CONTROLS[name]
            options = {"step": step, "key": f"augment-{name}", "help": _HELP[name]}
            st.session_state.setdefault(options["key"], value)  # lost on another page
            if isinstance(step, int):
                chosen.append(st.number_input(label, low, high, width=150, **options))
            else:
                chosen.append(st.slider(label, low, high, width=220, **options))
    st.session_state[SLOT] = AugmentSettings(*chosen)
    return st.session_state[SLOT]


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
