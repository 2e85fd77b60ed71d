"""The component of the histogram with a threshold: what Python gives it, what it gives back."""

from collections.abc import Mapping

import streamlit as st

from ..component.component import component

_mount = component(__file__)


def score_histogram(
    urls: tuple[str, str], words: tuple[str, str], threshold: float, *, key: str
) -> None:
    """Shows scores of normal images and suspects, by the URLs of their sorted float64 values,
    described in `words`. What is committed is read with `committed`."""
    before = committed(key)
    _mount(
        key=key,
        data={
            "key": "|".join(urls),
            "urls": dict(zip(("normal", "suspects"), urls, strict=True)),
            "words": dict(zip(("normal", "suspects"), words, strict=True)),
            "threshold": threshold,
            "turn": before.get("turn", 0),
        },
        on_threshold_change=lambda: None,
    )


def committed(key: str) -> Mapping:
    """What the visitor last committed: its `turn` is a number, the rest is unchecked. Empty at
    first."""
    found = (st.session_state.get(key) or {}).get("threshold")
    return found if isinstance(found, dict) and isinstance(found.get("turn"), int) else {}
