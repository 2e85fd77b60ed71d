"""The form that starts a training run: settings, a preview of the images, a time estimate."""

import math
import os
from collections.abc import Iterable
from pathlib import Path

import streamlit as st

import vae
from vae import limits
from vae.config import LIKELIHOODS, NETWORKS, ModelConfig, TrainConfig, setting
from vae.training import run_queue, runs

from ..runtime import cache, routes, session, visitor
from ..runtime.errors import shown_errors
from ..runtime.jobs import start_job
from ..runtime.text import plain
from . import cache as train_cache

DATA = {
    "fashion-mnist": "Fashion-MNIST, full training set",
    "fashion-mnist-starter": "Fashion-MNIST, bundled subset (10,000)",
    "digits": "Digits (1,797 images, 8 × 8)",
}
UPLOAD = "Upload a .zip"
_SIZES = (16, 20, 24, 28, 32, 48, 64, 96, 128, 192, 256)
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
            return run_queue.start(options, name=name.strip(), by=visitor.visitor())
        if probe:
            job = start_job(lambda progress: run_queue.estimate(options), name="estimate")
            with st.spinner("Training for two seconds"):
                job.wait(run_queue.ESTIMATE_TIMEOUT)
            if job.error is not None:
                raise runs.RunError(job.error)
            session.remember("estimate", options, job.result)
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
    limit = limits.current()
    models = {name: info.title for name, info in vae.MODELS.items()}
    columns = st.columns(4)
    with columns[0]:
        about = "The kind of autoencoder."
        shown = {"names": models, "index": list(models).index("vae")}
        options["model"] = model = _choice("Model", "model", models, about, **shown)
        options["latent"] = _number("Latent size", ModelConfig, "latent", limit.max_latent)
    with columns[1]:
        preset = vae.MODELS[model].preset.get("beta", setting(ModelConfig, "beta").default)
        options["beta"] = _number(
            "Beta", ModelConfig, "beta", 100, first=preset, of=model, step=0.5
        )
        options["epochs"] = _number("Epochs", TrainConfig, "epochs", limit.max_epochs)
    with columns[2]:
        most = limit.max_batch_size
        options["batch_size"] = _number("Batch size", TrainConfig, "batch_size", most)
        options["lr"] = _number("Learning rate", TrainConfig, "lr", 1.0, format="%.5f", step=5e-4)
    with columns[3]:
        options["network"] = _choice("Network", "network", NETWORKS)
        options["seed"] = _number("Seed", TrainConfig, "seed")
    with st.popover("More"):
        options["likelihood"] = _choice("Likelihood", "likelihood", LIKELIHOODS)
        options["size"] = st.select_slider(
            "Image size (pixels)",
            sizes := [n for n in _SIZES if n <= limit.max_image_size],
            28 if 28 in sizes else sizes[-1],
            help="Images of other sizes are resized when they are read.",
            key="train-size",
        )
        devices, about = ("auto", "cpu", "cuda", "mps"), "auto uses a GPU where there is one."
        options["device"] = _choice("Device", "device", devices, about)
    _preview(data, options["size"])
    return options


def _number(
    title: str, record: type, name: str, most=math.inf, *, first=None, of: str = "", **options
) -> float:
    """A number field for a setting of a config, with the setting's default, bounds and help.
    `most` is the page's upper bound, `first` replaces the default for the model `of`."""
    field = setting(record, name)
    kind, high = type(field.default), min(most, field.high)
    return st.number_input(
        title,
        kind(2 if name == "latent" else field.low),  # maps of codes have two axes
        kind(high),
        kind(min(field.default if first is None else first, high)),
        help=field.help,
        key=f"train-{name}{f'-{of}' if of else ''}",
        **options,
    )


def _choice(
    title: str, name: str, options: Iterable[str], about: str = "", *, names=NAMES, **more
) -> str:
    """A list of options under their `names`, with the help of the setting `name` by default."""
    more |= {"help": about or setting(ModelConfig, name).help, "key": f"train-{name}"}
    return st.selectbox(title, list(options), format_func=lambda k: names.get(k, k), **more)


def _data() -> str | None:
    """The name or path of the images; folders only below `VAE_DATA_DIR`."""
    folders = {str(p): f"{p.name}, folder on this server" for p in _folders()}
    known = DATA | folders
    about = "The training data. A .zip has one folder per class."
    chosen = _choice("Images", "data", [*known, UPLOAD], about, names=known)
    if chosen != UPLOAD:
        return chosen
    most = visitor.upload_mb()
    title = f"A .zip of images, one folder per class, at most {most} MB"
    file = st.file_uploader(title, type="zip", max_upload_size=most, key="train-zip")
    if file is None:
        return None
    path = session.remembered("train-upload", file.file_id)
    if path is None:
        used = [entry.config.train.data for entry in cache.checkpoints() if entry.config]
        with shown_errors("The .zip was not kept"):
            path = str(runs.save_upload(file.getvalue(), used, visitor.visitor()))
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
