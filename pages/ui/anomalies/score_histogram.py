"""The component of the score histogram: what Python sends to it and reads from it."""

from collections.abc import Mapping

import streamlit as st

from ..component.component import component

_mount = component(__file__, "threshold")


def score_histogram(
    urls: tuple[str, str], descriptions: tuple[str, str], threshold: float, *, key: str
) -> None:
    """Shows the scores of normal and of candidate images, given by the URLs of their sorted
    float64 values, and the threshold. `threshold_message` returns its changes."""
    before = threshold_message(key)
    _mount(
        key,
        {
            "key": "|".join(urls),
            "urls": dict(zip(("normal", "candidates"), urls, strict=True)),
            "descriptions": dict(zip(("normal", "candidates"), descriptions, strict=True)),
            "threshold": threshold,
            "turn": before.get("turn", 0),
        },
    )


def threshold_message(key: str) -> Mapping:
    """The histogram's last message: its `turn` is an integer, the rest is unchecked. Empty at
    first."""
    found = (st.session_state.get(key) or {}).get("threshold")
    return found if isinstance(found, dict) and isinstance(found.get("turn"), int) else {}
