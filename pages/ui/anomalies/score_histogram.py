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
    turn = threshold_message(key).get("turn", 0)
    data = {"key": "|".join(urls), "threshold": threshold, "turn": turn}
    for name, values in (("urls", urls), ("descriptions", descriptions)):
        data[name] = dict(zip(("normal", "candidates"), values, strict=True))
    _mount(key, data)


def threshold_message(key: str) -> Mapping:
    """The histogram's last message: its `turn` is an integer, the rest is unchecked. Empty at
    first."""
    found = (st.session_state.get(key) or {}).get("threshold")
    return found if isinstance(found, dict) and isinstance(found.get("turn"), int) else {}
