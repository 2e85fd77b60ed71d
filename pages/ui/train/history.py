"""The table of all runs: sortable metrics; settings unlike the selected run's are bold."""

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
    "batch_size": "batch size",
    "lr": "learning rate",
    "seed": "seed",
    "size": "image size",
}
NUMBERS = ("−ELBO", "reconstruction", "KL", "seconds")


def run_history(shown: Sequence[str], *, polled: bool) -> None:
    """Shows the table; selecting a row shows its run, selecting two shows both side by side. It
    is updated while `polled`."""
    if not runs.list_runs():
        st.info("No runs yet. The defaults of the form above are sensible settings.")
        return
    if shown:
        run_export(shown)
    st.subheader("Runs")
    st.fragment(_table, run_every=3.0 if polled else None)(shown)


def _table(shown: Sequence[str]) -> None:
    all_runs = runs.list_runs()
    selected = next((r for r in all_runs if shown and r.id == shown[0]), None)
    rows = pd.DataFrame([_row(run) for run in all_runs])
    rows = rows.astype(dict.fromkeys(NUMBERS, float))  # what is not known yet stays empty

    def differs(column: pd.Series) -> list[str]:
        if selected is None or column.name not in SETTINGS.values():
            return [""] * len(column)
        reference = column.iloc[all_runs.index(selected)]
        return ["font-weight: 700" if value != reference else "" for value in column]

    styled = rows.style.apply(differs).format(precision=2, na_rep="")
    select = {"on_select": "rerun", "selection_mode": "multi-row"}
    event = st.dataframe(styled, hide_index=True, key="run-table", **select)
    st.caption(
        "Select a run to show it, or two to show both on one time scale. Settings that differ "
        "from the run above are bold."
    )
    selection = [all_runs[row].id for row in event.selection.rows][:2]
    other = selection and selection != list(shown)
    if other and train_session.selection_changed(tuple(selection)):
        train_session.show_runs(selection)
        st.rerun()


def _row(run: RunInfo) -> dict:
    last = train_cache.last_point(run.id)
    options = train_cache.settings_of(run)
    elbo = reconstruction = kl = None
    if last:
        reconstruction, kl = last["held_out_reconstruction"], last["held_out_kl"]
        elbo = reconstruction + kl
    return (
        {"name": run.name, "state": run.state}
        | dict(zip(NUMBERS, (elbo, reconstruction, kl, run.status.seconds or None), strict=True))
        | {name: str(options.get(key, "")) for key, name in SETTINGS.items()}
    )
