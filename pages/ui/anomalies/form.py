"""The controls of the Anomalies page: candidate images, normal images, and the score."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

import vae
from vae.anomaly.corruptions import CORRUPTIONS
from vae.anomaly.scores import DEFAULT, SCORES
from vae.data.uploads import MAX_BYTES, Files

from ..controls.large_uploads import size, source
from ..runtime.errors import shown_errors
from ..runtime.text import plain
from ..runtime.visitor import upload_mb
from . import session as anomalies_session
from .settings import CANDIDATES, OTHER_DATA, AnomalySettings, Choices

_TYPES = ["png", "jpg", "jpeg", "webp", "zip"]
_ALL = -1  # instead of None, which a selectbox shows as no selection


def anomaly_form(entry: vae.Entry, choices: Choices) -> tuple[AnomalySettings, Files]:
    """Shows the controls. Returns the settings, and the uploaded files."""
    settings, _ = anomalies_session.settings(entry.digest, choices)
    names = choices.classes

    def choice(
        label: str, field: str, options: Sequence, title: Callable, width: int, help: str
    ) -> None:
        key = f"ask-{field}"
        value = getattr(settings, field)
        # A widget's value is lost on another page.
        st.session_state[key] = _ALL if value is None else value
        st.selectbox(
            label, list(options), format_func=title, key=key, width=width, help=help,
            on_change=_changed, args=(entry.digest, choices, field),
        )  # fmt: skip

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        available = [c for c in CANDIDATES if c != "data" or choices.data]
        available = [c for c in available if c != "class" or len(names) > 1]
        choice(
            "Candidate images", "candidates", available, CANDIDATES.get, 230,
            "The images in which anomalies are sought.",
        )  # fmt: skip
        if settings.candidates == "data":
            choice(
                "Data set", "dataset", choices.data, OTHER_DATA.get, 200,
                "Its images are resized to those of the model.",
            )  # fmt: skip
        elif settings.candidates == "class":
            others = [k for k in range(len(names)) if k != settings.only]
            choice(
                "Class", "label", others, lambda k: names[k], 170,
                "Its images are the candidates and are excluded from fitting the score.",
            )  # fmt: skip
        elif settings.candidates == "damage":
            choice(
                "Corruption type", "damage", CORRUPTIONS,
                lambda k: CORRUPTIONS[k][0].capitalize(), 220,
                "How copies of normal images are corrupted.",
            )  # fmt: skip
            st.session_state["ask-seed"] = settings.seed
            st.number_input(
                "Seed", 0, 2**31 - 1, key="ask-seed", width=120,
                help="The same seed corrupts the same images in the same way.",
                on_change=_changed, args=(entry.digest, choices, "seed"),
            )  # fmt: skip
        if len(names) > 1:
            every = "All other classes" if settings.candidates == "class" else "All test images"
            choice(
                "Normal images", "only", [_ALL, *range(len(names))],
                lambda k: every if k == _ALL else f"{names[k]} only", 210,
                "Test images that count as normal; the model was not trained on them.",
            )  # fmt: skip
        choice(
            "Anomaly score", "score", choices.scores, _score_title, 350,
            "How anomalous an image is; higher is more anomalous.",
        )  # fmt: skip
    st.caption(SCORES[settings.score].description)
    return settings, _uploaded() if settings.candidates == "own" else ()


def _score_title(name: str) -> str:
    return SCORES[name].title + (" (default)" if name == DEFAULT else "")


def _changed(digest: str, choices: Choices, field: str) -> None:
    settings, _ = anomalies_session.settings(digest, choices)
    value = st.session_state[f"ask-{field}"]
    changed = replace(settings, **{field: None if value == _ALL else value}, threshold=None)
    anomalies_session.change_settings(digest, changed)


def _uploaded() -> Files:
    most = upload_mb()
    files = st.file_uploader(
        f"PNG, JPEG or WebP images of at most {MAX_BYTES / 2**20:.0f} MB, or a .zip of them of at "
        f"most {most} MB",
        max_upload_size=most,
        type=_TYPES,
        accept_multiple_files=True,
        key="ask-files",
        help="An image of another size than the model's is inverted if its background is light, "
        "cropped to the object and resized. Files that cannot be read are listed and skipped.",
    )
    if large := next((file for file in files if size(file) > most * 2**20), None):
        st.error(plain(f"{large.name} has {size(large) / 2**20:.0f} MB; at most {most} MB."))
        return ()
    with shown_errors("The images were not uploaded"):
        return tuple((file.name, source(file)) for file in files)
    return ()
