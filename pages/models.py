"""Models: which models are available, and how good are they?"""

import streamlit as st

import vae
from pages.ui.controls.page_header import page_header
from pages.ui.models.adopt_panel import adopt_panel
from pages.ui.models.data_panel import data_panel
from pages.ui.models.delete_panel import delete_panel
from pages.ui.models.families import evaluation
from pages.ui.models.metrics_table import METRICS, number
from pages.ui.runtime import cache, session
from pages.ui.runtime.text import plain

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

for entry in cache.checkpoints():
    with st.container(border=True):
        if entry.error is not None:
            st.subheader(f"{entry.name} (damaged)")
            st.error(plain(entry.error))
            continue
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
