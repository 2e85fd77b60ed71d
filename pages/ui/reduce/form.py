"""The choices of the Reduce page: which methods, of how many images, with which settings."""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from . import session as reduce_session
from .reduce_map import TITLES
from .settings import COUNTS, METHODS, PRINCIPAL, Reduction, pair

_PAIR = "pair"
_NEAR = "About how many images {} keeps near each one: few show crumbs, many the large shape."
_SEED = "Chance decides where t-SNE and UMAP begin; the same seed gives the same layout."


def reduce_form(asked: Reduction, *, total: int, latent: int, here: Sequence[str]) -> None:
    """Draws the choices for a model of so many latents and `total` test images; `here` are the
    methods that can run."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        methods = [m for m in METHODS if m in here]
        _widget(
            st.pills,
            "Beside the model's plane",
            [m for m in asked.methods if m in here],
            lambda v: {"methods": tuple(m for m in METHODS if m in v or m not in here)},
            key="methods",
            options=methods,
            selection_mode="multi",
            format_func=TITLES.get,
            help="PCA is there at once; the others take from seconds to minutes.",
        )
        counts = sorted({min(c, total) for c in COUNTS} | {min(asked.count, total)})
        _widget(
            st.selectbox,
            "Images",
            min(asked.count, total),
            lambda v: {"count": v},
            key="count",
            options=counts,
            format_func="{:,}".format,
            width=110,
            help=f"How many of the {total:,} test images, evenly spread over them.",
        )
        most = min(200, min(asked.count, total) - 1)
        if "tsne" in asked.methods:
            _number("Perplexity", "perplexity", asked.perplexity, most, _NEAR.format("t-SNE"))
        if "umap" in asked.methods and "umap" in here:
            _number("Neighbours", "neighbours", asked.neighbours, most, _NEAR.format("UMAP"))
        if {"tsne", "umap"} & set(asked.methods) & set(here):
            _number("Seed", "seed", asked.seed, 2**31 - 1, _SEED, least=0)
        if latent > 2:
            _plane(asked, latent)
    if "umap" not in here:
        st.caption("UMAP stands beside them once `pip install umap-learn` has run here.")


def _plane(asked: Reduction, latent: int) -> None:
    """Which plane of more than two latents is shown."""
    now = pair(asked.axes)
    _widget(
        st.selectbox,
        "The model's plane",
        PRINCIPAL if asked.axes == PRINCIPAL else _PAIR,
        lambda v: {"axes": PRINCIPAL if v == PRINCIPAL else ""},
        key="plane",
        options=[_PAIR, PRINCIPAL],
        format_func={_PAIR: "Two of its latents", PRINCIPAL: "Principal components"}.get,
        width=200,
        help="Two latents as they are, at first z1 and z2, which tell most of an image, or the "
        "two directions of the codes that hold most of their variance.",
    )
    if asked.axes == PRINCIPAL:
        return
    for side, word in enumerate(("Across", "Up")):
        _widget(
            st.selectbox,
            word,
            now[side],
            lambda v, side=side: _axis(now, side, v),
            key=f"axis-{side}",
            options=[d for d in range(latent) if d != now[1 - side]],
            format_func=lambda d: f"z{d + 1}",
            width=100,
            help="The latent that runs across." if side == 0 else "The latent that runs up.",
        )


def _axis(now: tuple[int, int], side: int, value: int) -> dict[str, str]:
    """The change that a chosen axis means. A list that has just gone may report its value once
    more, with a run of the page's clock that was under way: then it means none."""
    if st.session_state["reduction"].axes == PRINCIPAL:
        return {}
    both = (value, now[1]) if side == 0 else (now[0], value)
    return {"axes": f"{both[0] + 1},{both[1] + 1}"}


def _number(label: str, key: str, value: int, most: int, help: str, *, least: int = 2) -> None:
    _widget(
        st.number_input,
        label,
        max(least, min(value, most)),
        lambda v: {key: v},
        key=key,
        min_value=least,
        max_value=most,
        step=1,
        width=130,
        help=help,
    )


def _widget(draw, label: str, value, change, *, key: str, **options) -> None:
    """A widget that shows `value`, whatever it showed before, and whose changes are remembered."""
    name = f"reduce-{key}"
    if st.session_state.get(name) != value:  # set anew, an open list would close at every run
        st.session_state[name] = value

    def take() -> None:
        now = st.session_state["reduction"]
        reduce_session.reduce_as(replace(now, **change(st.session_state[name])))

    draw(label, key=name, on_change=take, **options)
