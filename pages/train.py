"""Train: a training run and its latent space while it forms."""

import streamlit as st

from pages.ui.controls.page_header import page_header
from pages.ui.runtime.errors import shown_errors
from pages.ui.train import session as train_session
from pages.ui.train.form import train_form
from pages.ui.train.history import run_history
from pages.ui.train.run_panel import run_panel
from pages.ui.train.run_view import run_view
from vae.training import run_queue, runs

page_header(
    "Train",
    "How does a latent space form? Train a model on your own images or a standard data set "
    "and watch the map while it learns.",
)

with shown_errors("No training can start"):
    run_queue.advance()
linked, known = st.query_params.get("run"), [run.id for run in runs.list_runs()]
shown = train_session.shown_runs(linked, st.query_params.get("with"), known)

with st.expander("Train a model", expanded=not shown, key=f"form-{bool(shown)}"):
    if started := train_form():
        train_session.show_runs([started])
        st.rerun()

if linked and linked not in known:
    st.warning("The link refers to a run that does not exist; it may have been deleted.")
if shown:
    st.query_params.from_dict(dict(zip(("run", "with"), shown, strict=False)))


def any_unfinished() -> bool:
    return any(run.live or run.state == "queued" for run in runs.list_runs())


polled = any_unfinished()


@st.fragment(run_every=1.0 if polled else None)
def live() -> None:
    """Updates every second while anything trains."""
    run_panel(shown[0])
    run_view(shown, key="run-view")
    if polled and not any_unfinished():
        st.rerun()  # without the timer


if shown:
    live()
run_history(shown, polled=polled)
