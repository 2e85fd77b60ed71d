"""Anomalies: which images do not belong?"""

import streamlit as st

import vae
from pages.ui.anomalies import (
    cache as anomalies_cache,
)
from pages.ui.anomalies import (
    session as anomalies_session,
)
from pages.ui.anomalies.form import inquiry_form
from pages.ui.anomalies.progress import scoring
from pages.ui.anomalies.results import verdict
from pages.ui.anomalies.scores import question_of
from pages.ui.controls.page_header import page_header
from pages.ui.models.model_picker import model_picker, warn_of_link, warn_of_version

page_header(
    "Anomalies",
    "Which images do not belong? Choose candidate images and a score, then set the threshold "
    "above which an image counts as anomalous.",
)

entry = model_picker()
try:
    choices = anomalies_cache.choices(entry)
except (vae.CheckpointError, vae.DataError) as error:
    st.error(f"{entry.name} cannot be asked: {error}")
    st.stop()
warn_of_version(entry)
_, broken = anomalies_session.inquiry(entry.digest, choices)
warn_of_link(broken)
asked, own = inquiry_form(entry, choices)
if asked.suspects == "own" and not own:
    st.info("Bring pictures above. Until then only the normal images are shown.")
if asked.suspects == "class":
    held_out = choices.classes[asked.label]
    st.caption(
        f"{entry.name} itself learned from {held_out} too: it is held out of what is fitted to "
        f"normal images, not of the model. A model that never saw {held_out} would find it more "
        "easily."
    )
question = question_of(entry, asked, own)
answer = scoring(question)


@st.fragment
def judged() -> None:
    """Reruns alone when a threshold is let go or another list is asked for."""
    verdict(entry, choices, question, answer)


judged()
