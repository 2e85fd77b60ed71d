"""All runs in a table: numbers to sort by, settings that differ from the chosen run marked."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from vae.training import runs
from vae.training.runs import RunInfo

from . import cache as train_cache
from . import session as train_session
from .export import run_export

SETTINGS = {
    "model": "model",
    "data": "images",
    "latent": "latent size",
    "beta": "beta",
    "likelihood": "likelihood",
    "network": "network",
    "epochs": "epochs",
    "batch_size": "images a step",
    "lr": "learning rate",
    "seed": "seed",
    "size": "pixels",
}


def run_history(shown: Sequence[str]) -> None:
    """Shows the table; choosing a row shows its run, choosing two shows both side by side."""
    all_ = runs.list_runs()
    if not all_:
        st.info("Nothing was trained here yet. The form above starts with sensible settings.")
        return
    if shown:
        run_export(shown)
    st.subheader("Runs")
    chosen = next((r for r in all_ if shown and r.id == shown[0]), None)
    rows = pd.DataFrame([_row(run) for run in all_])
    mark = "font-weight: 700"

    def differs(column: pd.Series) -> list[str]:
        if chosen is None or column.name not in SETTINGS.values():
            return [""] * len(column)
        own = column.iloc[all_.index(chosen)]
        return [mark if value != own else "" for value in column]

    event = st.dataframe(
        rows.style.apply(differs).format(precision=2, na_rep=""),
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        key="run-table",
    )
    st.caption(
        "Select a run to see it, two to see both on one time scale. Settings that differ from the "
        "run above are bold."
    )
    picked = [all_[row].id for row in event.selection.rows][:2]
    if picked and picked != list(shown) and train_session.picked_anew(tuple(picked)):
        train_session.show_runs(picked)
        st.rerun()


def _row(run: RunInfo) -> dict:
    last = train_cache.last_point(run.id)
    options = run.plan.get("options") or {}
    numbers = {}
    if last:
        reconstruction, kl = last["held_out_reconstruction"], last["held_out_kl"]
        numbers = {"−ELBO": reconstruction + kl, "reconstruction": reconstruction, "KL": kl}
    return (
        {"name": run.name, "state": run.state}
        | {"−ELBO": None, "reconstruction": None, "KL": None}
        | numbers
        | {"seconds": run.status.get("seconds")}
        | {words: str(options.get(key, "")) for key, words in SETTINGS.items()}
    )
