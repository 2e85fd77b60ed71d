"""The controls of the Reduce page: methods, number of images, and their settings."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from ..runtime.query import MAX_SEED
from . import session as reduce_session
from .reduce_map import TITLES
from .settings import COUNTS, METHODS, PRINCIPAL, ReduceSettings, pair

_PAIR = "pair"
_NEAR = "Size of the neighbourhoods that {} preserves. Large values show the global shape."
_SEED = "Seed of the random initialisation of t-SNE and UMAP; the same seed gives the same layout."


def reduce_form(
    settings: ReduceSettings, *, total: int, latent: int, available: Sequence[str]
) -> None:
    """Shows the controls for a model with `latent` latents and `total` test images."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        _widget(
            st.pills,
            "Compare with",
            [m for m in settings.methods if m in available],
            lambda v: {"methods": tuple(m for m in METHODS if m in v or m not in available)},
            key="methods",
            options=[m for m in METHODS if m in available],
            selection_mode="multi",
            format_func=TITLES.get,
            help="PCA is computed at once; the others take seconds to minutes.",
        )
        counts = sorted({min(c, total) for c in COUNTS} | {min(settings.count, total)})
        _widget(
            st.selectbox,
            "Images",
            min(settings.count, total),
            lambda v: {"count": v},
            key="count",
            options=counts,
            format_func="{:,}".format,
            width=110,
            help=f"Number of images, evenly spaced among the {total:,} that are shown.",
        )
        highest = min(200, min(settings.count, total) - 1)
        if "tsne" in settings.methods:
            _number(settings, "perplexity", highest, _NEAR.format("t-SNE"))
        if "umap" in settings.methods and "umap" in available:
            _number(settings, "neighbours", highest, _NEAR.format("UMAP"))
        if {"tsne", "umap"} & set(settings.methods) & set(available):
            _number(settings, "seed", MAX_SEED, _SEED, 0)
        if latent > 2:
            _plane(settings, latent)
    if "umap" not in available:
        st.caption("UMAP becomes available after `pip install umap-learn`.")


def _plane(settings: ReduceSettings, latent: int) -> None:
    """Controls that select a plane of more than two latents."""
    now = pair(settings.axes)
    _widget(
        st.selectbox,
        "The model's plane",
        PRINCIPAL if settings.axes == PRINCIPAL else _PAIR,
        lambda v: {"axes": PRINCIPAL if v == PRINCIPAL else ""},
        key="plane",
        options=[_PAIR, PRINCIPAL],
        format_func={_PAIR: "Two latents", PRINCIPAL: "Principal components"}.get,
        width=200,
        help="Two latents, by default those with the highest channel capacity, or the two "
        "directions of the codes with the largest variance.",
    )
    if settings.axes == PRINCIPAL:
        return
    for side, word in enumerate(("x axis", "y axis")):
        _widget(
            st.selectbox,
            word,
            now[side],
            lambda v, side=side: _axis(now, side, v),
            key=f"axis-{side}",
            options=[d for d in range(latent) if d != now[1 - side]],
            format_func=lambda d: f"z{d + 1}",
            width=100,
            help=f"Latent on the {word}.",
        )


def _axis(now: tuple[int, int], side: int, value: int) -> dict[str, str]:
    """The change of settings for a chosen axis. A list that was just removed may report its value
    once more with a timed rerun in progress; that changes nothing."""
    if st.session_state["reduction"].axes == PRINCIPAL:
        return {}
    both = (value, now[1]) if side == 0 else (now[0], value)
    return {"axes": f"{both[0] + 1},{both[1] + 1}"}


def _number(settings: ReduceSettings, key: str, high: int, help: str, low: int = 2) -> None:
    value = max(low, min(getattr(settings, key), high))
    options = {"min_value": low, "max_value": high, "step": 1, "width": 130, "help": help}
    _widget(st.number_input, key.capitalize(), value, lambda v: {key: v}, key=key, **options)


def _widget(draw, label: str, value, change, *, key: str, **options) -> None:
    """A widget that always shows `value` and stores its changes in the session."""
    name = f"reduce-{key}"
    if st.session_state.get(name) != value:  # setting it closes an open list
        st.session_state[name] = value

    def store() -> None:
        now = st.session_state["reduction"]
        reduce_session.change_settings(replace(now, **change(st.session_state[name])))

    draw(label, key=name, on_change=store, **options)
