"""Models: which checkpoints are here, what are they, how good are they?"""

import streamlit as st

import vae
from pages.ui.controls.page_header import page_header
from pages.ui.runtime import cache, session

page_header(
    "Models",
    "Which models are available, and how good are they? All numbers are measured on the test "
    "split; nats are per image, summed over pixels and latents.",
)

for entry in cache.checkpoints():
    with st.container(border=True):
        if entry.error is not None:
            st.subheader(f"{entry.name} (damaged)")
            st.error(entry.error)
            continue
        info, numbers = (
            vae.MODELS[entry.config.model.name],
            (entry.metrics or {}).get("evaluation") or {},
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(entry.name)
            if st.button("Explore", key=f"explore-{entry.name}"):
                session.choose_model(entry.name)
                st.switch_page("explore.py")
        st.write(f"{info.title}. {info.summary}")
        st.caption(f"{info.paper} ({info.year}). {info.url}")
        if numbers:
            with st.container(horizontal=True):
                for label, name, form in (
                    ("−ELBO, nats", "neg_elbo", "{:.1f}"),
                    ("reconstruction, nats", "reconstruction", "{:.1f}"),
                    ("KL, nats", "kl", "{:.2f}"),
                    ("squared error a pixel", "mse", "{:.4f}"),
                    ("1-NN accuracy", "knn1", "{:.1%}"),
                    ("5-NN accuracy", "knn5", "{:.1%}"),
                    ("trustworthiness", "trustworthiness", "{:.3f}"),
                    ("exact −log p(x), nats", "nll_exact", "{:.1f}"),
                    ("Fréchet distance of samples", "frechet", "{:.1f}"),
                ):
                    # An autoencoder has no prior, so what it minimises is no ELBO.
                    prior = name in ("neg_elbo", "kl", "nll_exact") and not info.cls.has_prior
                    known = not prior and numbers.get(name) is not None
                    st.metric(label, form.format(numbers[name]) if known else "none")
            if numbers.get("binarized"):
                st.caption(
                    "Likelihoods on black and white draws of the pixels, as it was trained."
                )
        st.code(entry.metrics.get("command", "command unknown"), language=None, wrap_lines=True)
        st.caption(f"digest `{entry.digest[:12]}`")
