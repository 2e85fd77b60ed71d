"""Models: which models are available, and how good are they?"""

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
                    ("Reconstruction, nats", "reconstruction", "{:.1f}"),
                    ("KL, nats", "kl", "{:.2f}"),
                    ("MSE per pixel", "mse", "{:.4f}"),
                    ("1-NN accuracy", "knn1", "{:.1%}"),
                    ("5-NN accuracy", "knn5", "{:.1%}"),
                    ("Trustworthiness", "trustworthiness", "{:.3f}"),
                    ("Exact −log p(x), nats", "nll_exact", "{:.1f}"),
                    ("Fréchet distance of samples", "frechet", "{:.1f}"),
                ):
                    # An autoencoder has no prior, so its loss is not an ELBO.
                    prior = name in ("neg_elbo", "kl", "nll_exact") and not info.cls.has_prior
                    known = not prior and numbers.get(name) is not None
                    st.metric(label, form.format(numbers[name]) if known else "—")
            if numbers.get("binarized"):
                st.caption("Likelihoods of binarised images, as in training.")
        st.code(entry.metrics.get("command", "unknown command"), language=None, wrap_lines=True)
        st.caption(f"digest `{entry.digest[:12]}`")
