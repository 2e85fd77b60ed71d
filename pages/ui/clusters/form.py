"""The controls of the Clusters page, and the search for the best number of clusters."""

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import vae
from vae.analysis.clustering import METHODS, number_range

from ..models.shown_items import SHOW_HELP
from ..runtime import session
from ..runtime.query import MAX_SEED
from . import cache as clusters_cache
from . import session as clusters_session
from .figures import quality_figure
from .settings import DEFAULT_NUMBER, ClusterSettings

ABOUT = {  # the title and what it finds
    "k-means": "k-means: round clusters of similar size; an image belongs to the nearest centre.",
    "mixture": "Gaussian mixture: clusters are ellipses of any size and orientation.",
    "mixture-diagonal": "Gaussian mixture (diagonal): ellipses along the axes, as posteriors are.",
    "hdbscan": "HDBSCAN: high-density regions of any shape, as many as it finds. The other images "
    "are noise.",
}
_NUMBERS = range(2, 21)


def cluster_form(entry: vae.Entry, settings: ClusterSettings, choices: dict[str, str]) -> None:
    """Shows the controls; changes are stored before the rest of the page runs. `choices` are what
    may be shown, the default first, in words."""
    state, by_size = st.session_state, settings.method == "hdbscan"
    by, k, seed = (f"{name}{entry.digest[:12]}" for name in ("by", "k", "seed-c"))
    state[by], state[k], state[seed] = settings.method, settings.number, settings.seed

    def title(method: str) -> str:
        return ABOUT[method].partition(":")[0]

    def changed() -> None:
        method = state[by] or settings.method
        number = state[k] if method == settings.method else DEFAULT_NUMBER[method]
        chosen = replace(settings, method=method, number=int(number), seed=int(state[seed]))
        clusters_session.change_settings(entry.digest, chosen)
        clusters_session.run_search(False)

    low, high = number_range(settings.method)
    label, step, about = "Clusters", 1, "Number of clusters."
    if by_size:
        label, step = "Minimum cluster size", 10
        about = "min_cluster_size of HDBSCAN, in images; larger values find fewer clusters."
    row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
    methods = "  \n".join(ABOUT.values())
    row.selectbox(
        "Method", METHODS, format_func=title, key=by, on_change=changed, width=220, help=methods
    )
    row.number_input(label, low, high, step=step, key=k, on_change=changed, width=170, help=about)
    about = "Seed of the random initialisation. HDBSCAN is deterministic."
    row.number_input(
        "Seed", 0, MAX_SEED, key=seed, on_change=changed, width=130, disabled=by_size, help=about
    )
    if choices:
        _show(row, entry, choices)


def _show(row: DeltaGenerator, entry: vae.Entry, choices: dict[str, str]) -> None:
    """The choice of the items that are clustered, which other pages share."""
    key, (default, *_) = f"show{entry.digest[:12]}", choices
    shown = session.items(entry.digest)
    st.session_state[key] = shown.show or default

    def chosen() -> None:
        show = st.session_state[key]
        session.set_items(entry.digest, replace(shown, show="" if show == default else show))
        clusters_session.run_search(False)

    row.selectbox(
        "Show",
        list(choices),
        format_func=choices.get,
        key=key,
        on_change=chosen,
        width=240,
        help=f"{SHOW_HELP}.",
    )


def best_number(entry: vae.Entry, settings: ClusterSettings) -> None:
    """Measures the quality of 2 to 20 clusters, one after the other, and offers the best."""
    if settings.method == "hdbscan":
        return
    searching = clusters_session.search_running()
    # One number per timed rerun, so that Stop takes effect between two of them.
    panel = st.fragment(_numbers, run_every=0.2 if searching else None)
    panel(entry, settings, searching)


def _numbers(entry: vae.Entry, settings: ClusterSettings, polled: bool) -> None:
    model, bic = (entry.name, entry.digest, settings.method), settings.method != "k-means"
    qualities = clusters_session.qualities((*model, settings.seed, settings.show))
    with st.expander("How many clusters?", on_change="rerun", key=f"many{model[1][:12]}") as box:
        if not box.open:
            return
        st.caption(
            "BIC, the likelihood of the codes penalised by the number of parameters; lower is "
            "better (Schwarz 1978)."
            if bic
            else "The silhouette compares the distances of an image to its own and to the next "
            "cluster: 1 is well separated, 0 touching (Rousseeuw 1987); on 2,000 images."
        )
        left = [k for k in _NUMBERS if k not in qualities]
        run = clusters_session.run_search
        if polled:
            st.button("Stop", key="try-stop", on_click=run, args=(False,))
        else:
            label = "Continue" if qualities and left else f"Try {_NUMBERS[0]} to {_NUMBERS[-1]}"
            st.button(label, key="try-begin", on_click=run, args=(True,), disabled=not left)
        if not left:
            run(False)
        if clusters_session.search_running() != polled:
            st.rerun()  # starts or ends the timed reruns
        if polled:
            st.progress(1 - len(left) / len(_NUMBERS), f"{left[0]} clusters")
            found = clusters_cache.quality(*model, left[0], settings.seed, settings.show)
            qualities[left[0]] = found
        if not qualities:
            return
        best = max(qualities, key=qualities.get)
        values = {k: -v if bic else v for k, v in qualities.items()}
        figure = quality_figure(values, best, "BIC" if bic else "mean silhouette")
        st.plotly_chart(figure, key="quality", config={"displayModeBar": False})
        label, used = f"Use {best} clusters", best == settings.number
        if not polled and st.button(label, key="take-number", disabled=used):
            clusters_session.change_settings(entry.digest, replace(settings, number=best))
            st.rerun()
