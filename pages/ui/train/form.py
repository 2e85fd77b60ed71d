"""The form that starts a training: every field with a sentence, an estimate before the start."""

import os
from collections.abc import Iterable
from pathlib import Path

import streamlit as st

import vae
from vae.config import (
    LIKELIHOODS,
    NETWORKS,
    ModelConfig,
    TrainConfig,
    setting,
)
from vae.training import run_queue, runs

from ..runtime import routes
from ..runtime.errors import shown_errors
from . import cache as train_cache
from . import session as train_session

DATA = {
    "fashion-mnist": "Fashion-MNIST, all that is here",
    "fashion-mnist-starter": "Fashion-MNIST, the bundled 10,000",
    "digits": "Digits, 1,797 small ones",
}
UPLOAD = "A .zip of my own"
WORDS = {
    "bernoulli": "Bernoulli",
    "gaussian": "Gaussian",
    "continuous-bernoulli": "continuous Bernoulli",
    "mlp": "dense layers",
    "conv": "convolutions",
}


def train_form() -> str | None:
    """Shows the form; returns the id of a run that was started."""
    with st.container():  # however much it shows, the buttons below keep their place
        options = _options()
    if options is None:
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name", placeholder="a name for the list", max_chars=80, width=260, key="train-name"
        )
        begin = st.button("Start training", type="primary", key="train-start")
        probe = st.button(
            "Estimate the time",
            help="Trains for two seconds in a process of its own and writes nothing.",
            key="train-probe",
        )
    with shown_errors("Training cannot start"):
        if begin:
            return run_queue.start(options, name=name.strip())
        if probe:
            with st.spinner("Training for two seconds"):
                train_session.remember_estimate(options, run_queue.estimate(options))
    if found := train_session.estimate_of(options):
        st.caption(
            f"About {_time(found.seconds)} at {found.images_per_second:,.0f} images a second."
        )
    return None


def _options() -> dict | None:
    data = _data()
    if data is None:
        return None
    models = {name: info.title for name, info in vae.MODELS.items()}
    across = st.columns(4)
    with across[0]:
        model = st.selectbox(
            "Model",
            list(models),
            index=list(models).index("vae"),
            format_func=models.get,
            help="What kind of autoencoder learns.",
            key="train-model",
        )
        latent = _number("Latent size", ModelConfig, "latent", most=64)
    with across[1]:
        preset = vae.MODELS[model].preset.get("beta", setting(ModelConfig, "beta").default)
        beta = _number("Beta", ModelConfig, "beta", preset, of=model, step=0.5, most=100)
        epochs = _number("Epochs", TrainConfig, "epochs", most=1000)
    with across[2]:
        batch = _number("Images a step", TrainConfig, "batch_size", most=8192)
        lr = _number("Learning rate", TrainConfig, "lr", format="%.5f", step=5e-4, most=1.0)
    with across[3]:
        network = _choice("Network", "network", NETWORKS)
        seed = _number("Seed", TrainConfig, "seed")
    with st.popover("More"):
        likelihood = _choice("Likelihood", "likelihood", LIKELIHOODS)
        size = st.select_slider(
            "Side of the images in pixels",
            [16, 20, 24, 28, 32, 48, 64],
            28,
            help="Other sizes are resized when they are read.",
            key="train-size",
        )
        device = st.selectbox(
            "Device",
            ["auto", "cpu", "cuda", "mps"],
            help="auto takes a graphics card where there is one.",
            key="train-device",
        )
    _preview(data, size)
    return {
        "data": data,
        "size": size,
        "model": model,
        "latent": latent,
        "beta": beta,
        "likelihood": likelihood,
        "network": network,
        "epochs": epochs,
        "batch_size": batch,
        "lr": lr,
        "seed": seed,
        "device": device,
    }


def _number(
    title: str,
    record: type,
    name: str,
    first: float | None = None,
    *,
    of: str = "",
    most: float | None = None,
    **how,
) -> float:
    """The number that a field of a config gets: its default, bounds and sentence are the field's,
    `most` what a page may ask for. `of` names whose first value `first` is."""
    told = setting(record, name)
    kind = type(told.default)
    return st.number_input(
        title,
        kind(told.low),
        kind(told.high if most is None else most),
        kind(told.default if first is None else first),
        help=told.help,
        key=f"train-{name}{f'-{of}' if of else ''}",
        **how,
    )


def _choice(title: str, name: str, known: Iterable[str]) -> str:
    return st.selectbox(
        title,
        list(known),
        format_func=WORDS.__getitem__,
        help=setting(ModelConfig, name).help,
        key=f"train-{name}",
    )


def _data() -> str | None:
    """The name or path of the images; folders only from below `VAE_DATA_DIR`."""
    folders = {str(p): f"{p.name}, a folder of this server" for p in _folders()}
    known = DATA | folders
    chosen = st.selectbox(
        "Images",
        [*known, UPLOAD],
        format_func=lambda key: known.get(key, key),
        help="What the model learns from. A .zip has a folder a class.",
        key="train-data",
    )
    if chosen != UPLOAD:
        return chosen
    file = st.file_uploader(
        "A .zip of images, a folder a class", type="zip", max_upload_size=200, key="train-zip"
    )
    if file is None:
        return None
    return str(runs.save_upload(file.getvalue()))


def _folders() -> list[Path]:
    home = os.environ.get("VAE_DATA_DIR")
    if not home or not Path(home).is_dir():
        return []
    found = (p for p in Path(home).iterdir() if not p.name.startswith("."))
    return sorted(p for p in found if p.is_dir() or p.suffix in (".zip", ".npz"))


def _preview(data: str, size: int) -> None:
    """Twenty-five of the images and how many of each class there are."""
    seen = None
    with shown_errors("These images cannot be used"):
        seen = train_cache.preview(data, size)
    if seen is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        # Not `st.image`, whose file is gone when another choice comes before the browser asked.
        url = routes.publish(seen.picture, "image/png")
        st.html(f'<img src="{url}" width="150" alt="25 of the images">', width=150)
        st.caption(
            f"{seen.count:,} images to learn from, {seen.held_out:,} held out. "
            + ", ".join(f"{name} {count:,}" for name, count in seen.classes)
        )


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
