"""Anomalies: which images do not belong to the data?"""

import streamlit as st

from pages.ui.anomalies import cache as anomalies_cache
from pages.ui.anomalies import session as anomalies_session
from pages.ui.anomalies.form import anomaly_form
from pages.ui.anomalies.progress import scores_or_progress
from pages.ui.anomalies.results import show_results
from pages.ui.anomalies.scores import score_request
from pages.ui.controls.page_header import page_header
from pages.ui.models.model_picker import model_picker, warn_of_link, warn_of_version
from pages.ui.runtime.errors import shown_errors
from pages.ui.runtime.text import plain

page_header(
    "Anomalies",
    "Which images do not belong? Choose candidate images and a score, then set the threshold "
    "above which an image counts as anomalous.",
)

entry = model_picker()
with shown_errors(f"{entry.name} cannot score images", stop=True):
    choices = anomalies_cache.choices(entry)
warn_of_version(entry)
_, broken = anomalies_session.settings(entry.digest, choices)
warn_of_link(broken)
settings, files = anomaly_form(entry, choices)
if settings.candidates == "own" and not files:
    st.info("Upload images above. Until then only the normal images are shown.")
if settings.candidates == "class":
    held_out = plain(choices.classes[settings.label])
    st.caption(
        f"{entry.name} was trained on {held_out} too: this class is excluded from fitting the "
        f"score, not from the model. A model that was not trained on {held_out} would detect it "
        "more easily."
    )
request = score_request(entry, settings, anomalies_cache.digest_of(files))
result = scores_or_progress(request, files)
# The fragment reruns on its own when the threshold or the gallery changes.
st.fragment(show_results)(entry, choices, request, result)
