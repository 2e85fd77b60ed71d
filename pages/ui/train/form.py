"""The form that starts a training run: settings, a preview of the images, a time estimate."""

import os
from collections.abc import Iterable
from pathlib import Path

import streamlit as st

import vae
from vae.config import LIKELIHOODS, NETWORKS, ModelConfig, TrainConfig, setting
from vae.training import run_queue, runs

from ..runtime import cache, routes, session
from ..runtime.errors import shown_errors
from ..runtime.text import plain
from . import cache as train_cache

DATA = {
    "fashion-mnist": "Fashion-MNIST, full training set",
    "fashion-mnist-starter": "Fashion-MNIST, bundled subset (10,000)",
    "digits": "Digits (1,797 images, 8 × 8)",
}
UPLOAD = "Upload a .zip"
NAMES = {
    "bernoulli": "Bernoulli",
    "gaussian": "Gaussian",
    "continuous-bernoulli": "continuous Bernoulli",
    "mlp": "MLP",
    "conv": "CNN",
}


def train_form() -> str | None:
    """Shows the form; returns the id of a run that was started."""
    with st.container():  # its height varies; the buttons below keep their position in the layout
        options = _options()
    if options is None:
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input(
            "Name", placeholder="name of the run", max_chars=80, width=260, key="train-name"
        )
        start = st.button("Start training", type="primary", key="train-start")
        probe = st.button(
            "Estimate the time",
            help="Trains for two seconds in a separate process and writes nothing.",
            key="train-probe",
        )
    with shown_errors("Training cannot start"):
        if start:
            return run_queue.start(options, name=name.strip())
        if probe:
            with st.spinner("Training for two seconds"):
                session.remember("estimate", options, run_queue.estimate(options))
    if found := session.remembered("estimate", options):
        st.caption(
            f"About {_time(found.seconds)} at {found.images_per_second:,.0f} images per second."
        )
    return None


def _options() -> dict | None:
    data = _data()
    if data is None:
        return None
    options: dict[str, object] = {"data": data}
    models = {name: info.title for name, info in vae.MODELS.items()}
    columns = st.columns(4)
    with columns[0]:
        options["model"] = model = st.selectbox(
            "Model",
            list(models),
            index=list(models).index("vae"),
            format_func=models.get,
            help="The kind of autoencoder.",
            key="train-model",
        )
        options["latent"] = _number("Latent size", ModelConfig, "latent", most=64)
    with columns[1]:
        preset = vae.MODELS[model].preset.get("beta", setting(ModelConfig, "beta").default)
        options["beta"] = _number(
            "Beta", ModelConfig, "beta", preset, of=model, step=0.5, most=100
        )
        options["epochs"] = _number("Epochs", TrainConfig, "epochs", most=1000)
    with columns[2]:
        options["batch_size"] = _number("Batch size", TrainConfig, "batch_size", most=8192)
        options["lr"] = _number(
            "Learning rate", TrainConfig, "lr", format="%.5f", step=5e-4, most=1.0
        )
    with columns[3]:
        options["network"] = _choice("Network", "network", NETWORKS)
        options["seed"] = _number("Seed", TrainConfig, "seed")
    with st.popover("More"):
        options["likelihood"] = _choice("Likelihood", "likelihood", LIKELIHOODS)
        options["size"] = st.select_slider(
            "Image size (pixels)",
            [16, 20, 24, 28, 32, 48, 64],
            28,
            help="Images of other sizes are resized when they are read.",
            key="train-size",
        )
        options["device"] = st.selectbox(
            "Device",
            ["auto", "cpu", "cuda", "mps"],
            help="auto uses a GPU where there is one.",
            key="train-device",
        )
    _preview(data, options["size"])
    return options


def _number(
    title: str, record: type, name: str, first=None, *, of: str = "", most=None, **options
) -> float:
    """A number field for a setting of a config, with the setting's default, bounds and help.
    `most` is the page's upper bound, `first` replaces the default for the model `of`."""
    field = setting(record, name)
    kind = type(field.default)
    return st.number_input(
        title,
        kind(field.low),
        kind(field.high if most is None else most),
        kind(field.default if first is None else first),
        help=field.help,
        key=f"train-{name}{f'-{of}' if of else ''}",
        **options,
    )


def _choice(title: str, name: str, options: Iterable[str]) -> str:
    return st.selectbox(
        title,
        list(options),
        format_func=NAMES.__getitem__,
        help=setting(ModelConfig, name).help,
        key=f"train-{name}",
    )


def _data() -> str | None:
    """The name or path of the images; folders only below `VAE_DATA_DIR`."""
    folders = {str(p): f"{p.name}, folder on this server" for p in _folders()}
    known = DATA | folders
    chosen = st.selectbox(
        "Images",
        [*known, UPLOAD],
        format_func=lambda key: known.get(key, key),
        help="The training data. A .zip has one folder per class.",
        key="train-data",
    )
    if chosen != UPLOAD:
        return chosen
    file = st.file_uploader("A .zip of images, one folder per class", type="zip", key="train-zip")
    if file is None:
        return None
    path = session.remembered("train-upload", file.file_id)
    if path is None:
        used = [entry.config.train.data for entry in cache.checkpoints() if entry.config]
        path = str(runs.save_upload(file.getvalue(), used))
        session.remember("train-upload", file.file_id, path)
    return path


def _folders() -> list[Path]:
    home = os.environ.get("VAE_DATA_DIR")
    if not home or not Path(home).is_dir():
        return []
    found = (p for p in Path(home).iterdir() if not p.name.startswith("."))
    return sorted(p for p in found if p.is_dir() or p.suffix in (".zip", ".npz"))


def _preview(data: str, size: int) -> None:
    """25 of the images and the number per class."""
    found = None
    with shown_errors("These images cannot be used"):
        found = train_cache.preview(data, size)
    if found is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        # `st.image` deletes its file when another choice arrives before the browser's request.
        url = routes.publish(found.picture, "image/png", private=True)
        st.html(f'<img src="{url}" width="150" alt="25 of the images">', width=150)
        st.caption(
            f"{found.count:,} images for training, {found.validation:,} for validation. "
            + ", ".join(f"{plain(name)} {count:,}" for name, count in found.classes)
        )


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
