"""The selection of a model, with its metrics, or the reason why it cannot be opened."""

from collections.abc import Sequence

import streamlit as st

import vae
from vae.files import owners

from ..runtime import cache, session
from ..runtime.errors import shown_errors
from ..runtime.map_assets import MapAssets
from ..runtime.text import plain
from .families import NETWORK_TITLES, by_purpose, evaluation, label_note
from .model_gallery import model_gallery, take_choice


def model_picker(default: str = cache.DEFAULT_MODEL) -> vae.Entry:
    """Shows the picker and returns the selected checkpoint; stops the page if it is damaged.
    `default` is the name of the model of this page until the visitor chooses one."""
    take_choice()
    groups = by_purpose(cache.checkpoints(), owners.bundled(cache.CHECKPOINTS))
    entries = {entry.name: entry for group in groups.values() for entry in group}
    if not entries:
        st.error(
            "There is no model yet. Train one: `python -m vae train --data fashion-mnist-starter "
            "--model vae --out checkpoints/fashion-vae`, then reload this page."
        )
        st.stop()
    wanted = session.model(default if default in entries else cache.DEFAULT_MODEL)
    if wanted not in entries:
        first = next(iter(entries))
        st.warning(f"There is no model named {plain(wanted)} here; {first} is shown instead.")
        wanted = first
    st.session_state["picker"] = wanted  # Streamlit clears widget state between pages
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.selectbox(
            "Model",
            list(entries),
            format_func=lambda n: n if entries[n].error is None else f"{n} (damaged)",
            label_visibility="collapsed",
            width=240,
            key="picker",
            on_change=lambda: session.choose_model(st.session_state["picker"]),
        )
        which = st.popover("Which?", key="which", on_change="rerun")
        if which.open:  # else nothing is made for it
            with which:
                model_gallery(groups, wanted)
        entry = entries[wanted]
        if entry.error is None:
            st.caption(summary(entry))
    if entry.error is not None:
        st.error(plain(f"{wanted} cannot be opened: {entry.error}"))
        st.stop()
    return entry


def model_and_map(default: str = cache.DEFAULT_MODEL) -> tuple[vae.Entry, MapAssets]:
    """Shows the picker; returns the selected checkpoint and its map. Warns of a link to another
    version, and stops the page if the map cannot be shown."""
    entry = model_picker(default)
    with shown_errors(f"{entry.name} cannot be shown", stop=True):
        assets = cache.map_assets(entry.name, entry.digest)
    warn_of_version(entry)
    return entry, assets


def warn_of_version(entry: vae.Entry) -> None:
    """Warns if the link was made with another model of this name."""
    linked = st.query_params.get("d") if st.query_params.get("m") == entry.name else None
    if linked and not entry.digest.startswith(linked):
        st.warning(
            f"This link was made with another version of {entry.name} "
            f"({plain(linked)}, here {entry.digest[:12]}): the images may differ."
        )


def warn_of_link(broken: Sequence[str]) -> None:
    """Warns of the parameters of a link that could not be read, if there are any."""
    if broken:
        st.warning(
            f"Some parameters of this link could not be read ({', '.join(broken)}); the rest is "
            "applied."
        )


def summary(entry: vae.Entry) -> str:
    """One line: family, network, number of latents above two, and metrics of the test split."""
    info = vae.KINDS[entry.config.model.name]
    parts = [info.title, NETWORK_TITLES[entry.config.model.network]]
    latent = entry.config.model.latent
    if latent > 2:
        parts.append(f"{latent} latents, the map shows z1 and z2")
    numbers = evaluation(entry)
    if "neg_elbo" in numbers and info.cls.has_prior:
        kind = " (binarised)" if numbers.get("binarized") else ""
        parts.append(f"−ELBO {numbers['neg_elbo']:.1f} nats{kind}")
    elif "reconstruction" in numbers:
        parts.append(f"reconstruction {numbers['reconstruction']:.1f} nats")
    if "mse" in numbers:
        parts.append(f"MSE {numbers['mse']:.4f} per pixel")
    if numbers.get("knn5") is not None:
        parts.append(f"5-NN accuracy {100 * numbers['knn5']:.0f} %")
    if "n" in numbers:
        parts.append(f"{numbers['n']:,} {numbers['split']} images")
    if note := label_note(entry):
        parts.append(note)
    return " · ".join(parts)
