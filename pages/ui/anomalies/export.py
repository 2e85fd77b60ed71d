"""What is taken home of an answer: the threshold, kept with the model, and a table of scores."""

import numpy as np
import streamlit as st

import vae
from vae.anomaly import thresholds
from vae.checkpoint.artifacts import CALIBRATION, save_calibration
from vae.files import csv_table

from ..runtime import cache
from .scores import Answer
from .settings import Inquiry


def anomaly_exports(entry: vae.Entry, answer: Answer, asked: Inquiry, threshold: float) -> None:
    """Shows the buttons, and which files could not be read."""
    st.subheader("Take it home")
    whole = asked.only is None and asked.suspects != "class"
    with st.container(horizontal=True, vertical_alignment="center"):
        save = st.button(
            "Save the threshold with the model",
            disabled=not whole,
            key="save-threshold",
            help="`python -m vae score` then calls images unusual by it. "
            + ("" if whole else "Only where all classes are normal: it is for any image."),
        )
        st.download_button(
            "Download all scores, CSV",
            lambda: _csv(answer, threshold),
            f"{entry.name}-{asked.score}.csv",
            "text/csv",
            on_click="ignore",
            key="download-scores",
        )
    if save:
        _save(entry, answer.normal.scores, asked)
    if answer.refused:
        st.warning(
            f"{len(answer.refused):,} files could not be read; the others are scored.",
            icon=":material/image_not_supported:",
        )
        with st.expander("Which, and why", expanded=len(answer.refused) < 6):
            st.dataframe(
                {
                    "file": [path for path, _ in answer.refused],
                    "why": [why for _, why in answer.refused],
                },
                hide_index=True,
            )


def _save(entry: vae.Entry, normal: np.ndarray, asked: Inquiry) -> None:
    folder = cache.CHECKPOINTS / entry.name
    data = cache.checkpoint(entry.name, entry.digest).config.train.data
    try:
        found = thresholds.calibrate(
            normal,
            score=asked.score,
            data=data,
            target_fpr=asked.false_alarms,
            manual_threshold=asked.threshold,
        )
        save_calibration(folder, found.to_json())
    except (thresholds.CalibrationError, vae.CheckpointError) as error:
        st.error(f"Not saved: {error}.")
        return
    st.success(
        f"Saved in {folder / CALIBRATION}. "
        f"`python -m vae score {folder} IMAGE --score {asked.score}` uses it.",
        icon=":material/check:",
    )


def _csv(answer: Answer, threshold: float) -> bytes:
    """All scores, one image a line."""
    rows = []
    for name, group in (("normal", answer.normal), ("suspect", answer.suspects)):
        below = thresholds.percentile_rank(answer.normal.scores, group.scores)
        for row in range(len(group.scores)):
            score = float(group.scores[row])
            told = (name, group.items[row], group.named[row], score, f"{below[row]:.6f}")
            rows.append((*told, "yes" if score > threshold else "no"))
    header = ("set", "item", "name", "score", "share_of_normal_below", "anomalous")
    return csv_table.to_csv(header, rows).encode("utf-8-sig")
