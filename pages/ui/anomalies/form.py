"""The controls of the Anomalies page: which score, what counts as normal, who is suspected."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import streamlit as st

import vae
from vae.anomaly.scores import DEFAULT, SCORES
from vae.data.corruptions import CORRUPTIONS

from . import cache as anomalies_cache
from . import session as anomalies_session
from .settings import OTHER_DATA, SUSPECTS, Choices, Inquiry

_TYPES = ["png", "jpg", "jpeg", "webp", "zip"]
_MEGABYTES = 50  # of one upload
_ALL = -1  # instead of None, which a box shows as nothing chosen


def inquiry_form(entry: vae.Entry, choices: Choices) -> tuple[Inquiry, str]:
    """Shows the controls; returns what they ask and the digest of uploaded files, "" without."""
    asked, _ = anomalies_session.inquiry(entry.digest, choices)
    names = choices.classes

    def choice(title: str, field: str, options: Sequence, words: Callable, width: int, help: str):
        key = f"ask-{field}"
        value = getattr(asked, field)
        st.session_state[key] = _ALL if value is None else value  # it forgets between pages
        st.selectbox(
            title, list(options), format_func=words, key=key, width=width, help=help,
            on_change=_changed, args=(entry.digest, choices, field),
        )  # fmt: skip

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        known = [s for s in SUSPECTS if (s != "data" or choices.data)]
        known = [s for s in known if s != "class" or len(names) > 1]
        choice("Suspects", "suspects", known, SUSPECTS.get, 230, "What may be unusual.")
        if asked.suspects == "data":
            choice(
                "Data", "which", choices.data, OTHER_DATA.get, 200,
                "Another data set, resized to the model's images.",
            )  # fmt: skip
        elif asked.suspects == "class":
            others = [k for k in range(len(names)) if k != asked.only]
            choice(
                "Class", "label", others, lambda k: names[k], 170,
                "Its images are the suspects; what is fitted to normal images never sees them.",
            )  # fmt: skip
        elif asked.suspects == "damage":
            choice(
                "Damage", "damage", CORRUPTIONS, lambda k: CORRUPTIONS[k][0].capitalize(), 220,
                "What is done to copies of normal images.",
            )  # fmt: skip
            st.session_state["ask-seed"] = asked.seed
            st.number_input(
                "Seed", 0, 2**31 - 1, key="ask-seed", width=120,
                help="The same seed damages the same images in the same way.",
                on_change=_changed, args=(entry.digest, choices, "seed"),
            )  # fmt: skip
        if len(names) > 1:
            every = "All other classes" if asked.suspects == "class" else "All test images"
            choice(
                "Normal images", "only", [_ALL, *range(len(names))],
                lambda k: every if k == _ALL else f"Only {names[k]}", 210,
                "What counts as normal: test images, which the model did not learn from.",
            )  # fmt: skip
        choice(
            "Score", "score", choices.scores, _score_name, 240,
            "How unusual is measured; higher is stranger.",
        )  # fmt: skip
    st.caption(SCORES[asked.score].description)
    return asked, _uploaded() if asked.suspects == "own" else ""


def _score_name(name: str) -> str:
    return SCORES[name].title + (" (default)" if name == DEFAULT else "")


def _changed(digest: str, choices: Choices, field: str) -> None:
    asked, _ = anomalies_session.inquiry(digest, choices)
    value = st.session_state[f"ask-{field}"]
    changed = replace(asked, **{field: None if value == _ALL else value}, threshold=None)
    anomalies_session.inquire(digest, changed)


def _uploaded() -> str:
    files = st.file_uploader(
        "PNG, JPEG or WebP pictures, or a .zip of them",
        type=_TYPES,
        accept_multiple_files=True,
        max_upload_size=_MEGABYTES,
        key="ask-files",
        help="A picture of another size than the model's is inverted where its ground is light, "
        "cut to its item and resized. One file that cannot be read does not stop the others.",
    )
    if not files:
        return ""
    ids = tuple(file.file_id for file in files)
    known = anomalies_session.submitted(ids)
    if known is None or not anomalies_cache.holds(known):
        known = anomalies_cache.keep_upload([(file.name, file.getvalue()) for file in files])
        anomalies_session.keep_submitted(ids, known)
    return known
