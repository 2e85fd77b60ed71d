"""The exports of the Anomalies page: the threshold and a table of all scores."""

import numpy as np
import streamlit as st

import vae
from vae import limits
from vae.anomaly import thresholds
from vae.checkpoint.artifacts import THRESHOLDS, save_threshold
from vae.files import csv_table

from ..runtime import cache, visitor
from ..runtime.errors import shown_errors
from .scores import ScoreResult
from .settings import AnomalySettings


def anomaly_exports(
    entry: vae.Entry, result: ScoreResult, settings: AnomalySettings, threshold: float
) -> None:
    """Shows the buttons, and the files that could not be read."""
    st.subheader("Export")
    all_normal = settings.only is None and settings.candidates != "class"
    own, public = visitor.may_change(cache.CHECKPOINTS / entry.name), limits.current().public
    about = "`python -m vae score` then uses it to flag images as anomalous. "
    about += "" if own else f"{entry.name} is not yours and stays as it is. "
    about += "" if all_normal else "Available only where all classes are normal."
    about = visitor.PUBLIC if public else about
    with st.container(horizontal=True, vertical_alignment="center"):
        label = "Save threshold with the model" if own else "Save threshold"
        disabled = public or not all_normal
        save = st.button(label, disabled=disabled, key="save-threshold", help=about)
        st.download_button(
            "Download all scores (CSV)",
            lambda: _csv(result, threshold),
            f"{entry.name}-{settings.score}.csv",
            "text/csv",
            on_click="ignore",
            key="download-scores",
        )
    if save:
        _save(entry, result.normal.scores, settings)
    if result.rejected:
        st.warning(
            f"{len(result.rejected):,} files could not be read; the others are scored.",
            icon=":material/image_not_supported:",
        )
        files, reasons = map(list, zip(*result.rejected, strict=True))
        with st.expander("Files and reasons", expanded=len(files) < 6):
            st.dataframe({"file": files, "reason": reasons}, hide_index=True)


def _save(entry: vae.Entry, normal: np.ndarray, settings: AnomalySettings) -> None:
    folder = cache.CHECKPOINTS / entry.name
    data = cache.checkpoint(entry.name, entry.digest).config.train.data
    with shown_errors("Not saved"):
        found = thresholds.calibrate(
            normal,
            score=settings.score,
            data=data,
            target_fpr=settings.fpr,
            manual_threshold=settings.threshold,
        )
        saved = save_threshold(folder, found.to_json(), visitor.visitor())
        option = "" if saved == folder else f" --thresholds {saved}"
        st.success(
            f"Saved in {saved / THRESHOLDS}. "
            f"`python -m vae score {folder} IMAGE --score {settings.score}{option}` uses it.",
            icon=":material/check:",
        )


def _csv(result: ScoreResult, threshold: float) -> bytes:
    """All scores, one row per image."""
    rows = []
    for title, group in (("normal", result.normal), ("suspect", result.candidates)):
        below = thresholds.percentile_rank(result.normal.scores, group.scores)
        columns = group.items, group.names, group.scores.tolist(), below
        for item, name, score, share in zip(*columns, strict=True):
            flagged = "yes" if score > threshold else "no"
            rows.append((title, item, name, score, f"{share:.6f}", flagged))
    header = ("set", "item", "name", "score", "share_of_normal_below", "anomalous")
    return csv_table.to_csv(header, rows).encode("utf-8-sig")
