"""Models: which models are available, and how good are they?"""

import streamlit as st

import vae
from pages.ui.controls.page_header import page_header
from pages.ui.models.adopt_panel import adopt_panel
from pages.ui.models.data_panel import data_panel
from pages.ui.models.delete_panel import delete_panel
from pages.ui.models.families import PURPOSES, by_purpose, evaluation
from pages.ui.models.metrics_table import METRICS, number
from pages.ui.runtime import cache, session
from pages.ui.runtime.text import plain
from vae.files import owners

page_header(
    "Models",
    "Which models are available, and how good are they? All numbers are measured on the test "
    "split; nats are per image, summed over pixels and latents.",
)

adopt_panel()

LABELS = {
    "neg_elbo": "−ELBO, nats",
    "reconstruction": "Reconstruction, nats",
    "kl": "KL, nats",
    "mse": "MSE per pixel",
    "knn1": "1-NN accuracy",
    "knn5": "5-NN accuracy",
    "trustworthiness": "Trustworthiness",
    "nll_exact": "Exact −log p(x), nats",
    "frechet": "Fréchet distance of samples",
}


def show(entry: vae.Entry) -> None:
    """What one model is and its numbers."""
    with st.container(border=True):
        if entry.error is not None:
            st.subheader(f"{entry.name} (damaged)")
            st.error(plain(entry.error))
            return
        info, numbers = vae.KINDS[entry.config.model.name], evaluation(entry)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(entry.name)
            if st.button("Explore", key=f"explore-{entry.name}"):
                session.choose_model(entry.name)
                st.switch_page("explore.py")
        data_panel(entry)
        st.write(f"{info.title}. {info.summary}")
        if info.paper:
            st.caption(f"{info.paper} ({info.year}). {info.url}")
        if numbers:
            with st.container(horizontal=True):
                for key, label in LABELS.items():
                    metric = next(m for m in METRICS if m.key == key)
                    value = number(entry, metric)
                    st.metric(label, "—" if value is None else format(value, metric.format))
            if numbers.get("binarized"):
                st.caption("Likelihoods of binarised images, as in training.")
        st.code(entry.metrics.get("command", "unknown command"), language=None, wrap_lines=True)
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"digest `{entry.digest[:12]}`")
            delete_panel(entry)


for title, group in by_purpose(cache.checkpoints(), owners.bundled(cache.CHECKPOINTS)).items():
    st.header(title, anchor=False)
    st.caption(PURPOSES[title])
    for entry in group:
        show(entry)
