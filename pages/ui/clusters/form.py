"""The controls of the Clusters page: the method, its number, the seed; which number fits best."""

from dataclasses import replace

import streamlit as st

import vae
from vae.analysis.clustering import METHODS, range_of

from ..runtime.query import MAX_SEED
from . import cache as clusters_cache
from . import session as clusters_session
from .figures import quality_figure
from .settings import FIRST_NUMBER, Grouping

METHOD_WORDS = {
    "k-means": "k-means",
    "mixture": "Gaussian mixture",
    "mixture-diagonal": "Mixture, axis-parallel",
    "hdbscan": "HDBSCAN",
}
ABOUT = {
    "k-means": "k-means: round clusters of like size, each image with the nearest centre.",
    "mixture": "A Gaussian mixture: clusters are ellipses of any size and direction.",
    "mixture-diagonal": "A Gaussian mixture whose ellipses lie along the axes, as posteriors do.",
    "hdbscan": "HDBSCAN: crowded places of any shape; how many, it finds itself. What lies "
    "between is noise.",
}
_TRIED = range(2, 21)


def cluster_form(entry: vae.Entry, grouping: Grouping) -> None:
    """Shows the controls; what they change is remembered before the page goes on."""
    digest, key = entry.digest, entry.digest[:12]
    state = st.session_state
    state[f"by{key}"], state[f"k{key}"] = grouping.method, grouping.number
    state[f"seed-c{key}"] = grouping.seed

    def changed() -> None:
        method = state[f"by{key}"] or grouping.method
        number = state[f"k{key}"] if method == grouping.method else FIRST_NUMBER[method]
        seed = int(state[f"seed-c{key}"])
        clusters_session.group(
            digest, replace(grouping, method=method, number=int(number), seed=seed)
        )
        clusters_session.try_numbers(False)

    low, high = range_of(grouping.method)
    by_size = grouping.method == "hdbscan"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.selectbox(
            "Method",
            METHODS,
            format_func=METHOD_WORDS.get,
            key=f"by{key}",
            on_change=changed,
            width=220,
            help="  \n".join(ABOUT.values()),
        )
        st.number_input(
            "Smallest cluster, images" if by_size else "Clusters",
            low,
            high,
            step=10 if by_size else 1,
            key=f"k{key}",
            on_change=changed,
            width=170,
            help="A larger number leaves fewer, larger clusters." if by_size
            else "How many clusters the images are divided into.",
        )  # fmt: skip
        st.number_input(
            "Seed",
            0,
            MAX_SEED,
            key=f"seed-c{key}",
            on_change=changed,
            width=130,
            disabled=by_size,
            help="Where the search for clusters begins. HDBSCAN draws no random number.",
        )


def best_number(entry: vae.Entry, grouping: Grouping) -> None:
    """How good 2 to 20 clusters are, one after the other, and a button that takes the best."""
    if grouping.method == "hdbscan":
        return
    trying = clusters_session.trying_numbers()
    # One number a tick of the clock: between two ticks Stop is heard.
    panel = st.fragment(_numbers, run_every=0.2 if trying else None)
    panel(entry, grouping, trying)


def _numbers(entry: vae.Entry, grouping: Grouping, polled: bool) -> None:
    what, bic = (entry.name, entry.digest, grouping.method), grouping.method != "k-means"
    found = clusters_session.tried_numbers((*what, grouping.seed))
    with st.expander("How many clusters?", on_change="rerun", key=f"many{what[1][:12]}") as box:
        if not box.open:
            return
        st.caption(
            "BIC, the likelihood of the codes less a price for every parameter: the smaller, the "
            "better (Schwarz 1978)."
            if bic
            else "The silhouette compares how near an image is to its own cluster and to the "
            "next: 1 well apart, 0 touching (Rousseeuw 1987); on 2,000 images."
        )
        left = [k for k in _TRIED if k not in found]
        if polled:
            st.button("Stop", key="try-stop", on_click=clusters_session.try_numbers, args=(False,))
        else:
            st.button(
                "Go on" if found and left else f"Try {_TRIED[0]} to {_TRIED[-1]}",
                key="try-begin",
                on_click=clusters_session.try_numbers,
                args=(True,),
                disabled=not left,
            )
        if not left:
            clusters_session.try_numbers(False)
        if clusters_session.trying_numbers() != polled:
            st.rerun()  # with a clock, or without
        if polled:
            st.progress(1 - len(left) / len(_TRIED), f"{left[0]} clusters")
            found[left[0]] = clusters_cache.quality(*what, left[0], grouping.seed)
        if not found:
            return
        best = max(found, key=found.get)
        values = {k: -v if bic else v for k, v in found.items()}
        words = "BIC" if bic else "mean silhouette"
        st.plotly_chart(
            quality_figure(values, best, words), key="quality", config={"displayModeBar": False}
        )
        if not polled and st.button(
            f"Take {best} clusters", key="take-number", disabled=best == grouping.number
        ):
            clusters_session.group(entry.digest, replace(grouping, number=best))
            st.rerun()
