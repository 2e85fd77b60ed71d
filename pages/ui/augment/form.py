"""The controls of the Augment page: how many, how far, how sure, which file."""

import streamlit as st

import vae

from ..controls.job_panel import Begin
from . import cache as augment_cache
from . import session as augment_session
from .settings import MOST_PER_CLASS, SURE, WIDEST, AugmentRequest

FORMATS = {"zip": "Folders of PNGs in a .zip", "npz": "Arrays, .npz"}


def augment_form() -> AugmentRequest:
    """Shows the controls and returns what they ask for."""
    request, _ = augment_session.augment_request()
    first = {
        "augment-n": request.per_class,
        "augment-spread": request.spread,
        "augment-least": request.least,
        "augment-seed": request.seed,
    }
    for key, value in first.items():  # a widget forgets between pages, the session does not
        st.session_state.setdefault(key, value)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        changed = AugmentRequest(
            int(
                st.number_input(
                    "Images a class",
                    1,
                    MOST_PER_CLASS,
                    step=10,
                    key="augment-n",
                    width=150,
                    help="How many the file holds of every class. The command line makes more.",
                )
            ),
            st.slider(
                "Spread",
                0.0,
                WIDEST,
                step=0.05,
                key="augment-spread",
                width=220,
                help="How far codes stray from where a class crowds: 1 as the real ones do, less "
                "is more typical, more is more varied.",
            ),
            st.slider(
                "Least confidence",
                0.0,
                SURE,
                step=0.01,
                key="augment-least",
                width=220,
                help="Pictures that the judge gives less of a chance to show their class are "
                "drawn again; 0 keeps all.",
            ),
            int(
                st.number_input(
                    "Seed",
                    0,
                    2**31 - 1,
                    key="augment-seed",
                    width=150,
                    help="The same seed and choices make the same images again.",
                )
            ),
        )
    augment_session.ask_to_augment(changed)
    return changed


def file_form(entry: vae.Entry) -> Begin:
    """The kind of file; the request is the one that the session remembers when it is asked for."""
    format = st.selectbox(
        "File",
        list(FORMATS),
        format_func=FORMATS.get,
        width=270,
        key="augment-format",
        help="What the images and their labels are packed as.",
    )

    def begin():
        request, _ = augment_session.augment_request()
        return augment_cache.make_file(entry.name, entry.digest, request, format)

    return begin
