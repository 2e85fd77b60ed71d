"""The choice of how exported images are enlarged."""

import streamlit as st

METHODS = {"refined": "super-resolution", "smooth": "smooth", "nearest": "nearest neighbour"}


def enlargement_select(key: str) -> str:
    """Shows the choice and returns the name of a method in `vae.pictures.upscale`."""
    about = (
        "Super-resolution: a small network places the light within each pixel. Smooth: Lanczos "
        "resampling. Both average back to the model's pixels. Nearest neighbour: the pixels as "
        "they are."
    )
    return st.selectbox(
        "Upscaling", list(METHODS), format_func=METHODS.get, width=200, help=about, key=key
    )
