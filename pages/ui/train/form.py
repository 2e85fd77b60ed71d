"""The form that starts a training run: the images, settings, a time estimate."""

import math
from collections.abc import Iterable
from functools import partial

import streamlit as st

import vae
from vae import limits
from vae.config import LIKELIHOODS, NETWORKS, ModelConfig, TrainConfig, setting
from vae.data import upload_store
from vae.training import run_queue, runs, suggestions

from ..models.families import NETWORK_TITLES
from ..runtime import cache, session, visitor
from ..runtime.errors import shown_errors
from ..runtime.jobs import start_job
from .pictures import in_colour, pictures_panel

NAMES = {
    "bernoulli": "Bernoulli",
    "gaussian": "Gaussian",
    "gaussian-per-channel": "Gaussian, sigma per channel",
    "gaussian-per-frequency": "Gaussian, sigma per spatial frequency",
    "continuous-bernoulli": "Continuous Bernoulli",
    **NETWORK_TITLES,
}


def train_form() -> str | None:
    """Shows the form; returns the id of a run that was started."""
    with st.container():  # its height varies; the buttons below keep their position in the layout
        options = _options()
    if options is None:
        return None
    run_queue.prepare_process()  # while the visitor looks at the settings
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
            who = {"by": visitor.visitor(), "checkpoints": cache.CHECKPOINTS}
            return run_queue.start(options, name=name.strip(), **who)
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
    pictures = pictures_panel()
    if pictures is None:
        return None
    data, options, shown = pictures
    options = {"data": data} | options
    suggested, tag = {}, ""
    if shown is not None and (upload_store.is_upload(data) or in_colour(data)):
        counts = [count for _, count in shown.classes]
        suggested = suggestions.suggest(shown.count, shown.preparation.shape, counts)
        tag = f"{data}-{options['size']}"
    limit = limits.current()
    models = {name: info.title for name, info in vae.MODELS.items()}
    columns = st.columns(4)
    number = partial(_number, suggested, tag)
    with columns[0]:
        about = "The kind of autoencoder."
        shown_as = {"names": models, "index": list(models).index("vae")}
        options["model"] = model = _choice("Model", "model", models, about, **shown_as)
        options["latent"] = number("Latent size", ModelConfig, "latent", limit.max_latent)
    with columns[1]:
        preset = vae.MODELS[model].preset.get("beta", setting(ModelConfig, "beta").default)
        options["beta"] = number(
            "Beta", ModelConfig, "beta", 100, first=preset, of=model, step=0.5
        )
        options["epochs"] = number("Epochs", TrainConfig, "epochs", limit.max_epochs)
    with columns[2]:
        most = limit.max_batch_size
        options["batch_size"] = number("Batch size", TrainConfig, "batch_size", most)
        options["lr"] = number("Learning rate", TrainConfig, "lr", 1.0, format="%.5f", step=5e-4)
    with columns[3]:
        first = list(NETWORKS).index(suggested.get("network", "mlp"))
        options["network"] = _choice("Network", "network", NETWORKS, index=first, of=tag)
        options["seed"] = number("Seed", TrainConfig, "seed")
    with st.popover("More"):
        options["likelihood"] = _choice("Likelihood", "likelihood", LIKELIHOODS)
        options["ssim"] = number("SSIM weight", TrainConfig, "ssim", step=0.05)
        options["flip"] = st.toggle(
            "Mirror", help=setting(TrainConfig, "flip").help, key=f"train-flip-{tag}"
        )
        options["shift"] = number("Shift", TrainConfig, "shift", step=0.05)
        options["balance"] = st.toggle(
            "Balance the classes",
            suggested.get("balance", False),
            help=setting(TrainConfig, "balance").help,
            key=f"train-balance-{tag}",
        )
        devices, about = ("auto", "cpu", "cuda", "mps"), "auto uses a GPU where there is one."
        options["device"] = _choice("Device", "device", devices, about)
    return options if shown is not None else None


def _number(
    suggested: dict,
    tag: str,
    title: str,
    record: type,
    name: str,
    most=math.inf,
    *,
    first=None,
    of: str = "",
    **options,
) -> float:
    """A number field for a setting of a config, with the setting's default, bounds and help.
    `most` is the page's upper bound, `first` replaces the default for the model `of`, and what is
    `suggested` for the images `tag` both."""
    field = setting(record, name)
    kind, high = type(field.default), min(most, field.high)
    first = suggested.get(name, field.default if first is None else first)
    of = "-".join(filter(None, (of, tag if name in suggested else "")))
    return st.number_input(
        title,
        kind(2 if name == "latent" else field.low),  # maps of codes have two axes
        kind(high),
        kind(min(first, high)),
        help=field.help,
        key=f"train-{name}{f'-{of}' if of else ''}",
        **options,
    )  # fmt: skip


def _choice(
    title: str, name: str, options: Iterable[str], about: str = "", *, names=NAMES, of="", **more
) -> str:
    """A list of options under their `names`, with the help of the setting `name` by default."""
    key = f"train-{name}{f'-{of}' if of else ''}"
    more |= {"help": about or setting(ModelConfig, name).help, "key": key}
    return st.selectbox(title, list(options), format_func=lambda k: names.get(k, k), **more)


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} seconds"
    return f"{seconds / 60:.0f} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
