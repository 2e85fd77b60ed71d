"""The interactive figure of a step, computed in the browser."""

import streamlit as st

import vae

from ..compare import cache as compare_cache
from ..component.component import component
from ..models.families import beta_family, evaluation
from ..runtime import cache, routes
from .steps import Step

_mount = component(
    __file__,
    "go",
    html='<div class="la ls" data-state="loading"><div class="ls-figure"></div>'
    '<p class="ls-legend" aria-label="Symbols and their current values"></p>'
    '<p class="la-status" role="status">Loading the figure…</p></div>',
)
_EXTENT, _SIDE = 2.5, 11
_DRAWS = 400  # of a posterior without a formula


def lesson(step: Step, *, large: bool, key: str) -> None:
    """Shows the figure of a step, or which model is missing and how to get it."""
    entries = {e.name: e for e in cache.checkpoints() if e.error is None}
    missing = [name for name in step.models if name not in entries]
    shown = [entries[name] for name in step.models if name in entries]
    if step.slug == "beta" and not (shown := beta_family(list(entries.values()))):
        missing = ["models that differ only in beta, such as fashion-beta-0.1 to -10"]
    if missing:
        st.info(
            f"This step needs {' and '.join(missing)}. Restore the bundled checkpoints, or train "
            "them with the commands in checkpoints/README.md."
        )
        return
    data = {"figure": step.slug, "large": large}
    with st.spinner("Preparing the figure"):
        if step.slug == "beta":
            data["betas"] = [_beta(entry) for entry in shown]
        if step.slug == "relatives":
            last = shown[-1].name, shown[-1].digest
            item = compare_cache.central_items(*last)[0]
            data["dots"] = compare_cache.posterior_draws(*last, item, _DRAWS).round(4).tolist()
        maps = [cache.map_assets(entry.name, entry.digest) for entry in shown]
        data["models"] = [{"urls": assets.urls, "facts": assets.facts} for assets in maps]
    _mount(key, data)


def _beta(entry: vae.Entry) -> dict:
    """The metrics and the decoded grid of a model."""
    grid = compare_cache.decoded_grid(entry.name, entry.digest, _EXTENT, _SIDE)
    numbers = evaluation(entry)
    found = {name: numbers.get(name) for name in ("reconstruction", "kl", "mse", "frechet")}
    return found | {"beta": entry.config.model.beta, "picture": routes.publish(grid, "image/png")}
